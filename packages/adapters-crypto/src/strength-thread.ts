import { workerData } from 'node:worker_threads';
import type { PasswordQuality } from '@rekey/domain';
import { answerQuestions } from './answer-questions.ts';
import { judgeBy } from './strength.ts';

/** A question to the thread of the password meter. */
export type Question = { readonly password: string; readonly context: readonly string[] };

const judge = judgeBy(workerData);
answerQuestions<Question, PasswordQuality>(({ password, context }) => judge(password, context));
