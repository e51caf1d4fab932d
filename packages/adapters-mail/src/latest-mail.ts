import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import PostalMime, { type Address } from 'postal-mime';
import { namesIn } from './file.ts';

export type ReadableMail = {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly date: string;
  readonly subject: string;
  readonly text: string;
  /** Null where the mail has none. */
  readonly link: string | null;
};

/** The mail that `fileOutlet` wrote last into a folder; null where there is none. */
export async function latestMail(folder: string): Promise<ReadableMail | null> {
  const file = await latestFile(folder);
  if (file === null) return null;
  const { from, to = [], date = '', subject = '', text = '' } = await parse(file);
  return {
    file,
    from: addressOf(from),
    to: to.map(addressOf).join(', '),
    date,
    subject,
    text: text.trimEnd(),
    link: linkIn(text),
  };
}

const parse = async (file: string) => PostalMime.parse(await readFile(file));

async function latestFile(folder: string): Promise<string | null> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.eml'));
  const files = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { file, writtenAt: (await stat(file, { bigint: true })).mtimeNs };
    }),
  );
  const [latest] = files.toSorted(
    // Ids rise, where the clock of the file system does not.
    (a, b) => Number(b.writtenAt - a.writtenAt) || (a.file < b.file ? 1 : -1),
  );
  return latest?.file ?? null;
}

const addressOf = (address: Address | undefined): string =>
  address?.name ? `${address.name} <${address.address}>` : (address?.address ?? '');

/** The link with a token, which has another name for clients of the form dialect: the text of a service may have other links. */
function linkIn(text: string): string | null {
  const links = text.match(/https?:\/\/\S+/g) ?? [];
  const hasToken = (link: string) => {
    const query = URL.parse(link)?.searchParams;
    return query?.has('token') || (query?.has('code') && query.has('email'));
  };
  return links.find(hasToken) ?? null;
}
