import { styleText } from 'node:util';
import { IllegalArgument } from '@rekey/domain';
import { InvalidArgumentError, Option } from 'commander';
import { compose, type Rekey } from '../compose.ts';
import { loadConfig } from '../config.ts';

/** Every command that shows something has it. */
export const json = () => new Option('--json', 'print one JSON object');

/** Checks an argument the way the use case will, before anything is opened or written. */
export const checked = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return text;
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    throw new InvalidArgumentError(reasonOf(error));
  }
};

/** What was refused; the name of the argument is with whoever says it. */
export function reasonOf(error: IllegalArgument): string {
  return error.violations.map(({ message }) => message).join('; ');
}

/** Opens what the environment names, runs the work, and closes it again. */
export async function withRekey<T>(work: (rekey: Rekey) => Promise<T>): Promise<T> {
  const rekey = await compose(loadConfig());
  try {
    return await work(rekey);
  } finally {
    await rekey.close();
  }
}

/** An entity as JSON knows it: snake_case, times in RFC 3339. */
export function onWire(entity: object): object {
  const entries = Object.entries(entity).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name.endsWith('At') && value !== null ? new Date(value).toISOString() : value,
  ]);
  return Object.fromEntries(entries);
}

export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Rows with their columns in line, under their names where they have some; columns of numbers to the right. */
export function table(
  rows: readonly (readonly string[])[],
  names: readonly string[] = [],
): string[] {
  const all = names.length > 0 ? [names, ...rows] : rows;
  const columns = (all[0] ?? []).map((_, column) => ({
    width: Math.max(...all.map((row) => row[column]?.length ?? 0)),
    isOfNumbers: rows.every((row) => /^\d+(?:\.\d+)?$/.test(row[column] ?? '')),
  }));
  return all.map((row) => {
    const cells = columns.map(({ width, isOfNumbers }, column) => {
      const cell = row[column] ?? '';
      const isLast = column === columns.length - 1;
      const padded = isOfNumbers ? cell.padStart(width) : isLast ? cell : cell.padEnd(width);
      return colored(row === names ? 'bold' : COLORS[cell.trim()], padded);
    });
    return cells.join('  ').trimEnd();
  });
}

/** Words that say how something is. */
const COLORS: Readonly<Record<string, Color>> = {
  ok: 'green',
  sent: 'green',
  current: 'green',
  warn: 'yellow',
  waiting: 'yellow',
  FAIL: 'red',
  dead: 'red',
};

type Color = 'bold' | 'green' | 'yellow' | 'red';

/** In colour where the stream is a terminal, or where NO_COLOR and FORCE_COLOR say so. */
export function colored(
  color: Color | undefined,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return color === undefined || text === '' ? text : styleText(color, text, { stream });
}
