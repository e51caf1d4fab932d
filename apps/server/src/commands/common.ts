import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { openKeyFile } from '@rekey/adapters-crypto';
import { IllegalArgument, type OperatorAct, operator } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { InvalidArgumentError, Option } from 'commander';
import { compose } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { type Founding, guardedOpening } from './founding.ts';

/** Every command that shows something has it. */
export const json = () => new Option('--json', 'print one JSON object');

/** Every command that asks before it does something has it. */
export const yes = () => new Option('--yes', 'do it without a question');

/** The command line is wrong, and nothing was done. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
};

/**
 * Asks before something that cannot be undone, unless the command line says yes. Throws where the answer is no, and
 * `WrongUsage` where there is no terminal to ask at. Asks on stderr: stdout is for what a command prints.
 */
export async function confirmed(
  question: string,
  { yes }: { readonly yes?: true },
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes) return;
  if (!(terminal.input.isTTY && terminal.output.isTTY)) {
    throw new WrongUsage('there is no terminal to ask at: confirm with --yes');
  }
  const lines = createInterface(terminal);
  const answer = await new Promise<string>((resolve) => {
    lines.once('close', () => resolve(''));
    lines.question(`${question} [y/N] `, resolve);
  });
  lines.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new Error('nothing was done');
}

/** Checks an argument as the use case will, before anything is opened or written. */
export const checked = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return text;
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    throw new InvalidArgumentError(error.violations.map(({ message }) => message).join('; '));
  }
};

/** Checks an argument that is a whole number; `unit` says of what. */
export const wholeNumber =
  (min: number, max: number, unit = '') =>
  (text: string) => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number${unit} from ${min} to ${max}.`);
  };

/** Opens Rekey as the environment configures it, runs the work, and closes it again. */
export async function withRekey<T>(
  work: (useCases: UseCases) => Promise<T>,
  founding?: Founding,
  opening: Parameters<typeof compose>[1] = {},
): Promise<T> {
  const config = loadConfig();
  const open = () => compose(config, opening);
  const { useCases, close } = await guardedOpening(config, open, founding);
  try {
    return await work(useCases);
  } finally {
    await close();
  }
}

/**
 * Does something outside of the database as the operator. It is recorded in the audit before, for what cannot be recorded
 * is not done, and once more where it fails. Makes no key file.
 */
export async function act<T>(type: OperatorAct, work: (config: Config) => Promise<T>): Promise<T> {
  const config = loadConfig();
  await guardedOpening(config, () => openKeyFile(config.keysFile, { mayCreate: false }));
  return withRekey(async ({ audit, maintenance }) => {
    await audit.recordAct.execute(operator, { type, outcome: 'success' });
    // A copy that is made of the database knows of itself in its place.
    await maintenance.sequence.execute(operator, { isPatient: true });
    try {
      return await work(config);
    } catch (error) {
      await audit.recordAct.execute(operator, { type, outcome: 'failure' });
      throw error;
    }
  });
}

/** An entity as JSON has it: names in snake_case, times in RFC 3339. */
export function onWire(entity: object): object {
  const entries = Object.entries(entity).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    (name.endsWith('At') || name === 'deadline') && value !== null
      ? new Date(value).toISOString()
      : value,
  ]);
  return Object.fromEntries(entries);
}

export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints what was made, and the key that is never shown again. */
export function printKey(title: string, ...rows: [name: string, value: string][]): void {
  const lines = rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`);
  const hint = 'The key is shown only now. Keep it where you keep passwords.';
  print(title, '', ...lines, '', hint);
}

/** Rows in columns, under the names of the columns where they have some; columns of numbers are aligned to the right. */
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

/** The colours of words for a state. */
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

/** Colours a text where the stream is a terminal, or where NO_COLOR and FORCE_COLOR say so. */
export function colored(
  color: Color | undefined,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return color === undefined || text === '' ? text : styleText(color, text, { stream });
}
