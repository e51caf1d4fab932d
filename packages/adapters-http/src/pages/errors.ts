import { type Html, html } from '@rekey/wording';
import { layout, paragraphs, type Setting } from './layout.ts';
import { texts } from './texts/index.ts';

/** The page of an error, by its status: it tells nothing else apart. `requestId` finds a failure in the log. */
export function errorPage(status: number, setting: Setting, requestId: string): Html {
  const { broken, foreign, later, dead } = texts[setting.speech.language];
  if (status === 500) {
    const number = html`<p class="quiet">${broken.number(requestId)}</p>`;
    return calmPage(setting, broken, [number]);
  }
  if (status === 403) return calmPage(setting, foreign);
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
