import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open as openFile, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { linesOf } from './lines.ts';

/** A row of a table of Rekey, as the column names have it. */
export type ArchivedRow = {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
};

/** What an export says of itself, in `manifest.json`. */
export type Manifest = {
  readonly format: 'rekey export';
  readonly version: 1;
  /** Of the Rekey that wrote it. */
  readonly rekey: string;
  /** Of the schema that the rows are of. */
  readonly schema: number;
  /** RFC 3339. */
  readonly created_at: string;
  /** The ids of the keys of the key file, by purpose: rows were sealed, hashed and chained with them. */
  readonly key_ids: Readonly<Record<string, readonly string[]>>;
  readonly files: readonly ArchivedFile[];
  /** By a key of the key file, over all of the above. */
  readonly mac: string;
};

export type ArchivedFile = {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
};

export type About = Omit<Manifest, 'format' | 'version' | 'files' | 'mac'>;
type Seal = (text: string) => string;

const MANIFEST = 'manifest.json';
/** The manifest of many tables takes a few KB. */
const MAX_MANIFEST_BYTES = 1024 * 1024;
const NAME = /^[a-z_]{1,40}\.jsonl$/;

/** The text that the MAC of a manifest is made over. */
export const manifestText = ({ mac: _, ...manifest }: Manifest): string =>
  JSON.stringify([
    'rekey export v1',
    manifest.format,
    manifest.version,
    manifest.rekey,
    manifest.schema,
    manifest.created_at,
    Object.entries(manifest.key_ids),
    manifest.files.map(({ name, rows, bytes, sha256 }) => [name, rows, bytes, sha256]),
  ]);

function manifestOf(about: About, files: readonly ArchivedFile[], seal: Seal): Manifest {
  const open = { format: 'rekey export', version: 1, ...about, files, mac: '' } as const;
  return { ...open, mac: seal(manifestText(open)) };
}

/** Counts and digests the lines of one file. */
class Tally {
  readonly name: string;
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;

  constructor(table: string) {
    this.name = `${table}.jsonl`;
  }

  add(line: Buffer): void {
    this.#hash.update(line);
    this.#rows += 1;
    this.#bytes += line.length;
  }

