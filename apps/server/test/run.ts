import { vi } from 'vitest';
import { createProgram, type ProgramName } from '../src/program.ts';

/** The output of a command, and the error that ended it. */
export type Run = {
  readonly stdout: string;
  readonly stderr: string;
  readonly error: (Error & { readonly exitCode?: number }) | null;
};

/** Runs a command line in this process. */
export async function run(args: readonly string[], name?: ProgramName): Promise<Run> {
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      texts[stream] += chunk.toString();
      return true;
    }),
  );
  try {
    await createProgram(name).parseAsync(args, { from: 'user' });
    return { ...texts, error: null };
  } catch (error) {
    return { ...texts, error: error as Error };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The output of a command that must succeed. */
export async function outputOf(...args: string[]): Promise<string> {
  const { stdout, error } = await run(args);
  if (error) throw error;
  return stdout;
}
