import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.ts';
import { type Figure, machine, NOISY, otherLoad, type Row } from './figures.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    // A try of the benchmarks themselves: a tenth of the time, and figures that say nothing.
    try: { type: 'boolean', default: false },
    users: { type: 'string', default: '1000000' },
    // The databases of `lists`, which take minutes to fill.
    keep: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(`bench: ${unknown.join(', ')}? There are: ${Object.keys(benchmarks).join(', ')}`);
  process.exit(2);
}
const keep = values.keep ?? null;
const effort = values.try
  ? { rounds: 1, scale: 0.1, most: 10_000, keep }
  : { rounds: Number(values.rounds), scale: 1, most: Number(values.users), keep };

const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const here = machine();
console.log(`${here.cores} cores, ${here.model}, ${here.platform}, Node ${here.node}`);

const lines: string[][] = [];
for (const name of names) {
  const before = await otherLoad();
  const rows = (await benchmarks[name]?.(effort)) ?? [];
  const after = await otherLoad();
  const busy = Math.max(before.busy, after.busy);
  const isNoisy = busy > NOISY;
  if (!values.try)
    writeDown(name, {
      machine: here,
      at: new Date().toISOString(),
      before,
      after,
      isNoisy,
      rounds: effort.rounds,
      rows,
    });
  const note = isNoisy ? `NOISY: ${percent(busy)} of the machine was busy with something else` : '';
  console.log(`${name} ${note}`);
  for (const row of rows) lines.push(cells(row, isNoisy));
}
console.log();
const head = ['', 'Rekey', 'beside', '', 'ratio', 'goal'];
const widths = head.map((_, column) =>
  Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)),
);
for (const line of [head, ...lines]) {
  console.log(
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
process.exit(0);

function writeDown(name: string, result: object): void {
  const folder = path.join(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function cells({ what, unit, rekey, beside, other, ratio, goal }: Row, isNoisy: boolean): string[] {
  return [
    `${what}${isNoisy ? ' (noisy)' : ''}`,
    `${show(rekey)} ${unit}`,
    beside,
    show(other),
    show(ratio),
    goal ? verdict(goal, goal.of === 'ratio' ? ratio : rekey) : '',
  ];
}

function verdict({ least, most }: NonNullable<Row['goal']>, { median }: Figure): string {
  const isMet = median >= (least ?? 0) && median <= (most ?? Number.POSITIVE_INFINITY);
  const limits = [
    ...(least === undefined ? [] : [`>= ${least}`]),
    ...(most === undefined ? [] : [`<= ${most}`]),
  ];
  return `${limits.join(', ')} ${isMet ? 'met' : 'MISSED'}`;
}

function show({ median, min, max }: Figure): string {
  return min === max ? digits(median) : `${digits(median)} [${digits(min)}..${digits(max)}]`;
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
