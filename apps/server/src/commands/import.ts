import { readFile } from 'node:fs/promises';
import { sources } from '@rekey/adapters-moving';
import { operator } from '@rekey/domain';
import type { ImportNews, ImportResult, Source, SourceRow, UseCases } from '@rekey/usecases';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { confirmed, json, onWire, print, printJson, WrongUsage, withRekey, yes } from './common.ts';
import { importWhole } from './import-whole.ts';
import { type Input, openInput } from './input.ts';
import { type Progress, progressOn, type Screened, warning } from './progress.ts';

/** All of another Rekey, as it was exported. */
const WHOLE = 'rekey';

type ImportOptions = {
  readonly from: string;
  readonly service?: string;
  readonly onConflict: 'skip' | 'update' | 'fail';
  readonly dryRun?: true;
  readonly resume?: true;
  readonly wrap?: true;
  readonly hashConfig?: unknown;
  readonly yes?: true;
  readonly json?: true;
};

/** Takes users of other systems in. */
export function addImport(program: Command): void {
  program
    .command('import')
    .description('take users in from another system, or all of another Rekey')
    .addArgument(
      new Argument('<source>', 'the system that they come from').choices([
        ...Object.keys(sources),
        WHOLE,
      ]),
    )
    .addOption(
      new Option(
        '--from <place>',
        'a file, - for standard input, the URL of the database of the other system, or the folder of an export of Rekey',
      ).default('-'),
    )
    .addOption(
      new Option(
        '--service <service>',
        'the id or name of the service that makes the users, and where they can log in then',
      ),
    )
    .addOption(
      new Option('--on-conflict <rule>', 'what becomes of a row whose id or address is there')
        .choices(['skip', 'update', 'fail'])
        .default('skip'),
    )
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--resume', 'go on where an import of the same was interrupted')
    .option('--wrap', 'hash cheap hashes once more instead of sealing them: this takes long')
    .addOption(
      new Option(
        '--hash-config <file>',
        'JSON with the parameters of hashes that an export does not name',
      ),
    )
    .addOption(yes())
    .addOption(json())
    .action(async (name: string, options: ImportOptions & { hashConfig?: string }) => {
      if (name === WHOLE) return importWhole(options);
      const source = sources[name];
      if (!source) throw new Error('commander lets known sources through alone');
      if (options.dryRun && options.resume) {
        throw new WrongUsage('--dry-run and --resume exclude each other');
      }
      const hashConfig = options.hashConfig && (await readJson(options.hashConfig));
      const open = await openSource(source, options.from, hashConfig);
      try {
        if (options.onConflict === 'update' && !options.dryRun) {
          await confirmed('Change users who are there already?', options);
        }
        const work = (useCases: UseCases) => run(useCases, name, open, options);
        const end = await withRekey(work, undefined, { isBulk: true });
        report(end, options);
      } finally {
        await open.close();
      }
    });
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    // The message of the parser quotes the text, which holds a secret.
    throw new InvalidArgumentError(`${file} is not JSON.`);
  }
}

type Opened = {
  rows(): AsyncIterable<SourceRow>;
  /** How much of the input was read by the reading that is under way; null where nobody knows. */
  done(): number | null;
  close(): Promise<void>;
};

async function openSource(source: Source, from: string, hashConfig: unknown): Promise<Opened> {
  const options = { hashConfig };
  const { connect } = source;
  if (/^postgres(?:ql)?:\/\//.test(from)) {
    if (!connect) throw new WrongUsage('this source is read from a file, and not from a database');
    return {
      rows: () => connect(from, options),
      done: () => null,
      close: async () => undefined,
    };
  }
  const input: Input = await openInput(from);
  return {
    rows: () => source.read(input.read(), options),
    done: () => (input.size === 0 ? null : input.position() / input.size),
    close: () => input.close(),
  };
}

type End = { readonly result: ImportResult | null; readonly line: number };

/** Runs the import until it is done, or somebody interrupts it: then the batch that is being written is the last. */
async function run(
  { moving, services }: UseCases,
  name: string,
  opened: Opened,
  options: ImportOptions,
): Promise<End> {
  // It may come before the first start.
  await services.openFormService.execute(operator);
  const { onConflict, dryRun, resume, wrap, service } = options;
  const news = moving.importUsers.execute(operator, {
    source: name,
    rows: () => opened.rows(),
    onConflict,
    isDry: dryRun ?? false,
    isResumed: resume ?? false,
    wrap: wrap ?? false,
    service,
  });
  const screen = progressOn();
  let isInterrupted = false;
  let line = 0;
  const interrupt = () => {
    isInterrupted = true;
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    for (;;) {
      const { done, value } = await news.next();
      if (done) return { result: value, line };
      if (value.kind === 'progress' && value.step === 'write') line = value.line;
      show(screen, value, opened);
      if (!isInterrupted) continue;
      await news.return(undefined as never);
      return { result: null, line };
    }
  } finally {
    screen.clear();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

const doing = { read: 'reading', check: 'checking', write: 'writing' } as const;

function show(screen: Screened, news: ImportNews, opened: Opened): void {
  if (news.kind === 'fault') {
    screen.say(`line ${news.line}: ${warning(news.reasons.join('; '))}`);
    return;
  }
  const { step, line, of, counts } = news;
  const done = of === null ? opened.done() : line / of;
  const said = [`line ${line}`, step === 'write' ? `${counts.users} users` : ''];
  screen.show({
    doing: doing[step],
    done,
    said: said.filter(Boolean).join(', '),
  } satisfies Progress);
}

function report({ result, line }: End, { dryRun, json }: ImportOptions): void {
  if (result === null) {
    process.exitCode = 1;
    throw new Error(
      line === 0
        ? 'interrupted before anything was written'
        : `interrupted after line ${line}: the same command with --resume goes on from there`,
    );
  }
  const { counts, leftOut, isRefused } = result;
  if (counts.refused > 0) process.exitCode = 1;
  if (json) {
    printJson({
      ...onWire(counts),
      left_out: leftOut,
      dry_run: dryRun ?? false,
      written: !isRefused && !dryRun,
    });
    return;
  }
  const verb = dryRun ? 'would be' : 'are';
  if (isRefused) print('Nothing was written, because not all of it is good.');
  else {
    print(
      `${counts.users} users, ${counts.services} services and ${counts.keys} keys ${verb} imported.`,
      ...(counts.updated > 0 ? [`${counts.updated} that were there ${verb} changed.`] : []),
      ...(counts.skipped > 0
        ? [`${counts.skipped} that were there ${dryRun ? 'would stay' : 'stay'} as they are.`]
        : []),
    );
  }
  if (counts.refused > 0) print(`${counts.refused} lines are left out: see above.`);
  if (leftOut.length > 0) print(`No counterpart here: ${leftOut.join(', ')}.`);
}
