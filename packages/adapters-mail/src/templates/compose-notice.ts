import type { Notice } from '@rekey/usecases';
import {
  commonWords,
  defuse,
  defuseAddress,
  deviceInWords,
  factorInWords,
  keyInWords,
  shadesOf,
  timeInWords,
} from '@rekey/wording';
import { type Brand, LOGO_CID, mailLogo } from '../brand.ts';
import { fill, type Part, type Values } from './template.ts';
import type { Templates } from './templates.ts';

/** A notice in words, in the language that suits its recipient. */
export function composeNotice(
  notice: Notice,
  templates: Templates,
  brand: Brand,
): Readonly<Record<Part, string>> {
  const { locale, language, subject, text, html } = templates(notice.kind, notice.locale);
  const unknown = language === null ? '–' : commonWords[language].unknown;
  const expiresAt = notice.key?.expiresAt ?? null;
  const values: Values = {
    service: notice.service.name,
    account: notice.to,
    newemail: notice.newEmail ?? undefined,
    factor: notice.factor === null ? undefined : factorInWords(notice.factor, language ?? 'en'),
    key: notice.key === null ? undefined : keyInWords(notice.key) || undefined,
    expires: expiresAt === null ? undefined : timeInWords(expiresAt, locale, notice.timezone),
    when: timeInWords(notice.happenedAt, locale, notice.timezone),
    address: defuseAddress(notice.origin.address) || undefined,
    device: deviceInWords(notice.origin.client, language ?? 'en'),
    client: defuse(notice.origin.client ?? '') || undefined,
    link: notice.link,
    host: URL.parse(notice.link)?.host,
    until: timeInWords(notice.linkExpiresAt, locale, notice.timezone),
    note: notice.service.emailText ?? undefined,
    support: notice.supportUrl ?? undefined,
    brand: brand.name,
    // The text on it is white.
    color: shadesOf(brand.color).light,
    logo: mailLogo(brand) ? `cid:${LOGO_CID}` : undefined,
  };
  return {
    subject: fill(subject, 'subject', values, unknown),
    text: fill(text, 'text', values, unknown),
    html: fill(html, 'html', values, unknown),
  };
}