  end(): ArchivedFile {
    const { name } = this;
    return { name, rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** Octets that are written at a time. */
const PIECE = 256 * 1024;

/** The files of a folder for their owner alone, one a table, written one after the other. */
async function writeFiles(
  folder: string,
  rows: AsyncIterable<ArchivedRow>,
  tables: readonly string[],
): Promise<ArchivedFile[]> {
  const files = new Map<string, ArchivedFile>();
  const open: { file: { readonly tally: Tally; readonly handle: FileHandle } | null } = {
    file: null,
  };
  let piece: Buffer[] = [];
  let length = 0;
  const flush = async () => {
    if (length > 0) await open.file?.handle.appendFile(Buffer.concat(piece));
    [piece, length] = [[], 0];
  };
  const end = async () => {
    await flush();
    if (!open.file) return;
    const { tally, handle } = open.file;
    open.file = null;
    await handle.sync();
    await handle.close();
    files.set(tally.name, tally.end());
  };
  const begin = async (table: string): Promise<void> => {
    const tally = new Tally(table);
    open.file = { tally, handle: await openFile(path.join(folder, tally.name), 'wx', 0o600) };
  };
  try {
    for await (const { table, row } of rows) {
      if (open.file?.tally.name !== `${table}.jsonl`) {
        await end();
        await begin(table);
      }
      const line = Buffer.from(`${JSON.stringify(row)}\n`);
      open.file?.tally.add(line);
      piece.push(line);
      length += line.length;
      if (length > PIECE) await flush();
    }
    await end();
    for (const table of tables) {
      if (files.has(`${table}.jsonl`)) continue;
      await begin(table);
      await end();
    }
    return tables.map((table) => files.get(`${table}.jsonl`)).filter((file) => file !== undefined);
  } finally {
    await open.file?.handle.close();
  }
}

/** Writes rows, table by table, and then the manifest into a folder that is there. */
export async function writeArchive(
  folder: string,
  rows: AsyncIterable<ArchivedRow>,
  tables: readonly string[],
  about: About,
  seal: Seal,
): Promise<Manifest> {
  const manifest = manifestOf(about, await writeFiles(folder, rows, tables), seal);
  const handle = await openFile(path.join(folder, MANIFEST), 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return manifest;
}

/** The same as one stream of lines: each row under the name of its table, and the manifest at the end. */
export async function* archiveLines(
  rows: AsyncIterable<ArchivedRow>,
  tables: readonly string[],
  about: About,
  seal: Seal,
): AsyncGenerator<string> {
  const tallies = new Map(tables.map((table) => [table, new Tally(table)]));
  for await (const { table, row } of rows) {
    const text = JSON.stringify(row);
    tallies.get(table)?.add(Buffer.from(`${text}\n`));
    yield `{"table":"${table}","row":${text}}\n`;
  }
  const files = [...tallies.values()].map((tally) => tally.end());
  yield `${JSON.stringify({ manifest: manifestOf(about, files, seal) })}\n`;
}

export type Archive = {
  readonly manifest: Manifest;
  /** Throws unless each file is as the manifest says. */
  check(): Promise<void>;
  rows(): AsyncIterable<ArchivedRow>;
  close(): Promise<void>;
};

/** Opens an export: a folder, or a stream of lines, which is unpacked for its owner alone until it is closed. */
export async function openArchive(from: string): Promise<Archive> {
  const isFolder = from !== '-' && (await stat(from)).isDirectory();
  if (isFolder) return archiveIn(from, async () => undefined);
  const folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    await unpack(from === '-' ? process.stdin : createReadStream(from), folder);
    return await archiveIn(folder, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function archiveIn(folder: string, close: () => Promise<void>): Promise<Archive> {
  const manifest = await readManifest(folder);
  return {
    manifest,
    async check() {
      for (const file of manifest.files) {
        for await (const _ of octetsOf(folder, file));
      }
    },
    async *rows() {
      for (const file of manifest.files) {
        const { name } = file;
        const table = name.slice(0, -'.jsonl'.length);
        for await (const read of linesOf(octetsOf(folder, file))) {
          if (!('value' in read) || !isRow(read.value)) {
            throw new Error(`${name}: line ${read.line} is no row`);
          }
          yield { table, row: read.value };
        }
      }
    },
    close,
  };
}

/** Reads a file of an export. Throws where it is not as the manifest says, at its end at the latest. */
async function* octetsOf(folder: string, file: ArchivedFile): AsyncGenerator<Uint8Array> {
  const changed = (what: string) =>
    new Error(`${file.name} is not as it was exported: its ${what} is another one`);
  const name = path.join(folder, file.name);
  const found = await stat(name).catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(code === 'ENOENT' ? `${file.name} is missing` : `${file.name}: ${code}`);
  });
  // What is no file, such as a pipe, may never end.
  if (!found.isFile()) throw new Error(`${file.name} is no file`);
  if (found.size !== file.bytes) throw changed('length');
  const hash = createHash('sha256');
  for await (const piece of createReadStream(name)) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') !== file.sha256) throw changed('checksum');
}

async function readManifest(folder: string): Promise<Manifest> {
  const name = path.join(folder, MANIFEST);
  const found = await stat(name).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      error.code === 'ENOENT'
        ? `${name} is missing: this is no whole export of Rekey`
        : `${name} cannot be read (${error.code})`,
    );
  });
  const isRead = found.isFile() && found.size <= MAX_MANIFEST_BYTES;
  let manifest: unknown;
  try {
    manifest = isRead ? JSON.parse(await readFile(name, 'utf8')) : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!isManifest(manifest)) throw new Error(`${name} is no manifest of an export of Rekey`);
  return manifest;
}

const isRow = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isManifest(value: unknown): value is Manifest {
  if (!isRow(value)) return false;
  const { format, version, rekey, schema, created_at, key_ids, files, mac } = value;
  return (
    format === 'rekey export' &&
    version === 1 &&
    [rekey, created_at, mac].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(schema) &&
    isRow(key_ids) &&
    Object.values(key_ids).every(
      (kids) => Array.isArray(kids) && kids.every((kid) => typeof kid === 'string'),
    ) &&
    Array.isArray(files) &&
    files.every(
      (file) =>
        isRow(file) &&
        NAME.test(String(file.name)) &&
        Number.isSafeInteger(file.rows) &&
        Number.isSafeInteger(file.bytes) &&
        typeof file.sha256 === 'string',
    )
  );
}

/** Puts the lines of a stream into the files of a folder. */
async function unpack(octets: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  let manifest: Manifest | null = null;
  async function* rows(): AsyncGenerator<ArchivedRow> {
    for await (const read of linesOf(octets)) {
      const value = 'value' in read ? read.value : null;
      if (!isRow(value) || manifest) throw new Error(`line ${read.line} is none of an export`);
      if (isManifest(value.manifest)) manifest = value.manifest;
      else if (NAME.test(`${value.table}.jsonl`) && isRow(value.row)) {
        yield { table: String(value.table), row: value.row };
      } else throw new Error(`line ${read.line} is none of an export`);
    }
  }
  await writeFiles(folder, rows(), []);
  const whole = manifest as Manifest | null;
  if (!whole) throw new Error('the export ends before its manifest: it is not whole');
  for (const { name, rows: count } of whole.files) {
    if (count === 0) await (await openFile(path.join(folder, name), 'a', 0o600)).close();
  }
  const handle = await openFile(path.join(folder, MANIFEST), 'wx', 0o600);
  await handle.writeFile(JSON.stringify(whole));
  await handle.close();
}
