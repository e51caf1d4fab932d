import { defuse, defuseAddress, type Instant, timeInWords } from '@rekey/domain';
import type { PasswordChangedMail } from '@rekey/usecases';
import { type Html, html } from '../html.ts';
import { speak } from './languages.ts';
import type { Phrases } from './phrases.ts';

/** What both parts tell. The user's name is left out: anyone may register a stranger's address under any name. */
type Story = {
  readonly phrases: Phrases;
  readonly locale: string;
  readonly service: PasswordChangedMail['service'];
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly link: string;
  readonly until: string;
};

/** The mail that tells an owner of a changed password, in the owner's language. */
export function passwordChanged(mail: PasswordChangedMail): {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
} {
  const { locale, phrases } = speak(mail.locale);
  const time = (instant: Instant) => timeInWords(instant, locale, mail.timezone);
  const story: Story = {
    phrases,
    locale,
    service: mail.service,
    facts: [
      [phrases.when, time(mail.changedAt)],
      [phrases.address, defuseAddress(mail.origin.address) || phrases.unknown],
      [phrases.client, defuse(mail.origin.client ?? '') || phrases.unknown],
    ],
    link: mail.link,
    until: time(mail.linkExpiresAt),
  };
  return {
    subject: phrases.subject(mail.service.name),
    text: asText(story),
    html: asHtml(story).markup,
  };
}

/** Paragraphs of one line each, which the reader's client wraps; the link has a line of its own, so nothing sticks to it. */
function asText({ phrases, service, facts, link, until }: Story): string {
  const { name, emailText } = service;
  const paragraphs = [
    phrases.changed(name),
    facts.map(([label, value]) => `${label}: ${value}`).join('\n'),
    phrases.wasYou,
    phrases.wasNotYou,
    link,
    phrases.effect,
    phrases.until(until),
    ...(emailText === null ? [] : [`${phrases.note(name)}\n${emailText}`]),
    phrases.why(name),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** No colours but the button's own, so that a client's dark mode has nothing to fight; no images, nothing remote. */
function asHtml({ phrases, locale, service, facts, link, until }: Story): Html {
  const { name, emailText } = service;
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${phrases.subject(name)}</title>
<style>:root { color-scheme: light dark; }</style>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;">
<div style="max-width:560px;margin:0 auto;">
<p style="font-size:20px;font-weight:600;">${phrases.changed(name)}</p>
${facts.map(([label, value]) => html`<p style="margin:4px 0;overflow-wrap:anywhere;"><b>${label}:</b> ${value}</p>\n`)}
<p>${phrases.wasYou}</p>
<p>${phrases.wasNotYou}</p>
<p><a href="${link}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#b3261e;color:#ffffff;font-weight:600;text-decoration:none;">${phrases.button}</a></p>
<p>${phrases.effect}</p>
<p>${phrases.until(until)}</p>
<p>${phrases.copy}<br><a href="${link}" style="overflow-wrap:anywhere;">${link}</a></p>
${emailText === null ? '' : html`<p style="white-space:pre-line;"><b>${phrases.note(name)}</b>\n${emailText}</p>\n`}
<p style="font-size:14px;opacity:.8;">${phrases.why(name)}</p>
</div>
</body>
</html>
`;
}
