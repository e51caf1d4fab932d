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
import { fileURLToPath } from 'node:url';
import { Marked, Renderer, type Token, type Tokens } from 'marked';
import { highlighted, isKnown } from './highlight.ts';
import { type Heading, layout, type NavSection } from './layout.ts';
import { type Section, searchIndex } from './search.ts';

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
 * Throws, with a line for each, where a link or an anchor leads nowhere, a page has no title, or code is in a language that
 * gets no colours.
 */
export function buildSite(root: string, out: string): void {
  const files = globSync(PAGES, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
  const nav = sectionsOf(readFileSync(path.join(root, CONTENTS), 'utf8'));
  const pages = new Map(files.map((file) => [placeOf(file), pageOf(root, file)]));
  const faults = faultsOf(root, pages);
  if (faults.length > 0) throw new Error(faults.join('\n'));

  rmSync(out, { recursive: true, force: true });
  for (const [place, { title, body, headings }] of pages) {
    write(path.join(out, place), layout({ title, body, headings, nav, place }));
  }
  for (const { links } of pages.values()) {
    for (const { file } of links) {
      if (!pages.has(file)) cpSync(path.join(root, file), path.join(out, file));
    }
  }
  for (const name of ['style.css', 'site.js']) {
    cpSync(path.join(import.meta.dirname, 'static', name), path.join(out, name));
  }
  write(path.join(out, 'search-index.js'), searchIndex([...pages].flatMap(sectionsIn)));
  const minisearch = path.dirname(fileURLToPath(import.meta.resolve('minisearch')));
  cpSync(path.join(minisearch, '../umd/index.js'), path.join(out, 'minisearch.js'));
  cpSync(path.join(minisearch, '../../LICENSE.txt'), path.join(out, 'minisearch.LICENSE.txt'));
}

type Link = { readonly file: string; readonly anchor: string };
type Page = {
  readonly source: string;
  readonly title: string;
  readonly body: string;
  readonly headings: readonly Heading[];
  /** The text below each heading, and nothing of it in the HTML. */
  readonly texts: readonly string[];
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly Link[];
  /** The languages of its code. */
  readonly languages: ReadonlySet<string>;
};

/** Where the page of a file is: the README of a folder is its index. */
const placeOf = (file: string) =>
  file.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html');

function pageOf(root: string, file: string): Page {
  const anchors = new Set<string>();
  const headings: Heading[] = [];
  const languages = new Set<string>();
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
      heading({ tokens, depth }) {
        const text = textOf(tokens, '');
        const id = unused(slug(text), anchors);
        anchors.add(id);
        const html = this.parser.parseInline(tokens);
        headings.push({ depth, id, text, html: html.replaceAll(/<\/?a\b[^>]*>/g, '') });
        return `<h${depth} id="${id}">${html}</h${depth}>\n`;
      },
      code({ text, lang = '' }) {
        languages.add(lang);
        // Whoever has no mouse scrolls what has the focus.
        return `<div class="code"><pre tabindex="0"><code>${highlighted(text, lang)}\n</code></pre></div>\n`;
      },
      table(token) {
        // A head without a word is none to whoever hears the table.
        const html = Renderer.prototype.table
          .call(this, token)
          .replaceAll('<th></th>', '<td></td>');
        return `<div class="table" role="group" aria-label="Table" tabindex="0">${html}</div>\n`;
      },
    },
  });

  const text = readFileSync(path.join(root, file), 'utf8');
  const body = marked.parse(text, { async: false });
  const texts = textsIn(marked.lexer(text));
  for (const [, id = ''] of text.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
  const [, title = ''] = /^# (.+)$/m.exec(text) ?? [];
  const name = title.replaceAll('`', '');
  return { source: file, title: name, body, headings, texts, anchors, links, languages };
}

/** What stands below each heading, in words. */
function textsIn(tokens: readonly Token[]): string[] {
  const texts: string[] = [];
  for (const token of tokens) {
    if (token.type === 'heading') texts.push('');
    else if (texts.length > 0) texts.push(`${texts.pop()} ${textOf([token])}`);
  }
  return texts;
}

/** What a token of one kind or another has in it. */
type Inner = Partial<Pick<Tokens.Table, 'header' | 'rows'> & Pick<Tokens.List, 'items'>> & {
  readonly tokens?: readonly Token[];
};

/** The words of tokens, without what marks them up. */
const textOf = (tokens: readonly Token[], separator = ' '): string =>
  tokens
    .map((token) => {
      const { header = [], rows = [], items = [], tokens = [] } = token as Inner;
      const cells = [header, ...rows].flat().flatMap((cell) => cell.tokens);
      const inner = [...cells, ...items, ...tokens];
      if (inner.length > 0) return textOf(inner, separator);
      return 'text' in token ? token.text : '';
    })
    .join(separator);

/** The sections of a page, for the search. */
const sectionsIn = ([place, { title, headings, texts }]: [string, Page]): Section[] =>
  headings.map(({ id, text, depth }, index) => ({
    page: title,
    heading: text,
    href: depth === 1 ? place : `${place}#${id}`,
    text: texts[index] ?? '',
  }));

function faultsOf(root: string, pages: ReadonlyMap<string, Page>): string[] {
  return [...pages.values()].flatMap(({ source, title, links, languages }) => [
    ...(title === '' ? [`${source} has no title`] : []),
    ...[...languages].flatMap((name) =>
      isKnown(name) ? [] : [`${source} has code in a language without colours: ${name}`],
    ),
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
