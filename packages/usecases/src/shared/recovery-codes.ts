import type { Id } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { digestOfCode } from './prove-code.ts';

const CODES = 10;
/** Letters of base32, of five bits each: 80 bits. */
const LENGTH = 16;

/** Gives a user, who is locked, ten new recovery codes in the place of all others, and shows them, once. */
export async function renewCodes(
  { secrets }: Pick<Ports, 'secrets'>,
  { factors }: Pick<Stores, 'factors'>,
  userId: Id,
): Promise<string[]> {
  // As random as the seeds, whose letters they are.
  const codes = Array.from({ length: CODES }, () => secrets.generateTotpSeed().slice(-LENGTH));
  await factors.replaceCodes(
    userId,
    codes.map((code) => digestOfCode(secrets, userId, code)),
  );
  return codes.map((code) => (code.toLowerCase().match(/.{4}/g) ?? []).join('-'));
}
