import { type Actor, Forbidden, type Id, type ProofMethod } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { confirmSeed } from '../shared/confirm-seed.ts';
import { personOf } from '../shared/person.ts';
import { type CodeNeeds, withChosenCode } from '../shared/with-code.ts';

type Needs = CodeNeeds & Pick<Ports, 'linkTokens'>;

/** Adds a proof to those of a session. */
export const withMethod = (amr: readonly ProofMethod[], method: ProofMethod): ProofMethod[] =>
  amr.includes(method) ? [...amr] : [...amr, method];

/**
 * Makes a seed the second factor of a person with a session, who shows a code of it. Every other session of the person
 * ends, and this one is proven by two factors from then on.
 */
export class ConfirmTotp {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers the recovery codes, once. Throws `Forbidden` for whoever is not that person, `InvalidCredentials` where no
   * seed waits or the code is wrong, and `TooManyRequests`.
   */
  async execute(
    actor: Actor,
    { userId, code }: { readonly userId?: Id | undefined; readonly code: string },
  ): Promise<readonly string[]> {
    const person = personOf(actor);
    if (userId !== undefined && person.userId !== userId) throw new Forbidden('forbidden');
    const { clock } = this.#ports;
    return withChosenCode(this.#ports, actor, {
      code,
      choose: ({ pending }) => pending,
      commit: async (stores, { account, session }, { seed, step }) => {
        const { sessionId, serviceId } = person;
        const of = { user: account.user, serviceId, seedId: seed.id, step, sessionId };
        const codes = await confirmSeed(this.#ports, stores, actor, of);
        const amr = withMethod(session.amr, 'otp');
        await stores.sessions.strengthen(sessionId, { amr, authenticatedAt: clock.now() });
        return codes;
      },
    });
  }
}
