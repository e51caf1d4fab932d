import type { Notice } from '@rekey/usecases';
import { commonWords, defuse, defuseAddress, deviceInWords, timeInWords } from '@rekey/wording';
import { fill, type Part, type Values } from './template.ts';
import type { Templates } from './templates.ts';

/** A notice in words, in the language that suits its recipient. */
export function composeNotice(
  notice: Notice,
  templates: Templates,
): Readonly<Record<Part, string>> {
  const { locale, language, subject, text, html } = templates(notice.kind, notice.locale);
  const unknown = language === null ? '–' : commonWords[language].unknown;
  const values: Values = {
    service: notice.service.name,
    when: timeInWords(notice.happenedAt, locale, notice.timezone),
    address: defuseAddress(notice.origin.address) || undefined,
    device: deviceInWords(notice.origin.client, language ?? 'en'),
    client: defuse(notice.origin.client ?? '') || undefined,
    link: notice.link,
    until: timeInWords(notice.linkExpiresAt, locale, notice.timezone),
    note: notice.service.emailText ?? undefined,
  };
  return {
    subject: fill(subject, 'subject', values, unknown),
    text: fill(text, 'text', values, unknown),
    html: fill(html, 'html', values, unknown),
  };
}
