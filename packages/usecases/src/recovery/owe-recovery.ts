import {
  type Actor,
  formServiceId,
  HOUR_MS,
  type Id,
  type Limit,
  nowhere,
  WrongState,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { owe } from '../shared/owe.ts';
import type { Recorder } from '../shared/record.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { keyOf, lockTries, longest, withTry } from '../shared/tries.ts';

type Needs = Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>;

/** Each request is a mail, and voids the link of the one before. */
const recoveryLimit: Limit = { name: 'recover', capacity: 3, leakMs: HOUR_MS / 3 };

/**
 * Owes the owner of a locked account the link that opens it again. It goes to the earliest address that a kill switch
 * was mailed to in the days before the lock, and voids the one before. `serviceId`: the service whose TOKEN key the owner
 * gets along; null for the one whose link locked the account. `countedFor`: the service, or the mailbox of the spent
 * link, that the request is counted for, so that none uses up what another one needs; null where it is not. Throws
 * `WrongState` where the account is not locked, and `TooManyRequests`.
 */
export async function oweRecovery(
  ports: Needs,
  stores: Stores,
  actor: Actor,
  of: { readonly userId: Id; readonly serviceId: Id | null; readonly countedFor: string | null },
): Promise<void> {
  const { users, oneTimeTokens } = stores;
  const { userId } = of;
  const account = await users.lock(userId);
  const lock = await users.lockOf(userId);
  if (account === null || lock === null) throw new WrongState('account_not_locked');
  if (of.countedFor !== null) await countRequest(ports, stores, [of.countedFor, userId]);

  const { user, credential } = account;
  await oneTimeTokens.endAll(userId, ['recover'], ports.clock.now());
  const { id: subjectId } = await owe(ports, stores, {
    purpose: 'recover',
    user: { ...user, email: lock.recoverTo ?? user.email },
    serviceId: of.serviceId ?? lock.serviceId ?? user.createdBy ?? formServiceId,
    origin: actor.origin ?? nowhere,
    version: credential.version,
  });
  const entry = { type: 'rekey:UserRecover', userId, subjectId } as const;
  await recordAtAll(ports, stores, actor, { ...entry, serviceId: of.serviceId });
}

async function countRequest(
  { secrets, clock }: Needs,
  { throttles }: Stores,
  parts: readonly string[],
): Promise<void> {
  const slot = { key: keyOf(secrets, recoveryLimit, ...parts), limit: recoveryLimit };
  const found = await lockTries(throttles, [slot], clock.now());
  const refusal = longest(found);
  if (refusal) throw refusal;
  await throttles.put(found.map(withTry));
}
