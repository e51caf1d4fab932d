import { parseArgs } from 'node:util';
import { machinesFor } from './simulation.ts';

/**
 * Says how many machines a load takes, by a simulation with measured times: `node bench/src/sizing.ts --logins 100`. The
 * times are those of bench/README.md; `rekey calibrate` says what a hash takes on yours.
 */
const { values } = parseArgs({
  options: {
    logins: { type: 'string', default: '10,30,100,300' },
    /** Of each login: changes of passwords, and checks of tokens or keys. */
    changes: { type: 'string', default: '0.05' },
    checks: { type: 'string', default: '20' },
    cores: { type: 'string', default: '4' },
    hash: { type: 'string', default: '45,180' },
    login: { type: 'string', default: '6' },
    check: { type: 'string', default: '0.1' },
    commit: { type: 'string', default: '2' },
    /** The longest time that 99 of 100 logins may take, in hashes. */
    patience: { type: 'string', default: '4' },
  },
});
const numbers = (text: string) => text.split(',').map(Number);
const show = (value: number) => value.toFixed(value < 10 ? 1 : 0);

console.log(
  '| a hash, ms | logins a second | machines | cores in use | login p50 / p99, ms | check p99, ms |',
);
console.log('|---|---|---|---|---|---|');
for (const hashMs of numbers(values.hash)) {
  for (const login of numbers(values.logins)) {
    const demand = {
      perSecond: {
        login,
        change: login * Number(values.changes),
        check: login * Number(values.checks),
      },
    };
    const costs = {
      hashMs,
      loginMs: Number(values.login),
      checkMs: Number(values.check),
      commitMs: Number(values.commit),
    };
    const found = machinesFor(costs, Number(values.cores), demand, {
      p99Ms: hashMs * Number(values.patience),
    });
    if (found === null) continue;
    const { kinds, used } = found.outcome;
    const cells = [
      hashMs,
      login,
      found.count,
      `${Math.round(used * 100)} %`,
      `${show(kinds.login.p50)} / ${show(kinds.login.p99)}`,
      show(kinds.check.p99),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
