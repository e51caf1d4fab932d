export { fileMailer } from './file-mailer.ts';
export { parseMailFrom, type Sender } from './sender.ts';
export { parseSmtpUrl, type SmtpMailer, smtpMailer } from './smtp-mailer.ts';
