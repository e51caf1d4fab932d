import { operator } from '@rekey/domain';
import type { ReadThrottle } from '@rekey/usecases';
import { Argument, type Command } from 'commander';
import { json, onWire, print, printJson, table, withRekey } from './common.ts';
import { userName, userNamed } from './named.ts';

const user = () => new Argument('<user>', 'e-mail address or id').argParser(userName);

/** The counts of wrong tries at an account. */
export function addThrottle(program: Command): void {
  const throttle = program
    .command('throttle')
    .description('look at the wrong tries that make an account wait, and forget them');

  throttle
    .command('show')
    .description('show the tries at an account that are not forgotten yet')
    .addArgument(user())
    .addOption(json())
    .action(async (name: string, options: { json?: true }) => {
      const counts = await withRekey(async (useCases) => {
        const { id: userId } = await userNamed(useCases, name);
        return useCases.throttling.readThrottles.execute(operator, { userId });
      });
      if (options.json) printJson({ throttles: counts.map(onWire) });
      else if (counts.length === 0) print('There are none.');
      else print(...table(counts.map(row), ['SERVICE', 'OF', 'LIMIT', 'NETWORK', 'TRIES', 'WAIT']));
    });

  throttle
    .command('reset')
    .description('forget the tries at an account: its owner may try again at once')
    .addArgument(user())
    .addOption(json())
    .action(async (name: string, options: { json?: true }) => {
      const reset = await withRekey(async (useCases) => {
        const { id: userId } = await userNamed(useCases, name);
        return useCases.throttling.resetThrottles.execute(operator, { userId });
      });
      if (options.json) printJson({ reset });
      else print(reset === 0 ? 'There was nothing to forget.' : 'The tries are forgotten.');
    });
}

function row(count: ReadThrottle): string[] {
  const { serviceId, of, limit, network, tries, quota, retryAfterS } = count;
  const wait = retryAfterS === 0 ? 'none' : `${retryAfterS} s`;
  return [serviceId, of, limit, network ?? 'all', `${tries} of ${quota}`, wait];
}
