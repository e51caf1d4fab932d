import { availableParallelism, cpus, loadavg } from 'node:os';
import { measureHashing } from '@rekey/adapters-crypto';
import { type Command, Option } from 'commander';
import { json, print, printJson, table, wholeNumber } from './common.ts';

/** The values that `BCRYPT_COST` may have. */
const COSTS = [10, 11, 12, 13, 14];

/** Measures this machine; it needs no configuration and touches nothing. */
export function addCalibrate(program: Command): void {
  program
    .command('calibrate')
    .description('measure this machine, and say which BCRYPT_COST suits it')
    .addOption(
      new Option('--time <ms>', 'how long a hash may take')
        .default(250)
        .argParser(wholeNumber(1, 99_999, ' of milliseconds')),
    )
    .addOption(json())
    .action(async (options: { time: number; json?: true }) => {
      const { time } = options;
      const machine = {
        cores: availableParallelism(),
        model: cpus()[0]?.model.trim() ?? 'unknown',
        load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
      };
      const { msOf, perSecondOf } = await measureHashing();
      const costs = COSTS.map((cost) => ({
        cost,
        ms: Math.round(msOf(cost)),
        logins_per_second: Number(perSecondOf(cost).toPrecision(2)),
      }));
      const bcryptCost = costFor(time, msOf);
      if (options.json) {
        printJson({ ...machine, time, bcrypt_cost: bcryptCost, costs });
        return;
      }
      print(
        `${machine.cores} cores, ${machine.model}, load ${machine.load} before the measurement`,
        '',
        ...table(
          costs.map((row) => [row.cost, row.ms, row.logins_per_second].map(String)),
          ['COST', 'MS', 'LOGINS/S'],
        ),
        '',
        bcryptCost === null
          ? `No cost keeps a hash within ${time} ms here: BCRYPT_COST=${COSTS[0]} is the least there is.`
          : `BCRYPT_COST=${bcryptCost} keeps a hash within ${time} ms.`,
        'A login takes one hash, a change of the password two. Busy machines look slower than they are.',
      );
    });
}

/** The highest cost that takes no longer than that; null where none does. */
export function costFor(time: number, msOf: (cost: number) => number): number | null {
  return COSTS.findLast((cost) => msOf(cost) <= time) ?? null;
}
