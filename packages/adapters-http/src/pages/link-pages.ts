import { defuse, defuseAddress, timeInWords } from '@rekey/domain';
import type { ToldChange } from '@rekey/usecases';
import { type Html, html } from './html.ts';
import { layout, list, paragraphs, type Setting } from './layout.ts';

/** Asks before anything is done: mail scanners open links, people press buttons. */
export function confirmPage(setting: Setting, token: string, change: ToldChange): Html {
  const { locale, texts } = setting.speech;
  const { confirm } = texts;
  const facts = [
    [confirm.account, change.email],
    [confirm.when, timeInWords(change.changedAt, locale, change.timezone)],
    [confirm.address, defuseAddress(change.origin.address) || confirm.unknown],
    [confirm.client, defuse(change.origin.client ?? '') || confirm.unknown],
  ] as const;
  return layout(setting, {
    title: confirm.title,
    sign: 'question',
    body: html`<p class="lead">${confirm.changed(change.serviceName)}</p>
<dl>
${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>
<p>${confirm.wasYou}</p>
<p class="turn">${confirm.wasNotYou}</p>
<form method="post" action="local">
<input type="hidden" name="token" value="${token}">
<button class="danger" type="submit">${confirm.button}</button>
</form>
<p class="quiet">${confirm.nothingYet}</p>
<h2>${confirm.whatItDoes}</h2>
${list(confirm.effects)}`,
  });
}

/** The account is shut: what that means, and what is left to do. */
export function shutPage(setting: Setting, change: ToldChange): Html {
  const { shut } = setting.speech.texts;
  return layout(setting, {
    title: shut.title,
    sign: 'done',
    body: html`<p class="lead">${shut.done}</p>
<h2>${shut.next}</h2>
${list(shut.steps(change.serviceName))}`,
  });
}

/** Used, expired, unknown and incomplete links end here alike, on a form of another site, or in a moment that is a bad one. */
export function calmPage(setting: Setting, which: 'dead' | 'foreign' | 'later'): Html {
  const { title, paragraphs: texts } = setting.speech.texts[which];
  return layout(setting, { title, sign: 'info', body: html`${paragraphs(texts)}` });
}

/** For what nobody foresaw; `requestId` finds it in the log. */
export function brokenPage(setting: Setting, requestId: string): Html {
  const { title, paragraphs: texts, number } = setting.speech.texts.broken;
  return layout(setting, {
    title,
    sign: 'info',
    body: html`${paragraphs(texts)}<p class="quiet">${number(requestId)}</p>`,
  });
}
