import { InvalidOneTimeToken } from '@rekey/domain';
import { type Html, html } from '@rekey/wording';
import { layout, paragraphs, type Setting } from './layout.ts';
import { texts } from './texts/index.ts';

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
    return calmPage(setting, broken, [number]);
  }
  if (status === 403) return calmPage(setting, foreign);
  if (error instanceof InvalidOneTimeToken && error.isOfDeleted) return calmPage(setting, gone);
  // Used, expired, unknown and incomplete links end on one page.
  return calmPage(setting, status === 503 ? later : dead);
}

const calmPage = (
  setting: Setting,
  text: { readonly title: string; readonly paragraphs: readonly string[] },
  more: readonly Html[] = [],
): Html =>
  layout(setting, {
    title: text.title,
    sign: 'info',
    body: html`${paragraphs(text.paragraphs)}${more}`,
  });
