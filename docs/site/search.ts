import MiniSearch, { type AsPlainObject, type Options } from 'minisearch';

/** A part of a page, from its heading to the next one. */
export type Section = {
  /** The title of the page that it is on. */
  readonly page: string;
  readonly heading: string;
  /** From the root of the site. */
  readonly href: string;
  readonly text: string;
};

/** What a search shows of a section. */
export type Hit = Omit<Section, 'text'>;

/** What the script of the pages reads. */
export type SearchFile = { readonly index: AsPlainObject; readonly options: Options<Hit> };

const options = {
  idField: 'href',
  fields: ['heading', 'page', 'text'],
  storeFields: ['heading', 'page', 'href'],
};

/** The index of all sections, as a script: pages that are opened as files may load scripts, and no data. */
export function searchIndex(sections: readonly Section[]): string {
  const index = new MiniSearch<Section>(options);
  index.addAll(sections);
  const file = { index: index.toJSON(), options };
  return `globalThis.rekeySearch = ${JSON.stringify(file)};\n`;
}
