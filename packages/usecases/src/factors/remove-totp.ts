import {
  type Actor,
  Forbidden,
  type Id,
  NotFound,
  type SecondFactors,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { tellFactor } from '../shared/tell-factor.ts';
import { type CodeNeeds, withCode } from '../shared/with-code.ts';

type Needs = CodeNeeds & Pick<Ports, 'linkTokens'>;

/** Takes the one-time codes, and the recovery codes with them, from a person who shows one of either. */
export class RemoveTotp {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` for whoever is not that person, `InvalidCredentials` for a code that is wrong, and
   * `TooManyRequests`.
   */
  async execute(
    actor: Actor,
    { userId, code }: { readonly userId: Id; readonly code: string },
  ): Promise<User> {
    if (personOf(actor).userId !== userId) throw new Forbidden('forbidden');
    return withCode(this.#ports, actor, code, async (stores, { person, account }) => {
      const { user } = account;
      return removeTotp(this.#ports, stores, actor, { user, serviceId: person.serviceId });
    });
  }
}

/** Takes the one-time codes from a user, who is locked, and tells everybody. Throws `NotFound` where there are none. */
export async function removeTotp(
  ports: Needs,
  stores: Stores,
  actor: Actor,
  { user, serviceId }: { readonly user: User; readonly serviceId: Id | null },
): Promise<User> {
  const now = ports.clock.now();
  const { confirmed } = await stores.factors.seedsOf(user.id, now);
  if (confirmed === null) throw new NotFound();
  await stores.factors.deleteSeeds(user.id);
  await stores.factors.endChallenges(user.id);
  const { hasPasskey } = user.factors;
  const factors: SecondFactors = {
    hasTotp: false,
    hasPasskey,
    atPassword: false,
    atProvider: false,
  };
  await stores.users.setFactors(user.id, factors, now);
  const changed = { kind: 'totp', change: 'removed', subjectId: confirmed.id } as const;
  await tellFactor(ports, stores, actor, { ...changed, user, serviceId });
  return { ...user, factors, updatedAt: now };
}
