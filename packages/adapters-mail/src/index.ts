export { fileMailer } from './file-mailer.ts';
export { buildMessage } from './message.ts';
export { parseMailFrom, type Sender } from './sender.ts';
export { parseSmtpUrl, type SmtpMailer, smtpMailer } from './smtp-mailer.ts';
export { builtInSources } from './templates/built-in.ts';
export { passwordChanged } from './templates/password-changed.ts';
export { readTemplates, suffixes, TemplateError } from './templates/read-templates.ts';
export { parts } from './templates/template.ts';
export { type Templates, templatesOf } from './templates/templates.ts';
