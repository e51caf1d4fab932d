import { isLockKind, type LockKind, type Purpose } from '@rekey/domain';
import type { Told } from '@rekey/usecases';
import { commonWords, type Html, html, lockNotices } from '@rekey/wording';
import { factsOf } from './facts.ts';
import { actionOf, layout, list, type Setting } from './layout.ts';
import { texts } from './texts/index.ts';

/** Asks before anything is done: mail scanners open links, people press buttons. */
export function lockPage(
  setting: Setting,
  token: string,
  told: Told & { readonly purpose: LockKind },
): Html {
  const { language } = setting.speech;
  const { confirm } = texts[language];
  const words = commonWords[language];
  const { happened, besides } = lockNotices[told.purpose][language];
  return layout(setting, {
    title: confirm.title,
    sign: 'question',
    supportUrl: told.supportUrl,
    body: html`<p class="lead">${happened(told.serviceName)}</p>
${factsOf(setting, told)}
<p class="turn">${words.wasNotYou}</p>
<form class="act" method="post" action="${actionOf(setting)}">
<input type="hidden" name="token" value="${token}">
<button class="danger" type="submit">${words.button}</button>
</form>
<p class="quiet">${confirm.nothingYet}</p>
<p>${words.wasYou} ${confirm.close}</p>
<h2>${confirm.whatItDoes}</h2>
${list([...confirm.effects, ...(besides === undefined ? [] : [besides])])}`,
  });
}

/** Says that the account is locked, and names the effects and the next steps. */
export function lockedPage(
  setting: Setting,
  token: string,
  told: Pick<Told, 'purpose' | 'serviceName' | 'supportUrl' | 'canRecover'>,
): Html {
  const { locked } = texts[setting.speech.language];
  return layout(setting, {
    title: locked.title,
    sign: 'done',
    supportUrl: told.supportUrl,
    body: html`<p class="lead">${locked.done}</p>
<h2>${locked.next}</h2>
${list(nextSteps(setting, told))}
${told.canRecover ? recoverForm(setting, token) : ''}`,
  });
}

function nextSteps(
  { speech: { language } }: Setting,
  { purpose, serviceName }: { readonly purpose: Purpose; readonly serviceName: string },
): readonly string[] {
  const { locked } = texts[language];
  const report = isLockKind(purpose) ? lockNotices[purpose][language].report(serviceName) : '';
  return [`${report} ${locked.reopen}`.trim(), ...locked.steps];
}

/** For an owner who can open the account again without anybody's help. */
export function recoverForm(setting: Setting, token: string): Html {
  const { recover } = texts[setting.speech.language].locked;
  return html`<h2>${recover.title}</h2>
<p>${recover.lead}</p>
<form method="post" action="${actionOf(setting, 'recover')}">
<input type="hidden" name="token" value="${token}">
<button type="submit">${recover.button}</button>
</form>`;
}
