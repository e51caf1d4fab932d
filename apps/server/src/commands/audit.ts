import { once } from 'node:events';
import {
  type AmendedEntry,
  type AuditEntry,
  type AuditPlace,
  auditTypes,
  DAY_MS,
  HOUR_MS,
  type Id,
  type Instant,
  isCustom,
  isId,
  MINUTE_MS,
  operator,
} from '@rekey/domain';
import type { ChainReport, UseCases } from '@rekey/usecases';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  confirmed,
  json,
  onWire,
  print,
  printJson,
  table,
  wholeNumber,
  withRekey,
} from './common.ts';
import { idOf, userName, userNamed } from './named.ts';

type ListOptions = {
  readonly user?: string;
  readonly service?: Id;
  readonly type?: readonly string[];
  readonly since?: Instant;
  readonly limit: number;
  readonly json?: true;
};

/** The record of what happened. */
export function addAudit(program: Command): void {
  const audit = program.command('audit').description('read the audit, verify it, and prune it');

  audit
    .command('list')
    .description('show entries, the latest first')
    .addOption(
      new Option('--user <user>', 'only entries about that user: e-mail address or id').argParser(
        userName,
      ),
    )
    .addOption(
      new Option('--service <id>', 'only entries of that service').argParser(idOf('service')),
    )
    .addOption(
      new Option('--type <type>', 'only entries of that type; may come several times')
        .choices(auditTypes)
        // Services have types of their own besides.
        .argParser<readonly string[]>((type, types = []) => [...types, type]),
    )
    .addOption(
      new Option(
        '--since <time>',
        'only entries of that time or later: 2026-01-31, 2026-01-31T09:30:00Z, or 30m, 12h, 7d ago',
      ).argParser(parseSince),
    )
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(json())
    .action(async (options: ListOptions) => {
      const entries = await withAudit((useCases) => list(useCases, options));
      if (options.json) printJson({ entries: entries.map(entryOut) });
      else if (entries.length === 0) print('There are none.');
      else {
        print(...table(entries.map(entryRow), NAMES));
      }
    });

  audit
    .command('verify')
    .description(
      'look for entries that were changed, added or taken away; exit code 1 where there is one',
    )
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const chains = await withAudit(({ audit }) => audit.verifyAudit.execute(operator));
      const isOk = chains.every(({ fault }) => fault === null);
      if (options.json) printJson({ ok: isOk, chains: chains.map(onWire) });
      else {
        print(
          ...table(chains.map(row), ['', 'SERVICE', 'ENTRIES', 'PRUNED', 'HASH OF THE LATEST']),
          ...chains.flatMap(complaint),
        );
      }
      if (!isOk) process.exitCode = 1;
    });

  audit
    .command('export')
    .description('print every entry as it was written, one JSON object a line, chain by chain')
    .addOption(
      new Option('--service <id>', 'only the chain of that service').argParser(idOf('service')),
    )
    .action(async ({ service: serviceId }: { service?: Id }) => {
      await withAudit(async ({ audit }) => {
        for await (const entry of audit.exportAudit.execute(operator, { serviceId })) {
          const line = `${JSON.stringify(exportOut(entry))}\n`;
          if (!process.stdout.write(line)) await once(process.stdout, 'drain');
        }
      });
    });

  audit
    .command('prune')
    .description('delete old entries; the rest can be verified as before')
    .addOption(
      new Option('--older-than <days>', 'how old an entry must be to go')
        .argParser(wholeNumber(1, 99_999, ' of days'))
        .makeOptionMandatory(),
    )
    .option('--yes', 'do not ask')
    .addOption(json())
    .action(async (options: { olderThan: number; yes?: true; json?: true }) => {
      await confirmed(`Delete all entries older than ${options.olderThan} days?`, options);
      const pruned = await prune(options.olderThan);
      if (options.json) printJson({ pruned });
      else print(`${pruned} deleted.`);
    });

  program
    .command('task-retention')
    .description('delete old entries of the audit, as a task that nobody watches')
    .addOption(
      new Option('--weeks <number>', 'how old an entry must be to go')
        .default(12)
        .argParser(wholeNumber(1, 9_999, ' of weeks')),
    )
    .addOption(json())
    .action(async ({ weeks, json }: { weeks: number; json?: true }) => {
      const pruned = await prune(7 * weeks);
      if (json) printJson({ pruned });
      else print(String(pruned));
    });
}

