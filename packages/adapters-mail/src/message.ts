import { canonicalEmail } from '@rekey/domain';
import { DeliveryFailure, type Notice } from '@rekey/usecases';
import MailComposer from 'nodemailer/lib/mail-composer';
import { type Brand, LOGO_CID, mailLogo, plainBrand } from './brand.ts';
import type { Sender } from './sender.ts';
import { composeNotice } from './templates/compose-notice.ts';
import type { Templates } from './templates/templates.ts';

/** The bytes of a mail (RFC 5322, RFC 6532 where the address asks for it): equal each time for an equal notice. */
export async function buildMessage(
  notice: Notice,
  from: Sender,
  templates: Templates,
  brand = plainBrand,
): Promise<Buffer> {
  // The last gate before the wire: nothing but one canonical address is ever written anywhere.
  if (canonicalEmail(notice.to) !== notice.to) {
    throw new DeliveryFailure('not an e-mail address', true);
  }
  const composer = new MailComposer({
    ...composeNotice(notice, templates, brand),
    from: { ...from },
    // As an object, for text could be read as two addresses.
    to: { name: '', address: notice.to },
    messageId: `<${notice.id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    // When it happened, not when this attempt began: a mail that is sent again must not look like a second one.
    date: new Date(notice.happenedAt),
    attachments: attachmentsOf(brand),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    baseBoundary: notice.id,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return inLinesOfMail(await composer.compile().build());
}

/** Ends each line with CR LF (RFC 5322, 2.3). The option `newline` of nodemailer does it by a stream, which takes as long as all the rest. */
const inLinesOfMail = (message: Buffer): Buffer =>
  Buffer.from(message.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');

/** The logo, for the HTML part that shows it. */
function attachmentsOf(brand: Brand) {
  const logo = mailLogo(brand);
  if (logo === null) return [];
  const { content, type: contentType } = logo;
  return [
    {
      cid: LOGO_CID,
      content,
      contentType,
      contentDisposition: 'inline',
      filename: 'logo.png',
    } as const,
  ];
}
