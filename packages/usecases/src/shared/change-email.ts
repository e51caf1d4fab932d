import {
  type Actor,
  hasOwnMailbox,
  type Id,
  IllegalArgument,
  isProven,
  type Place,
  type Purpose,
  placeOf,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkFree } from './check-free.ts';
import { diffOf } from './diff.ts';
import { lockMailBudgets } from './mail-budget.ts';
import { owe, oweAsked } from './owe.ts';
import type { Recorder } from './record.ts';
import { recordAtAll } from './record-at-all.ts';
import { sparing, tellAll } from './tell-all.ts';
import { checkChanges } from './throttle.ts';

type Needs = Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'mailTally' | 'settings'>;

type Move = {
  /** Locked, as it is before. */
  readonly user: User;
  /** In its canonical form. */
  readonly newEmail: string;
  /** The session that goes on, where one does. */
  readonly sessionId?: Id | undefined;
};

/** The links that prove an address die with it. */
const provingAddress: readonly Purpose[] = ['reset_password', 'invite', 'validate_email'];

/** Locks the budgets of all mails of a change of address, which comes before anything that owes one of them. */
export const lockBudgetsOfMove = (
  ports: Pick<Ports, 'secrets' | 'clock' | 'settings'>,
  stores: Pick<Stores, 'throttles'>,
  { origin }: Place,
  { user, newEmail }: Pick<Move, 'user' | 'newEmail'>,
): Promise<void> => {
  const to = hasOwnMailbox(user) ? [newEmail] : [user.email, newEmail];
  return lockMailBudgets(
    ports,
    stores,
    to.map((each) => ({ to: each, origin })),
  );
};

/**
 * Gives a user another address, at once: ends its sessions, and owes two mails. The one to the address from before has a
 * link that locks the account and gives that address back, which nobody else can have while the link works. The one to
 * the new address asks for a proof. Answers the user as it is then. Throws `IllegalArgument` for an address that is taken or
 * reserved, and `TooManyRequests`. Known devices stay known: they are the person's, wherever the mails go.
 */
export async function changeEmail(
  ports: Needs,
  stores: Stores,
  actor: Actor,
  { user, newEmail, sessionId }: Move,
): Promise<User> {
  const { users, sessions, oneTimeTokens } = stores;
  const { clock, settings } = ports;
  const { serviceId, origin } = placeOf(actor);
  const now = clock.now();
  await checkChanges(oneTimeTokens, settings, user.id, now, 'update_email');
  const isTaken = !(await users.changeEmail(user.id, newEmail, now));
  await checkFree(ports, stores, { email: newEmail, isTaken, userId: user.id }, 'newEmail');

  await sessions.endAllOf(user.id, now, sessionId);
  await oneTimeTokens.endAll(user.id, provingAddress, now);
  const moved = {
    ...user,
    email: newEmail,
    emailValid: false,
    emailProven: false,
    emailChanged: true,
    updatedAt: now,
  };
  const at = { serviceId, origin };
  await lockBudgetsOfMove(ports, stores, at, { user, newEmail });
  const details = { newEmail, wasProven: isProven(user) };
  const right = { purpose: 'update_email', user, details, ...at } as const;
  const { id: subjectId } = await owe(ports, stores, right);
  await oweAsked(ports, stores, { purpose: 'validate_email', user: moved, ...at });

  const of = { serviceId, userId: user.id, subjectId };
  await tellAll(ports, stores, { ...of, type: 'email.changed', data: sparing(sessionId) });
  const data = diffOf(user, moved);
  await recordAtAll(ports, stores, actor, { ...of, type: 'sso:AuthLocalUpdateEmail', data });
  return moved;
}

/** The refusal of an address that is the account's already. */
export const refusedAsOwn = (field = 'newEmail'): IllegalArgument =>
  new IllegalArgument([
    { field, message: 'must differ from the current one', code: 'same_as_current' },
  ]);
