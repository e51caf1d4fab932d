import { type Html, html, type Speech } from '@rekey/wording';
import type { FastifyReply } from 'fastify';
import type { HttpOptions } from '../server/deps.ts';
import type { Assets } from './assets.ts';
import { texts } from './texts/index.ts';

/** All that a page is written with. */
export type Setting = {
  readonly speech: Speech;
  readonly options: HttpOptions;
  readonly assets: Assets;
  /** From the page to its files: relative, for a proxy may serve Rekey below a path. */
  readonly base: 'local/' | '';
};

type Sign = 'question' | 'done' | 'info' | 'key';

type Page = {
  readonly title: string;
  readonly sign: Sign;
  readonly body: Html;
  readonly scripts?: readonly Exclude<Extract<keyof Assets, `${string}.js`>, `zxcvbn-${string}`>[];
  /** The place where the people of a service find help; that of the server where nothing is known of one. */
  readonly supportUrl?: string | null;
};

/** The frame of every page. Nothing of it is written into the page as style or script: the policy allows none. */
export function layout(setting: Setting, page: Page): Html {
  const { speech, options } = setting;
  const { title, sign, body, scripts = [], supportUrl = options.supportUrl } = page;
  const { brandName } = options;
  return html`<!doctype html>
<html lang="${speech.language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${title} · ${brandName}</title>
<link rel="icon" type="image/svg+xml" href="${urlOf(setting, 'icon.svg')}">
<link rel="stylesheet" href="${urlOf(setting, 'style.css')}">
${scripts.map((name) => html`<script type="module" src="${urlOf(setting, name)}"></script>\n`)}</head>
<body>
<header>${brandOf(setting)}</header>
<main>
${signs[sign]}
<h1>${title}</h1>
${body}
${supportUrl === null ? '' : helpAt(supportUrl, speech)}</main>
</body>
</html>
`;
}

/** Where a file of the pages is, with its version. */
export function urlOf({ assets, base }: Setting, name: keyof Assets): string {
  return `${base}${name}?v=${assets[name]?.version ?? ''}`;
}

/** Where a form of the page of a link is sent. */
export const actionOf = ({ base }: Setting, act?: 'recover'): string =>
  `${base === '' ? '../local' : 'local'}${act === undefined ? '' : `/${act}`}`;

export const paragraphs = (texts: readonly string[]): Html[] =>
  texts.map((text) => html`<p>${text}</p>\n`);

export const list = (texts: readonly string[]): Html =>
  html`<ul>\n${texts.map((text) => html`<li>${text}</li>\n`)}</ul>`;

/** Where to ask, without the scheme of a mail address. */
const helpAt = (url: string, { language }: Speech): Html =>
  html`<p class="help">${texts[language].help} <a href="${url}">${url.replace(/^mailto:/i, '')}</a></p>
`;

function brandOf(setting: Setting): Html {
  const { brandName } = setting.options;
  return setting.assets.logo
    ? html`<img src="${urlOf(setting, 'logo')}" alt="${brandName}">`
    : html`<span>${brandName}</span>`;
}

const sign = (name: Sign, path: string): Html => ({
  html: `<svg class="sign ${name}" viewBox="0 0 24 24" width="44" height="44" aria-hidden="true" focusable="false"><circle cx="12" cy="12" r="10"/><path d="${path}"/></svg>`,
});

const signs: Record<Sign, Html> = {
  question: sign('question', 'M9.2 9.3a2.8 2.8 0 1 1 4.3 2.4c-.9.6-1.5 1.1-1.5 2.1M12 17v.01'),
  done: sign('done', 'm7.8 12.4 2.8 2.8 5.6-6'),
  info: sign('info', 'M12 7v.01M12 11v6'),
  key: sign(
    'key',
    'M11.2 14.6a2.6 2.6 0 1 1-5.2 0 2.6 2.6 0 0 1 5.2 0M10.4 12.8l6.4-6.3M14.6 8.7l1.9 1.9M12.6 10.6l1.3 1.3',
  ),
};

/** Answers with a page, whose language the browser may have a say in. */
export const sendPage = (reply: FastifyReply, page: Html): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('vary', 'Accept-Language').send(page.html);

/** A page of a few sentences. */
export const calmPage = (
  setting: Setting,
  text: { readonly title: string; readonly paragraphs: readonly string[] },
  of: Partial<Pick<Page, 'sign' | 'supportUrl'>> & { readonly more?: readonly Html[] } = {},
): Html => {
  const { more = [], ...page } = of;
  const body = html`${paragraphs(text.paragraphs)}${more}`;
  return layout(setting, { sign: 'info', ...page, title: text.title, body });
};
