import { type Html, html, preferred, type Speech } from '@rekey/wording';
import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import { layout, type Setting, sendPage } from './layout.ts';
import { texts } from './texts/index.ts';

/** The page at the root: what this is, and links that work. */
export const start =
  (_deps: HttpDeps, settingIn: (speech: Speech) => Setting): FastifyPluginAsync =>
  async (app) => {
    app.get('/', { schema: { isHidden: true } }, async ({ headers }, reply) =>
      sendPage(reply, page(settingIn(preferred(headers['accept-language'])))),
    );
  };

function page(setting: Setting): Html {
  const { speech, options } = setting;
  const { start, change, forgot, passkeys } = texts[speech.language];
  const links = [
    ['local/change-password', change.title],
    ['local/forgot-password', forgot.title],
    ['local/passkeys', passkeys.title],
    ...(options.apiDocs ? [['docs', start.docs]] : []),
  ];
  return layout(setting, {
    title: start.title(options.brandName),
    sign: 'key',
    body: html`<p class="lead">${start.lead(options.brandName)}</p>
<ul>
${links.map(([url = '', text = '']) => html`<li><a href="${url}">${text}</a></li>\n`)}</ul>`,
  });
}
