// Search, and buttons that copy code. A page without this script lacks these two alone.

/** @typedef {import('../search.ts').SearchFile} SearchFile */
/** @typedef {import('../search.ts').Hit} Hit */
/** @typedef {import('minisearch').default<Hit>} Index */

const { root = '' } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;

const MOST_HITS = 12;

const search = /** @type {HTMLElement} */ (document.querySelector('[role="search"]'));
const field = /** @type {HTMLInputElement} */ (search.querySelector('input'));
const status = /** @type {HTMLElement} */ (search.querySelector('[role="status"]'));
const list = /** @type {HTMLElement} */ (search.querySelector('ol'));
search.hidden = false;

/** @type {Promise<Index> | undefined} */
let loading;
/** Loads the index at the first use. Scripts load where pages are opened as files as well, and data does not. */
function index() {
  loading ??= (async () => {
    await load('minisearch.js');
    await load('search-index.js');
    const { MiniSearch, rekeySearch } =
      /** @type {{ MiniSearch: typeof import('minisearch').default, rekeySearch: SearchFile }} */ (
        /** @type {unknown} */ (globalThis)
      );
    return MiniSearch.loadJS(rekeySearch.index, rekeySearch.options);
  })();
  return loading;
}

/** @param {string} name */
const load = (name) =>
  new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = root + name;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

async function show() {
  const query = field.value;
  const found = (await index()).search(query, {
    prefix: true,
    fuzzy: (term) => (term.length > 4 ? 0.2 : 0),
    boost: { heading: 3, page: 2 },
    combineWith: 'AND',
  });
  // Something else was typed while the index was on its way.
  if (query !== field.value) return;
  const most = found.slice(0, MOST_HITS);
  list.replaceChildren(...most.map((hit) => item(/** @type {any} */ (hit))));
  const count =
    found.length > MOST_HITS ? `The best ${MOST_HITS} of ${found.length}` : found.length;
  status.textContent =
    query.trim() === '' ? '' : found.length === 0 ? 'Nothing found' : `${count} found`;
}

/** @param {Hit} hit */
function item({ heading, page, href }) {
  const link = document.createElement('a');
  link.href = root + href;
  link.append(heading);
  if (page !== heading) {
    const place = document.createElement('span');
    place.textContent = page;
    link.append(' ', place);
  }
  const entry = document.createElement('li');
  entry.append(link);
  return entry;
}

field.addEventListener('focus', () => void index());
field.addEventListener('input', () => void show());
field.addEventListener('keydown', ({ key }) => {
  if (key === 'Enter') list.querySelector('a')?.click();
  if (key !== 'Escape') return;
  field.value = '';
  void show();
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  field.focus();
});

for (const block of document.querySelectorAll('.code')) {
  const code = /** @type {HTMLElement} */ (block.querySelector('code'));
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', () => {
    void copy(code).then((isCopied) => {
      button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    });
  });
  button.addEventListener('blur', () => {
    button.textContent = 'Copy';
  });
  block.append(button);
}

/**
 * Copies a text; where the page may not, as over plain http, it is marked for the reader to do it.
 * @param {HTMLElement} code
 */
async function copy(code) {
  try {
    await navigator.clipboard.writeText((code.textContent ?? '').trimEnd());
    return true;
  } catch {
    getSelection()?.selectAllChildren(code);
    return false;
  }
}
