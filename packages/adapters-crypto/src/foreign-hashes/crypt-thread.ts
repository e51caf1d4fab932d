import { answerQuestions } from '../answer-questions.ts';
import { md5Crypt, phpass, shaCrypt } from './crypt-loops.ts';

/** A question to a thread of crypts. */
export type Question = {
  readonly algorithm: 'md5' | 'sha256' | 'sha512' | 'phpass';
  readonly password: string;
  readonly salt: string;
  readonly rounds: number;
  /** Of MD5 alone. */
  readonly magic: string;
};

answerQuestions<Question, string>(({ algorithm, password, salt, rounds, magic }) => {
  if (algorithm === 'md5') return md5Crypt(password, salt, magic);
  if (algorithm === 'phpass') return phpass(password, salt, rounds);
  return shaCrypt(algorithm, password, salt, rounds);
});
