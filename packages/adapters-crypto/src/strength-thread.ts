import { parentPort } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import { judge } from './strength.ts';

/** A question to the thread of the password meter. */
export type Question = {
  readonly id: number;
  readonly password: string;
  readonly context: readonly string[];
};
export type Judgement = { readonly id: number; readonly quality: PasswordQuality };

parentPort?.on('message', ({ id, password, context }: Question) => {
  parentPort?.postMessage({ id, quality: judge(password, context) } satisfies Judgement);
});
