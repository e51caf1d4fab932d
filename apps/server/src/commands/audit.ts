import { operator } from '@rekey/domain';
import type { ChainReport } from '@rekey/usecases';
import { type Command, Option } from 'commander';
import { json, onWire, print, printJson, table, wholeNumber, withRekey } from './common.ts';

const DAY_MS = 86_400_000;

/** The record of what happened. */
export function addAudit(program: Command): void {
  const audit = program.command('audit').description('verify the audit, and prune it');

  audit
    .command('verify')
    .description(
      'look for entries that were changed, added or taken away; exit code 1 where there is one',
    )
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const chains = await withRekey(({ audit }) => audit.verifyAudit.execute(operator));
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
      const pruned = await withRekey(({ audit }) => audit.pruneAudit.execute(operator, { before }));
      if (json) printJson({ pruned });
      else print(`${pruned} deleted.`);
    });
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
