import { isLockKind } from '@rekey/domain';
import type { UsedLink } from '@rekey/usecases';
import { type Html, html, timeInWords } from '@rekey/wording';
import { layout, type Setting } from './layout.ts';
import { recoverForm } from './lock-page.ts';
import { texts } from './texts/index.ts';

/** For a link that was good: says what became of it, so that nobody has to guess. */
export function usedPage(setting: Setting, token: string, used: UsedLink): Html {
  const { language, locale } = setting.speech;
  const { used: words, locked } = texts[language];
  const { purpose, lockedAt, usedAt, timezone, supportUrl, canRecover } = used;
  if (lockedAt === null) {
    return layout(setting, {
      title: words.title,
      sign: 'info',
      supportUrl,
      body: html`<p class="lead">${words.at(timeInWords(usedAt, locale, timezone))}</p>
<p>${isLockKind(purpose) ? words.open : words.again}</p>`,
    });
  }
  return layout(setting, {
    title: locked.title,
    sign: 'done',
    supportUrl,
    body: html`<p class="lead">${words.lockedSince(timeInWords(lockedAt, locale, timezone))}</p>
${canRecover ? recoverForm(setting, token) : html`<p>${words.lockedRest} ${locked.reopen}</p>`}`,
  });
}
