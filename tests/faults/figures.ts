import type { TestContext } from 'vitest';

export type Figure = {
  readonly fault: string;
  readonly database: string;
  /** How often the fault was made. */
  readonly rounds: number;
  /** The outcome. */
  readonly figure: string;
};

declare module 'vitest' {
  interface TaskMeta {
    figures?: Figure[];
  }
}

/** Notes a figure for the table that `test:long` ends with. */
export function record({ task }: TestContext, figure: Figure): void {
  task.meta.figures = [...(task.meta.figures ?? []), figure];
}

/** A measure of time, for a figure: no test has a limit of it. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