/** Works on the audit once the failures are in it that were summed until now. */
const withAudit = <T>(work: (useCases: UseCases) => Promise<T>): Promise<T> =>
  withRekey(async (useCases) => {
    await useCases.audit.recordSums.execute(operator);
    return work(useCases);
  });

const prune = (days: number): Promise<number> =>
  withAudit(({ audit }) =>
    audit.pruneAudit.execute(operator, { before: Date.now() - days * DAY_MS }),
  );

async function list(useCases: UseCases, options: ListOptions): Promise<AmendedEntry[]> {
  const { user, service, type: types, since: from, limit } = options;
  // The audit knows users by their ids who were deleted.
  const userId = user && (isId(user) ? user : (await userNamed(useCases, user)).id);
  const filter = {
    userIds: userId ? [userId] : undefined,
    serviceIds: service === undefined ? undefined : [service],
    types,
    from,
  };
  const entries: AmendedEntry[] = [];
  for (let after: AuditPlace | undefined; ; ) {
    const { listAudit } = useCases.audit;
    const page = { ...filter, after, order: 'desc', limit: limit - entries.length } as const;
    const found = await listAudit.execute(operator, page);
    entries.push(...found.entries);
    if (found.next === null || entries.length >= limit) return entries;
    after = found.next;
  }
}

const units: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** An instant, or one that is so long ago. */
function parseSince(text: string): Instant {
  const [, number, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (number !== undefined) return Date.now() - Number(number) * (units[unit] ?? 0);
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(
    text,
  );
  const instant = isTime ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw new InvalidArgumentError(
    'It must be a time such as 2026-01-31 or 2026-01-31T09:30:00Z, or how long ago, such as 12h.',
  );
}

/** With the names that `/v1/audit` has for it. */
const entryOut = ({
  origin,
  subjectId,
  subject,
  salt: _,
  textDigest: __,
  ...entry
}: AmendedEntry | AuditEntry): object =>
  onWire({
    ...entry,
    subject: subjectId ?? subject,
    remote: origin?.address ?? '',
    userAgent: origin?.client ?? '',
    forwarded: origin?.forwarded ?? null,
  });

/** An entry as it was written, with all that it takes to verify it. */
const exportOut = (entry: AuditEntry): object => ({
  ...entryOut(entry),
  salt: entry.salt,
  text_digest: entry.textDigest,
});

const NAMES = ['WHEN', 'TYPE', 'OUTCOME', 'COUNT', 'SERVICE', 'USER', 'SUBJECT', 'REMOTE', 'WHY'];

function entryRow(entry: AmendedEntry): string[] {
  const { createdAt, type, outcome, count, serviceId, userId, origin } = entry;
  const when = new Date(createdAt).toISOString();
  const subject = entry.subjectId ?? entry.subject ?? '';
  const owner = serviceId ?? 'operator';
  const remote = origin?.address ?? '';
  return [when, type, outcome, String(count), owner, userId ?? '', subject, remote, whyOf(entry)];
}

/** Of a failure of Rekey's own: the code that the caller got, and the cause where it is another. */
function whyOf({ type, data }: AmendedEntry): string {
  if (isCustom(type) || data?.type !== 'error') return '';
  return [data.data, data.cause].filter((each) => typeof each === 'string').join(', ');
}

const nameOf = ({ serviceId }: ChainReport) => serviceId ?? 'operator';

function row(chain: ChainReport): string[] {
  const { length, pruned, hash, fault } = chain;
  return [fault ? 'FAIL' : 'ok', nameOf(chain), String(length), String(pruned), hash ?? ''];
}

function complaint(chain: ChainReport): string[] {
  const { fault } = chain;
  if (fault === null) return [];
  const what = fault.sequence === null ? '' : `entry ${fault.sequence} `;
  return [`${nameOf(chain)}: ${what}${fault.reason}`];
}
