import { defuse, defuseAddress, type Instant, timeInWords } from '@rekey/domain';
import type { PasswordChangedMail } from '@rekey/usecases';
import { fill, type Part, type Values } from './template.ts';
import type { Templates } from './templates.ts';

/** The mail that tells an owner of a changed password, in the owner's language. */
export function passwordChanged(
  mail: PasswordChangedMail,
  templates: Templates,
): Readonly<Record<Part, string>> {
  const { locale, unknown, subject, text, html } = templates(mail.locale);
  const time = (instant: Instant) => timeInWords(instant, locale, mail.timezone);
  const values: Values = {
    service: mail.service.name,
    when: time(mail.changedAt),
    address: defuseAddress(mail.origin.address) || undefined,
    client: defuse(mail.origin.client ?? '') || undefined,
    link: mail.link,
    until: time(mail.linkExpiresAt),
    note: mail.service.emailText ?? undefined,
  };
  return {
    subject: fill(subject, 'subject', values, unknown),
    text: fill(text, 'text', values, unknown),
    html: fill(html, 'html', values, unknown),
  };
}
