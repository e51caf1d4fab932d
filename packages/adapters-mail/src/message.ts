import { canonicalEmail, defuse } from '@rekey/domain';
import { MailFailure, type PasswordChangedMail } from '@rekey/usecases';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Sender } from './sender.ts';
import { passwordChanged } from './templates/password-changed.ts';
import type { Templates } from './templates/templates.ts';

/** The bytes of a mail (RFC 5322, RFC 6532 where the address asks for it): the same each time for the same mail. */
export async function buildMessage(
  mail: PasswordChangedMail,
  from: Sender,
  templates: Templates,
): Promise<Buffer> {
  // The last gate before the wire: what is not one canonical address is never written anywhere.
  if (canonicalEmail(mail.to.address) !== mail.to.address) {
    throw new MailFailure('not an e-mail address', true);
  }
  const composer = new MailComposer({
    ...passwordChanged(mail, templates),
    from: { ...from },
    to: { name: defuse(mail.to.name), address: mail.to.address },
    messageId: `<${mail.messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    // When the mail was owed, not when this try began: a mail sent again must not look like a second one.
    date: new Date(mail.changedAt),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    baseBoundary: mail.messageId,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
