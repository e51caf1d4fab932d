import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Marked } from 'marked';
import { layout, type NavSection } from './layout.ts';

/** The files that become pages. Other files that are linked to are copied as they are. */
const PAGES = [
  '*.md',
  'docs/**/*.md',
  'examples/*/README.md',
  'examples/README.md',
  'packages/client/README.md',
  'bench/README.md',
];

/** Its headings and links are the navigation of every page. */
const CONTENTS = 'docs/README.md';

/**
 * Builds the documentation as HTML. Pages keep their places, so that every link works here and on a code host.
 * Throws, with a line for each, where a link or an anchor leads nowhere or a page has no title.
 */
export function buildSite(root: string, out: string): void {
  const files = globSync(PAGES, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
  const nav = sectionsOf(readFileSync(path.join(root, CONTENTS), 'utf8'));
  const pages = new Map(files.map((file) => [placeOf(file), pageOf(root, file)]));
  const faults = faultsOf(root, pages);
  if (faults.length > 0) throw new Error(faults.join('\n'));

  rmSync(out, { recursive: true, force: true });
  for (const [place, { title, body }] of pages) {
    write(path.join(out, place), layout({ title, body, nav, place }));
  }
  for (const { links } of pages.values()) {
    for (const { file } of links) {
      if (!pages.has(file)) cpSync(path.join(root, file), path.join(out, file));
    }
  }
  cpSync(path.join(import.meta.dirname, 'style.css'), path.join(out, 'style.css'));
}

type Link = { readonly file: string; readonly anchor: string };
type Page = {
  readonly source: string;
  readonly title: string;
  readonly body: string;
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly Link[];
};

/** Where the page of a file is: the README of a folder is its index. */
const placeOf = (file: string) =>
  file.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html');

function pageOf(root: string, file: string): Page {
  const anchors = new Set<string>();
  const links: Link[] = [];
  const folder = path.posix.dirname(file);

  const marked = new Marked({
    walkTokens: (token) => {
      if (token.type !== 'link' || /^[a-z]+:/.test(token.href)) return;
      const [target = '', anchor = ''] = token.href.split('#');
      const wanted = target === '' ? file : path.posix.join(folder, target);
      const linked = placeOf(
        isFolder(root, wanted) ? path.posix.join(wanted, 'README.md') : wanted,
      );
      links.push({ file: linked, anchor });
      const relative = path.posix.relative(folder, linked);
      token.href = `${relative}${anchor && `#${anchor}`}`;
    },
    renderer: {
      heading({ tokens, depth, text }) {
        const id = unused(slug(text), anchors);
        anchors.add(id);
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
    },
  });

  const text = readFileSync(path.join(root, file), 'utf8');
  const body = marked.parse(text, { async: false });
  for (const [, id = ''] of text.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
  const [, title = ''] = /^# (.+)$/m.exec(text) ?? [];
  return { source: file, title: title.replaceAll('`', ''), body, anchors, links };
}

function faultsOf(root: string, pages: ReadonlyMap<string, Page>): string[] {
  return [...pages.values()].flatMap(({ source, title, links }) => [
    ...(title === '' ? [`${source} has no title`] : []),
    ...links.flatMap(({ file, anchor }) => {
      const page = pages.get(file);
      if (!page && !existsSync(path.join(root, file))) return [`${source} links to ${file}`];
      return anchor !== '' && !page?.anchors.has(anchor)
        ? [`${source} links to ${file}#${anchor}`]
        : [];
    }),
  ]);
}

/** The anchors that code hosts give headings. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

function unused(id: string, taken: ReadonlySet<string>, count = 1): string {
  if (!taken.has(id)) return id;
  return taken.has(`${id}-${count}`) ? unused(id, taken, count + 1) : `${id}-${count}`;
}

function sectionsOf(contents: string): NavSection[] {
  return contents
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      links: [...section.matchAll(/^- \[([^\]]+)\]\(([^)]+)\)/gm)].map(
        ([, text = '', href = '']) => ({
          text,
          place: placeOf(path.posix.join(path.posix.dirname(CONTENTS), href)),
        }),
      ),
    }));
}

const isFolder = (root: string, file: string) =>
  statSync(path.join(root, file), { throwIfNoEntry: false })?.isDirectory() === true;

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (import.meta.main) {
  const root = path.join(import.meta.dirname, '../..');
  const out = path.join(root, 'dist/site');
  buildSite(root, out);
  process.stdout.write(`${path.join(out, 'index.html')}\n`);
}
