import path from 'node:path';

export type NavSection = {
  readonly title: string;
  readonly links: readonly { readonly text: string; readonly place: string }[];
};

type Parts = {
  readonly title: string;
  readonly body: string;
  readonly nav: readonly NavSection[];
  /** The path of the page in the site. */
  readonly place: string;
};

/** A whole page. It needs no script, and loads one stylesheet. */
export function layout({ title, body, nav, place }: Parts): string {
  const to = (target: string) => path.posix.relative(path.posix.dirname(place), target);
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
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>${title === 'Rekey' ? title : `${title} · Rekey`}</title>
<link rel="stylesheet" href="${to('style.css')}">
</head>
<body>
<nav aria-label="Documentation">
<p><a href="${to('index.html')}">Rekey</a></p>
${sections.join('\n')}
</nav>
<main>
${body}</main>
</body>
</html>
`;
}
