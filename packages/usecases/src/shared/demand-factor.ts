import {
  type Actor,
  type Challenge,
  type ChallengeKind,
  FactorDemanded,
  type Id,
  InvalidCredentials,
  isProven,
  MINUTE_MS,
  missingFactor,
  type Origin,
  type Place,
  type ProofMethod,
  placeOf,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Member } from './member.ts';
import { type Recorder, record } from './record.ts';

type Needs = Recorder & Pick<Ports, 'secrets'>;

/** How long a proof waits: for a factor that there is, and for one that is enrolled first. */
const LIFE_MS: Readonly<Record<ChallengeKind, number>> = {
  login: 5 * MINUTE_MS,
  enrolment: 10 * MINUTE_MS,
};

/** Something that was proven at a login. */
type Proven = {
  readonly member: Member;
  /** All that was proven. */
  readonly amr: readonly ProofMethod[];
  /** The device that the account knows; null where it comes from no known one. */
  readonly deviceId: Id | null;
};

/**
 * Answers the refusal of a login that lacks a second factor, with the challenge that the factor is to be shown with; null
 * where it lacks none, and a session may be opened. Comes first in the transaction of a login, and the caller throws the
 * refusal once the transaction is committed. The challenge is bound to the user, the service, the credential and the
 * address of the caller; it is good once, for five minutes, and opens nothing by itself. Records `rekey:FactorDemand`.
 */
export async function demandFactor(
  ports: Needs,
  stores: Stores,
  actor: Actor,
  { member, amr, deviceId }: Proven,
): Promise<FactorDemanded | null> {
  const { user, service } = member;
  if (missingFactor(user.factors, service, amr) === null) return null;
  // Locked, so that the answer is about the account as it is.
  const locked = await stores.users.lock(user.id);
  if (locked?.credential.version !== member.version || !locked.user.isEnabled) {
    throw new InvalidCredentials();
  }
  const missing = missingFactor(locked.user.factors, service, amr);
  if (missing === null) return null;
  const isEnrolment = missing === 'factor_enrolment_required';
  // The owner is told of a new factor by mail, and has to have the mailbox.
  const isOpen = !isEnrolment || isProven(locked.user);
  const kind = isEnrolment ? 'enrolment' : 'login';
  const challenge = isOpen
    ? await makeChallenge(ports, stores, placeOf(actor), { member, amr, deviceId, kind })
    : null;
  const entry = { type: 'rekey:FactorDemand', serviceId: service.id, userId: user.id } as const;
  await record(ports, stores, actor, entry);
  return new FactorDemanded(missing, challenge);
}

/** Makes a challenge, in a transaction that has the user locked; answers its text. */
export async function makeChallenge(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  { factors }: Pick<Stores, 'factors'>,
  { origin }: Pick<Place, 'origin'>,
  {
    member: { user, service, version },
    amr,
    deviceId,
    kind,
  }: Proven & { readonly kind: ChallengeKind },
): Promise<string> {
  const text = ports.secrets.generate('rkc_');
  const now = ports.clock.now();
  const challenge: Challenge = {
    digest: ports.secrets.digest(text),
    kind,
    userId: user.id,
    serviceId: service.id,
    version,
    amr,
    mark: markOf(ports, user.id, origin),
    deviceId,
    createdAt: now,
    expiresAt: now + LIFE_MS[kind],
  };
  await factors.insertChallenge(challenge);
  return text;
}

/** One address has another mark at every account: the database does not tell who was where. */
export const markOf = (
  { secrets }: Pick<Ports, 'secrets'>,
  userId: Id,
  { address }: Origin,
): string => secrets.blind(JSON.stringify(['challenge', userId, address]));

/**
 * Finds a challenge by its text; or, for the form dialect, the latest that was made for a user from the same address. Null
 * for none that is good at the place of the caller.
 */
export async function findChallenge(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  { factors }: Pick<Stores, 'factors'>,
  { serviceId, origin }: Place,
  of: {
    readonly kind: ChallengeKind;
    readonly text: string | undefined;
    /** The account that the caller names; null where it names none, or there is none. */
    readonly userId: Id | null;
  },
): Promise<Challenge | null> {
  const now = ports.clock.now();
  const { kind, text, userId } = of;
  const found =
    text === undefined
      ? await factors.latestChallenge(
          { userId: userId ?? '', serviceId, mark: markOf(ports, userId ?? '', origin), kind },
          now,
        )
      : await factors.findChallenge(ports.secrets.digest(text), now);
  const isGood = found?.serviceId === serviceId && found.kind === kind;
  return isGood && (userId === null || found.userId === userId) ? found : null;
}
