import type { Origin } from '@rekey/domain';
import type { Told } from '@rekey/usecases';
import {
  commonWords,
  defuse,
  defuseAddress,
  deviceInWords,
  factorInWords,
  type Html,
  html,
  keyInWords,
  type Language,
  timeInWords,
} from '@rekey/wording';
import type { Setting } from './layout.ts';

/** What a link is about: which account, when, and from where. */
export function factsOf({ speech: { language, locale } }: Setting, told: Told): Html {
  const words = commonWords[language];
  const expiresAt = told.key?.expiresAt ?? null;
  const facts: readonly (readonly [string, string | Html])[] = [
    [words.account, told.email],
    ...(told.newEmail === null ? [] : [[words.newEmail, told.newEmail] as const]),
    ...(told.factor === null
      ? []
      : [[words.factor, factorInWords(told.factor, language)] as const]),
    ...(told.key === null ? [] : [[words.key, keyInWords(told.key)] as const]),
    ...(expiresAt === null
      ? []
      : [[words.expires, timeInWords(expiresAt, locale, told.timezone)] as const]),
    [words.when, timeInWords(told.happenedAt, locale, told.timezone)],
    [words.address, defuseAddress(told.origin.address) || words.unknown],
    [words.client, deviceOf(told.origin, language)],
  ];
  return html`<dl>
${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

/** The name of the device, and small behind it what the client said. */
function deviceOf({ client }: Origin, language: Language): Html {
  const claim = defuse(client ?? '');
  const name = html`${deviceInWords(client, language)}`;
  return claim === '' ? name : html`${name}<br><small class="quiet">${claim}</small>`;
}
