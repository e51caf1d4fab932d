import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { keyPurposes, macs, openKeyFile } from '@rekey/adapters-crypto';
import { exportedTables, exportRows, schemaOfExport } from '@rekey/adapters-db';
import { type About, archiveLines, type Manifest, writeArchive } from '@rekey/adapters-moving';
import { type Command, Option } from 'commander';
import type { Config } from '../config.ts';
import { version } from '../version.ts';
import { act, json, print, printJson } from './common.ts';
import { progressOn } from './progress.ts';

/** Writes everything down in a form that any program reads. */
export function addExport(program: Command): void {
  program
    .command('export')
    .description('write everything as JSON lines, while servers run; the key file is not in it')
    .addOption(
      new Option(
        '--to <place>',
        'a folder, which must not be there yet, or - for standard output',
      ).makeOptionMandatory(),
    )
    .addOption(json())
    .action(async ({ to, json }: { readonly to: string; readonly json?: true }) => {
      if (to === '-') return act('rekey:Export', printAll);
      const target = path.resolve(to);
      if (existsSync(target)) throw new Error(`${target} is there already`);
      const { files } = await act('rekey:Export', (config) => writeAll(config, target));
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      if (json) printJson({ folder: target, rows, files });
      else {
        print(
          `${rows} rows are in ${target}.`,
          'The key file is not among them: take it along by another way, and keep the two apart.',
        );
      }
    });
}

/** What an export says of itself, and the MAC of it. */
async function aboutOf({
  keysFile,
}: Config): Promise<{ about: About; seal(text: string): string }> {
  const file = await openKeyFile(keysFile, { mayCreate: false });
  const ids = keyPurposes.map((purpose) => [purpose, file[purpose].map(({ kid }) => kid)]);
  const about = {
    rekey: version,
    schema: schemaOfExport,
    created_at: new Date().toISOString(),
    key_ids: Object.fromEntries(ids),
  };
  return { about, seal: (text) => macs(() => file.audit).make(text) };
}

async function writeAll(config: Config, target: string): Promise<Manifest> {
  const draft = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  await mkdir(draft, { mode: 0o700 });
  try {
    const { about, seal } = await aboutOf(config);
    const rows = counted(exportRows(config.databaseUrl));
    const manifest = await writeArchive(draft, rows, exportedTables, about, seal);
    // A whole one alone has its name.
    await rename(draft, target);
    await using folder = await open(path.dirname(target));
    await folder.sync();
    return manifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function printAll(config: Config): Promise<void> {
  const { about, seal } = await aboutOf(config);
  const rows = counted(exportRows(config.databaseUrl));
  for await (const line of archiveLines(rows, exportedTables, about, seal)) {
    if (!process.stdout.write(line)) await once(process.stdout, 'drain');
  }
}

/** Shows how many rows have gone by. */
async function* counted<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  const screen = progressOn();
  let count = 0;
  for await (const row of rows) {
    count += 1;
    if (count % 1000 === 0) screen.show({ doing: 'writing', done: null, said: `${count} rows` });
    yield row;
  }
  screen.clear();
}
