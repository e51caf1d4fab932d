import {
  type Account,
  type Actor,
  type AuditType,
  type Id,
  InvalidCredentials,
  type Session,
  Unauthorized,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { attempt } from './attempt.ts';
import { findSession } from './find-session.ts';
import { type Person, personOf } from './person.ts';
import { type ProvenCode, type ProvenCodes, proveCode, spendCode } from './prove-code.ts';
import type { Recorder } from './record.ts';

export type CodeNeeds = Recorder & Pick<Ports, 'database' | 'secrets' | 'totp' | 'settings'>;

export const WRONG_CODE = 'the code is not right';

/** A person, whose account is locked, and the session that asks, which is open. */
export type Asking = {
  readonly person: Person;
  readonly account: Account;
  readonly session: Session;
};

type Steps<Proof, Result> = {
  readonly code: string;
  /** Under which a wrong code is recorded. */
  readonly type?: AuditType;
  /** The code that is asked for, of those that are right; null for none. */
  choose(proven: ProvenCodes): Proof | null;
  /** The change, in one transaction. It spends the code first, and records what it did. */
  commit(stores: Stores, asking: Asking, proof: Proof): Promise<Result>;
};

/**
 * Does something for a person with a session who shows a code. Tries are counted with those at the password of the
 * account; those of a session apart from those of strangers. Throws `Forbidden` for whoever is no person with a session,
 * `InvalidCredentials` for a code that is wrong or spent, `Unauthorized` where the session ended meanwhile, and
 * `TooManyRequests`.
 */
export async function withChosenCode<Proof, Result>(
  ports: CodeNeeds,
  actor: Actor,
  { code, type = 'rekey:FactorProve', choose, commit }: Steps<Proof, Result>,
): Promise<Result> {
  const person = personOf(actor);
  const { userId, sessionId } = person;
  const user = await ports.database.read(({ users }) => users.get(userId));
  if (user === null) throw new Unauthorized();
  const device = { id: sessionId, countedAs: sessionId, isKnown: true };
  const tried = { type, account: user.email, device, refusal: WRONG_CODE } as const;
  const { result } = await attempt(ports, actor, tried, {
    prove: async () => {
      const proven = await proveCode(ports, { userId, code });
      return { userId, proof: choose(proven) };
    },
    prepare: async () => null,
    commit: async (stores, proof) => {
      const asking = await lockPerson(ports, stores, person);
      return { isRecorded: true, result: await commit(stores, asking, proof) };
    },
  });
  return result;
}

/** Like `withChosenCode`, with a code of the factor that the person has, which is spent. */
export function withCode<Result>(
  ports: CodeNeeds,
  actor: Actor,
  code: string,
  commit: (stores: Stores, asking: Asking, proven: ProvenCode) => Promise<Result>,
): Promise<Result> {
  return withChosenCode<ProvenCode, Result>(ports, actor, {
    code,
    choose: ({ own }) => own,
    commit: async (stores, asking, proven) => {
      await spend(ports, stores, asking.person.userId, proven);
      return commit(stores, asking, proven);
    },
  });
}

/** Spends a code; throws `InvalidCredentials` where somebody else was faster. */
export async function spend(
  { clock }: Pick<Ports, 'clock'>,
  stores: Pick<Stores, 'factors'>,
  userId: Id,
  proven: ProvenCode,
): Promise<void> {
  if (!(await spendCode(stores, userId, proven, clock.now()))) {
    throw new InvalidCredentials(WRONG_CODE);
  }
}

/** Locks the account of a person whose session is open; throws `Unauthorized` where it is not. */
export async function lockPerson(
  { clock }: Pick<Ports, 'clock'>,
  stores: Stores,
  person: Person,
): Promise<Asking> {
  const account = await stores.users.lock(person.userId);
  const open = await findSession(stores, person, clock.now());
  if (account === null || open === null) throw new Unauthorized();
  return { person, account, session: open.session };
}
