import {
  type Actor,
  type AuditType,
  type ErrorCode,
  type Id,
  IllegalArgument,
  InvalidCredentials,
  isRefusal,
  placeOf,
  TooManyRequests,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Presented } from './known-device.ts';
import { type AuditCause, type Recorder, record } from './record.ts';
import { recordFailures } from './record-failures.ts';
import { admit, takeBackTry } from './throttle.ts';

type Needs = Recorder & Pick<Ports, 'database' | 'secrets' | 'settings'>;

/** A try. */
type Tried = {
  /** Under which a failure is recorded, and a success that its change does not record. */
  readonly type: AuditType;
  /** The name of the account: tries in vain at one name are counted together, whether or not it exists. */
  readonly account: string;
  readonly device: Presented | null;
  /** The message to a wrong try. */
  readonly refusal?: string;
};

type Steps<Proof, Prepared, Result> = {
  /**
   * Looks and proves; the slow work is here. `userId`: the user, as far as the service may know of it.
   * `proof`: null where nothing is proven. `cause`: why nothing could be, for the audit.
   */
  prove(): Promise<{
    readonly userId: Id | null;
    readonly proof: Proof | null;
    readonly cause?: AuditCause | null;
  }>;
  /** The rest of the slow work, once the proof holds. Whatever it throws, the try was right and counts no more. */
  prepare(proof: Proof): Promise<Prepared>;
  /**
   * The change, in one transaction with its record. Throws `TooManyRequests` where the change would be too much,
   * `IllegalArgument` where it cannot be made, and another refusal where the proof holds no longer.
   */
  commit(stores: Stores, proof: Proof, prepared: Prepared): Promise<Committed<Result>>;
};

/** What a change came to: with the subject of the entry of its success, or recorded by the change itself. */
type Committed<Result> = { readonly result: Result } & (
  | { readonly subjectId: Id | null }
  | { readonly isRecorded: true }
);

/**
 * Brackets a try to prove something, and owns the count of tries: a try is counted as a failure before anything is
 * looked at, and is none any more once the proof holds. A try that proves nothing ends in `InvalidCredentials`, or in
 * `TooManyRequests` where a stranger's tries would have to wait; wrong tries are recorded. Answers the id of the audit
 * entry besides; an empty text where the change made the entries.
 */
export async function attempt<Proof, Prepared, Result>(
  ports: Needs,
  actor: Actor,
  { type, account, device, refusal: message }: Tried,
  { prove, prepare, commit }: Steps<Proof, Prepared, Result>,
): Promise<{ result: Result; entryId: Id }> {
  const { database } = ports;
  const place = placeOf(actor);
  const { serviceId } = place;
  const admission = await admit(ports, place, account, device);
  if (admission.counted === null) {
    if (admission.looksInVain) await prove();
    throw admission.refusal;
  }
  const { counted, refusal, bringsWait } = admission;

  const takeBack = () => database.transact(({ throttles }) => takeBackTry(throttles, counted));
  const {
    userId,
    proof,
    cause = null,
  } = await prove().catch(async (error: unknown) => {
    await takeBack();
    throw error;
  });

  const subjectId = actor.kind === 'user' ? actor.session.sessionId : null;
  const failure = { serviceId, userId, subjectId };
  const recordFailure = (code: ErrorCode) => {
    const types = [type, ...(bringsWait ? (['rekey:Throttle'] as const) : [])];
    return database.transact((stores) =>
      recordFailures(ports, stores, actor, types, failure, code, cause),
    );
  };

  if (proof === null) {
    const answer = refusal ?? new InvalidCredentials(message);
    await recordFailure(answer.code);
    throw answer;
  }

  /** The try was right, whatever it came to. */
  const acquit = (error: unknown) =>
    database.transact(async (stores) => {
      await takeBackTry(stores.throttles, counted);
      if (!isRefusal(error)) return;
      await recordFailures(ports, stores, actor, [type], failure, error.code);
    });
  const prepared = await prepare(proof).catch(async (error: unknown) => {
    await acquit(error);
    throw error;
  });

  const committing = database.transact(async (stores) => {
    const committed = await commit(stores, proof, prepared);
    await takeBackTry(stores.throttles, counted);
    const { result } = committed;
    if ('isRecorded' in committed) return { result, entryId: '' };
    const entry = { type, serviceId, userId, subjectId: committed.subjectId };
    return { result, entryId: await record(ports, stores, actor, entry) };
  });
  return committing.catch(async (error: unknown) => {
    if (error instanceof TooManyRequests || error instanceof IllegalArgument) await acquit(error);
    // A change that somebody else committed since voids the proof: then the try stands as a failure.
    else if (isRefusal(error)) await recordFailure(error.code);
    else await takeBack().catch(() => undefined);
    throw error;
  });
}
