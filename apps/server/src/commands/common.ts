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

/** Rows with their columns in line. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
