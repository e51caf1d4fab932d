import { type AuditEntry, type AuditType, auditTypes, DAY_MS, operator } from '@rekey/domain';
import type { ChainReport, UseCases } from '@rekey/usecases';
import { type Command, Option } from 'commander';
import { json, onWire, print, printJson, table, wholeNumber, withRekey } from './common.ts';

/** The record of what happened. */
export function addAudit(program: Command): void {
  const audit = program.command('audit').description('read the audit, verify it, and prune it');

  audit
    .command('list')
    .description('show entries, the latest first')
    .addOption(new Option('--type <type>', 'only entries of that type').choices(auditTypes))
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(json())
    .action(async ({ type, limit, json }: { type?: AuditType; limit: number; json?: true }) => {
      const { entries } = await withAudit((audit) =>
        audit.listAudit.execute(operator, { type, limit }),
      );
      if (json) printJson({ entries: entries.map(entryOut).map(onWire) });
      else if (entries.length === 0) print('There are none.');
      else
        print(
          ...table(entries.map(entryRow), [
            'WHEN',
            'TYPE',
            'OUTCOME',
            'COUNT',
            'SERVICE',
            'REMOTE',
          ]),
        );
    });

  audit
    .command('verify')
    .description(
      'look for entries that were changed, added or taken away; exit code 1 where there is one',
    )
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const chains = await withAudit((audit) => audit.verifyAudit.execute(operator));
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
    .command('prune')
    .description('delete old entries; the rest can be verified as before')
    .addOption(
      new Option('--older-than <days>', 'how old an entry must be to go')
        .argParser(wholeNumber(1, 99_999, ' of days'))
        .makeOptionMandatory(),
    )
    .addOption(json())
    .action(async ({ olderThan, json }: { olderThan: number; json?: true }) => {
      const before = Date.now() - olderThan * DAY_MS;
      const pruned = await withAudit((audit) => audit.pruneAudit.execute(operator, { before }));
      if (json) printJson({ pruned });
      else print(`${pruned} deleted.`);
    });
}

/** Works on the audit once the failures are in it that were summed until now. */
const withAudit = <T>(work: (audit: UseCases['audit']) => Promise<T>): Promise<T> =>
  withRekey(async ({ audit }) => {
    await audit.recordSums.execute(operator);
    return work(audit);
  });

/** With the names that `/v1/audit` has for it. */
const entryOut = ({ origin, subjectId: subject, ...entry }: AuditEntry) => ({
  ...entry,
  subject,
  remote: origin?.address ?? null,
  userAgent: origin?.client ?? null,
});

function entryRow({ createdAt, type, outcome, count, serviceId, origin }: AuditEntry): string[] {
  const when = new Date(createdAt).toISOString();
  return [when, type, outcome, String(count), serviceId ?? 'operator', origin?.address ?? ''];
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
