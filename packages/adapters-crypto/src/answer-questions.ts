import { parentPort } from 'node:worker_threads';
import type { Answered, Asked } from './idle-thread.ts';

/** Makes the thread that this runs in one of `idleThread`. */
export function answerQuestions<Question, Answer>(answerTo: (question: Question) => Answer): void {
  parentPort?.on('message', ({ id, question }: Asked<Question>) => {
    parentPort?.postMessage({ id, answer: answerTo(question) } satisfies Answered<Answer>);
  });
}
