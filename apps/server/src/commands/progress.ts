import { colored } from './common.ts';

/** How far something is. */
export type Progress = {
  readonly doing: string;
  /** From 0 to 1; null where nobody knows how much there is. */
  readonly done: number | null;
  readonly said: string;
};

type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

const BAR = 24;
/** A terminal shows it ten times a second; elsewhere there is a line a second. */
const PACE_MS = { terminal: 100, lines: 1000 };

/** Shows how far something is: a bar on a terminal, and a line now and then where there is none. */
export function progressOn(screen: Screen = process.stderr, now = Date.now) {
  const isTerminal = screen.isTTY === true;
  const paceMs = isTerminal ? PACE_MS.terminal : PACE_MS.lines;
  let shownAt = now();
  let isBarThere = false;

  const clear = () => {
    if (isBarThere) screen.write('\r\x1b[K');
    isBarThere = false;
  };
  return {
    show({ doing, done, said }: Progress): void {
      if (now() < shownAt + paceMs) return;
      shownAt = now();
      const percent = done === null ? '' : `${String(Math.floor(100 * done)).padStart(3)} %`;
      if (!isTerminal) {
        screen.write(`${[doing, percent, said].filter(Boolean).join('  ')}\n`);
        return;
      }
      const full = Math.round(BAR * (done ?? 0));
      const bar = done === null ? '' : `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
      const line = [doing.padEnd(8), bar, percent, said].filter(Boolean).join(' ');
      screen.write(`\r\x1b[K${line.slice(0, (screen.columns ?? 80) - 1)}`);
      isBarThere = true;
    },
    /** Writes a line that stays. */
    say(line: string): void {
      clear();
      screen.write(`${line}\n`);
    },
    clear,
  };
}

export type Screened = ReturnType<typeof progressOn>;

export const warning = (text: string): string => colored('yellow', text, process.stderr);
