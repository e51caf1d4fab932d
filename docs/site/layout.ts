import path from 'node:path';

export type NavSection = {
  readonly title: string;
  readonly links: readonly { readonly text: string; readonly place: string }[];
};

export type Heading = {
  readonly depth: number;
  readonly id: string;
  readonly text: string;
  /** The text with its marks, and without links. */
  readonly html: string;
};

type Parts = {
  readonly title: string;
  readonly body: string;
  readonly headings: readonly Heading[];
  readonly nav: readonly NavSection[];
  /** The path of the page in the site. */
  readonly place: string;
};

/** A page with more of them shows only those of the first kind. */
const MANY_HEADINGS = 50;

/**
 * A whole page. It loads one stylesheet and one script, and needs no script: both lists fold without one, on windows that
 * are too narrow for them.
 */
export function layout({ title, body, headings, nav, place }: Parts): string {
  const to = (target: string) => path.posix.relative(path.posix.dirname(place), target);
  const root = '../'.repeat(place.split('/').length - 1);
  const sections = nav.map(
    (section) => `<h2>${section.title}</h2>
<ul>
${section.links.map((link) => `<li><a href="${to(link.place)}"${link.place === place ? ' aria-current="page"' : ''}>${link.text}</a></li>`).join('\n')}
</ul>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; script-src 'self'">
<title>${title === 'Rekey' ? title : `${title} · Rekey`}</title>
<link rel="stylesheet" href="${to('style.css')}">
<script src="${root}site.js" data-root="${root}" defer></script>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<p><a href="${to('index.html')}">Rekey</a></p>
<div role="search" hidden>
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" aria-keyshortcuts="/">
<p role="status"></p>
<ol></ol>
</div>
<nav aria-label="Documentation">
<details>
<summary>Contents</summary>
${sections.join('\n')}
</details>
</nav>
</header>
${contentsOf(headings)}<main id="content" tabindex="-1">
${body}</main>
</body>
</html>
`;
}

/** The contents of a page that has more than one part. */
function contentsOf(headings: readonly Heading[]): string {
  const all = headings.filter(({ depth }) => depth === 2 || depth === 3);
  const shown = all.length > MANY_HEADINGS ? all.filter(({ depth }) => depth === 2) : all;
  if (shown.length < 2) return '';
  const items = shown.map(
    ({ depth, id, html }) => `<li class="depth-${depth}"><a href="#${id}">${html}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page">
<details>
<summary>On this page</summary>
<ul>
${items.join('\n')}
</ul>
</details>
</nav>
`;
}
