import { InvalidOneTimeToken } from '@rekey/domain';
import { type Html, html } from '@rekey/wording';
import { calmPage, type Setting } from './layout.ts';
import { texts } from './texts/index.ts';

/** Nothing can be done now, and later it can. */
const LATER: ReadonlySet<number> = new Set([429, 503]);

/**
 * The page of an error, by its status: it tells nothing else apart but a link whose account was deleted. `requestId` finds
 * a failure in the log.
 */
export function errorPage(
  error: unknown,
  status: number,
  setting: Setting,
  requestId: string,
): Html {
  const { broken, foreign, later, dead, gone } = texts[setting.speech.language];
  if (status === 500) {
    const number = html`<p class="quiet">${broken.number(requestId)}</p>`;
    return calmPage(setting, broken, { more: [number] });
  }
  if (status === 403) return calmPage(setting, foreign);
  if (error instanceof InvalidOneTimeToken && error.isOfDeleted) return calmPage(setting, gone);
  // Expired, unknown and incomplete links end on one page.
  return calmPage(setting, LATER.has(status) ? later : dead);
}
