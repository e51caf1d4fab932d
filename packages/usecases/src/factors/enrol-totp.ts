import {
  type Account,
  type Actor,
  type Challenge,
  Forbidden,
  type Id,
  IllegalArgument,
  InvalidToken,
  MINUTE_MS,
  otpauthUri,
  placeOf,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { findChallenge } from '../shared/demand-factor.ts';
import { personOf } from '../shared/person.ts';
import { sealOwners } from '../shared/seals.ts';
import { serviceNameFor } from '../shared/service-name.ts';
import { type CodeNeeds, lockPerson, withCode } from '../shared/with-code.ts';

type Needs = CodeNeeds & Pick<Ports, 'linkTokens'>;

const SEED_LIFE_MS = 10 * MINUTE_MS;

export type EnrolTotpInput = {
  /** Has to be the person; whoever has a challenge alone may not know the id. */
  readonly userId?: Id | undefined;
  /** Of a login that asked to enrol a factor; a person with a session needs none. */
  readonly challenge?: string | undefined;
  /** Of the factor that is to be replaced. */
  readonly code?: string | undefined;
};

/** A seed as an app takes it: the text is in the URI as well. */
export type ShownSeed = { readonly uri: string; readonly secret: string };

/**
 * Shows a person a new seed of one-time codes, once. It is a factor as soon as a code of it confirms it, within ten
 * minutes; until then a factor that is there stays.
 */
export class EnrolTotp {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` for whoever is not that person, `InvalidToken` for a challenge that is not good for it,
   * `IllegalArgument` where the code of a factor that is there is missing, `InvalidCredentials` for a wrong one, and
   * `TooManyRequests`.
   */
  async execute(actor: Actor, { userId, challenge, code }: EnrolTotpInput): Promise<ShownSeed> {
    if (challenge !== undefined) return this.#byChallenge(actor, userId ?? null, challenge);
    const person = personOf(actor);
    if (userId !== undefined && person.userId !== userId) throw new Forbidden('forbidden');
    if (code !== undefined) {
      return withCode(this.#ports, actor, code, (stores, { account }) =>
        this.#insert(stores, actor, account),
      );
    }
    return this.#ports.database.transact(async (stores) => {
      const { account } = await lockPerson(this.#ports, stores, person);
      if (account.user.factors.hasTotp) throw needsCode('totp');
      return this.#insert(stores, actor, account);
    });
  }

  async #byChallenge(actor: Actor, userId: Id | null, text: string): Promise<ShownSeed> {
    return this.#ports.database.transact(async (stores) => {
      const account = await lockEnrolling(this.#ports, stores, actor, { userId, text });
      return this.#insert(stores, actor, account);
    });
  }

  async #insert(stores: Stores, actor: Actor, { user }: Account): Promise<ShownSeed> {
    return insertSeed(this.#ports, stores, user, placeOf(actor).serviceId);
  }
}

export const needsCode = (field: 'totp' | 'code') =>
  new IllegalArgument([
    { field, message: 'is required: there is a factor to be replaced', code: 'required' },
  ]);

/** Adds a seed for a user, who is locked, in the place of the one that waits. */
export async function insertSeed(
  { secrets, clock, ids, settings }: Pick<Ports, 'secrets' | 'clock' | 'ids' | 'settings'>,
  { factors, services }: Pick<Stores, 'factors' | 'services'>,
  { id: userId, email }: { readonly id: Id; readonly email: string },
  serviceId: Id,
): Promise<ShownSeed> {
  const [id, createdAt] = [ids.next(), clock.now()];
  const secret = secrets.generateTotpSeed();
  const sealed = secrets.seal(secret, sealOwners.factor(id));
  const expiresAt = createdAt + SEED_LIFE_MS;
  await factors.insertSeed({
    id,
    userId,
    createdAt,
    expiresAt,
    sealed,
    step: null,
    lastUsedAt: null,
  });
  const service = await services.find(serviceId);
  const issuer = service ? serviceNameFor(service, settings) : settings.brandName;
  return { uri: otpauthUri({ issuer, account: email, secret }), secret };
}

/**
 * Locks the account of somebody whose login asked to enrol a factor. Throws `InvalidToken` where the challenge is not good
 * for that, or not any more.
 */
export async function lockEnrolling(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  stores: Stores,
  actor: Actor,
  of: { readonly userId: Id | null; readonly text: string },
): Promise<Account & { readonly challenge: Challenge }> {
  const place = placeOf(actor);
  const challenge = await findChallenge(ports, stores, place, { kind: 'enrolment', ...of });
  const account = challenge && (await stores.users.lock(challenge.userId));
  const isGood = account?.user.isEnabled && account.credential.version === challenge?.version;
  if (!account || !challenge || !isGood || account.user.factors.hasTotp) throw new InvalidToken();
  return { ...account, challenge };
}
