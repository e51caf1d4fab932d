export { fileOutlet } from './file.ts';
export { buildMessage } from './message.ts';
export { parseMailFrom, type Sender } from './sender.ts';
export { parseSmtpUrl, type SmtpOutlet, smtpOutlet } from './smtp.ts';
export { builtInSources } from './templates/built-in.ts';
export { composeNotice } from './templates/compose-notice.ts';
export { readTemplates, suffixes, TemplateError } from './templates/read-templates.ts';
export { parts } from './templates/template.ts';
export { type Templates, templatesOf } from './templates/templates.ts';
