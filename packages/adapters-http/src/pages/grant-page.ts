import type { GrantKind } from '@rekey/domain';
import type { Told } from '@rekey/usecases';
import { grantNotices, type Html, html } from '@rekey/wording';
import { factsOf } from './facts.ts';
import { actionOf, layout, list, type Setting } from './layout.ts';
import { meterOf, newPasswordField } from './new-password.ts';
import { texts } from './texts/index.ts';

/** Whether the link of that kind sets a password. */
export const setsPassword = (kind: GrantKind): boolean =>
  kind !== 'validate_email' && kind !== 'register_known';

/** Asks for what the link needs. `fault`: why the password of before was refused. */
export function grantPage(
  setting: Setting,
  token: string,
  told: Told,
  { kind, fault = '' }: { readonly kind: GrantKind; readonly fault?: string },
): Html {
  const { language } = setting.speech;
  const { grant, change } = texts[language];
  const words = grantNotices[kind][language];
  const facts = factsOf(setting, told);
  const isAsked = setsPassword(kind);
  const label = kind === 'register' || kind === 'invite' ? grant.password : change.newPassword;
  return layout(setting, {
    title: words.subject(told.serviceName),
    sign: 'key',
    supportUrl: told.supportUrl,
    ...(isAsked && { scripts: ['new-password.js'] as const }),
    body: html`<p class="lead">${words.happened(told.serviceName)}</p>
${isAsked ? '' : facts}
<form class="act" method="post" action="${actionOf(setting)}"${isAsked ? html` ${meterOf(setting)}` : ''}>
<input type="hidden" name="token" value="${token}">
${isAsked ? passwordFields(setting, told, label, fault) : ''}<button type="submit">${words.button}</button>
</form>
<p class="quiet">${grant.nothingYet}</p>
<p>${words.unless}</p>
${words.refuse === undefined ? '' : refusal(setting, token, words.refuse)}<h2>${grant.next}</h2>
${list(grant[kind].effects)}
${isAsked ? facts : ''}`,
  });
}

/** The address is there for password managers, which keep it with the password. */
const passwordFields = (setting: Setting, { email }: Told, label: string, fault: string): Html =>
  html`<input type="email" autocomplete="username" value="${email}" readonly hidden>
${newPasswordField(setting, 'password', label, fault)}
`;

const refusal = (setting: Setting, token: string, label: string): Html =>
  html`<form method="post" action="${actionOf(setting)}">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="act" value="lock">
<button class="danger" type="submit">${label}</button>
</form>
`;

/** Says that it is done. */
export function grantedPage(setting: Setting, told: Told, kind: GrantKind): Html {
  const { done, after } = texts[setting.speech.language].grant[kind];
  return layout(setting, {
    title: done,
    sign: 'done',
    supportUrl: told.supportUrl,
    body: html`<p class="lead">${after(told.serviceName)}</p>`,
  });
}
