import { type KeyPurpose, keyPurposes, macs, openKeyFile } from '@rekey/adapters-crypto';
import { importRows, openDatabase, schemaOfExport } from '@rekey/adapters-db';
import { type Archive, type Manifest, manifestText, openArchive } from '@rekey/adapters-moving';
import { operator } from '@rekey/domain';
import { type Config, loadConfig } from '../config.ts';
import { confirmed, print, printJson, WrongUsage, withRekey } from './common.ts';
import { guardedOpening } from './founding.ts';
import { progressOn } from './progress.ts';

type WholeOptions = {
  readonly from: string;
  readonly service?: string;
  readonly onConflict: string;
  readonly dryRun?: true;
  readonly resume?: true;
  readonly wrap?: true;
  readonly hashConfig?: unknown;
  readonly yes?: true;
  readonly json?: true;
};

/** Puts all of another Rekey into a database that has nothing yet. Everything is checked before anything is written. */
export async function importWhole(options: WholeOptions): Promise<void> {
  const { from, dryRun, json } = options;
  const foreign = {
    '--service': options.service,
    '--resume': options.resume,
    '--wrap': options.wrap,
    '--hash-config': options.hashConfig,
  };
  const [wrong] = Object.entries(foreign).find(([, value]) => value !== undefined) ?? [];
  if (wrong)
    throw new WrongUsage(`${wrong} has no meaning for an export of Rekey, which comes as a whole`);
  if (from === '-' && process.stdin.isTTY) {
    throw new WrongUsage('nothing comes on standard input: name a folder with --from');
  }
  const config = loadConfig();
  await guardedOpening(config, async () => undefined);
  const archive = await openArchive(from);
  try {
    await checkKeys(config, archive.manifest);
    await archive.check();
    if (!dryRun) {
      await confirmed('Put all of this export into the database?', options);
      await write(config, archive);
    }
    const rows = archive.manifest.files.reduce((sum, file) => sum + file.rows, 0);
    if (json) printJson({ rows, files: archive.manifest.files, dry_run: dryRun ?? false });
    else if (dryRun)
      print(
        `${rows} rows would be imported: the export is whole, and the key file is the right one.`,
      );
    else print(`${rows} rows are imported. Check the audit with: rekey audit verify`);
  } finally {
    await archive.close();
  }
}

/** Throws unless the key file is the one that the rows of an export were written with. */
async function checkKeys({ keysFile }: Config, manifest: Manifest): Promise<void> {
  if (manifest.schema > schemaOfExport) {
    throw new Error(`the export is of Rekey ${manifest.rekey}, which is newer than this one`);
  }
  const file = await openKeyFile(keysFile, { mayCreate: false });
  const isPurpose = (name: string): name is KeyPurpose =>
    (keyPurposes as readonly string[]).includes(name);
  for (const [purpose, kids] of Object.entries(manifest.key_ids)) {
    const there = isPurpose(purpose) ? file[purpose].map(({ kid }) => kid) : [];
    const missing = kids.filter((kid) => !there.includes(kid));
    if (missing.length === 0) continue;
    throw new Error(
      `the key file ${keysFile} is not that of the export: it lacks the key ${missing[0]} for ${purpose}. Put the key file of the Rekey that wrote the export there`,
    );
  }
  if (macs(() => file.audit).verify(manifestText(manifest), manifest.mac)) return;
  throw new Error('manifest.json is not as it was exported: its MAC is another one');
}

async function write(config: Config, archive: Archive): Promise<void> {
  const opened = await openDatabase({ url: config.databaseUrl });
  try {
    await opened.migrate();
  } finally {
    await opened.close();
  }
  const screen = progressOn();
  const total = archive.manifest.files.reduce((sum, file) => sum + file.rows, 0);
  async function* watched() {
    let count = 0;
    for await (const row of archive.rows()) {
      count += 1;
      if (count % 1000 === 0) {
        screen.show({ doing: 'writing', done: count / total, said: `${count} rows` });
      }
      yield row;
    }
  }
  await importRows(config.databaseUrl, watched()).finally(() => screen.clear());
  const outcome = 'success';
  await withRekey(({ audit }) =>
    audit.recordAct.execute(operator, { type: 'rekey:Import', outcome }),
  );
}
