import {
  FIRST_ID,
  type Id,
  type Instant,
  type ProofMethod,
  type TotpSeed,
  typedCode,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { sealOwners } from './seals.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'totp' | 'clock'>;

/** A code that is right, and that is not spent yet. */
export type ProvenCode =
  | { readonly kind: 'totp'; readonly seed: TotpSeed; readonly step: number }
  | { readonly kind: 'recovery_code'; readonly digest: string };

/** What a code was right for. */
export type ProvenCodes = {
  /** Of the factor that the user has. */
  readonly own: ProvenCode | null;
  /** Of the seed that waits to be confirmed. */
  readonly pending: { readonly seed: TotpSeed; readonly step: number } | null;
};

/**
 * Finds out what a code is right for: six digits, or a recovery code, as people type them. It costs as much for every user,
 * for nobody, and for every code, and spends nothing.
 */
export async function proveCode(
  { database, secrets, totp, clock }: Needs,
  { userId, code: typed }: { readonly userId: Id | null; readonly code: string },
): Promise<ProvenCodes> {
  const now = clock.now();
  const code = typedCode(typed);
  const id = userId ?? FIRST_ID;
  const digest = digestOfCode(secrets, id, code);
  const { seeds, hasCode } = await database.read(async ({ factors }) => ({
    seeds: await factors.seedsOf(id, now),
    hasCode: await factors.hasCode(id, digest),
  }));
  // Made for every call, so that a user without a seed costs as much as one who has one.
  const decoy = secrets.seal(secrets.generateTotpSeed(), sealOwners.factor(''));
  const stepOf = (seed: TotpSeed | null) => {
    const { sealed, id } = seed ?? { sealed: decoy, id: '' };
    const step = totp.stepOf(code, secrets.unseal(sealed, sealOwners.factor(id)), now);
    const isFresh = seed !== null && step !== null && step > (seed.step ?? -1);
    return isFresh ? { seed, step } : null;
  };
  const [confirmed, pending] = [stepOf(seeds.confirmed), stepOf(seeds.pending)];
  const own: ProvenCode | null = confirmed
    ? { kind: 'totp', ...confirmed }
    : hasCode
      ? { kind: 'recovery_code', digest }
      : null;
  return userId === null ? { own: null, pending: null } : { own, pending };
}

/** Spends a code that was right, only if it is unspent; answers whether it did. */
export const spendCode = (
  { factors }: Pick<Stores, 'factors'>,
  userId: Id,
  proven: ProvenCode,
  now: Instant,
): Promise<boolean> =>
  proven.kind === 'totp'
    ? factors.spendStep(proven.seed.id, proven.step, now)
    : factors.spendCode(userId, proven.digest);

/** The name that a session has for a proof. */
export const methodOf = ({ kind }: ProvenCode): ProofMethod =>
  kind === 'totp' ? 'otp' : 'recovery_code';

/**
 * The digest of a recovery code. A code has 80 random bits, so a fast one is enough: at 10^12 guesses a second it takes
 * 2,600 years to find one of ten with a chance of one half; and it takes a secret that the database does not have to begin.
 */
export const digestOfCode = ({ blind }: Ports['secrets'], userId: Id, code: string): string =>
  blind(JSON.stringify(['recovery code', userId, code.toUpperCase()]));
