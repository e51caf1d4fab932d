import { type Actor, Forbidden, type Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { renewCodes } from '../shared/recovery-codes.ts';
import { tellFactor } from '../shared/tell-factor.ts';
import { type CodeNeeds, withCode } from '../shared/with-code.ts';

type Needs = CodeNeeds & Pick<Ports, 'linkTokens'>;

/** Gives a person who shows a code new recovery codes, in the place of all others. */
export class RenewRecoveryCodes {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers ten codes, once. Throws `Forbidden` for whoever is not that person, `InvalidCredentials` for a code that is
   * wrong, and `TooManyRequests`.
   */
  async execute(
    actor: Actor,
    { userId, code }: { readonly userId: Id; readonly code: string },
  ): Promise<readonly string[]> {
    if (personOf(actor).userId !== userId) throw new Forbidden('forbidden');
    return withCode(this.#ports, actor, code, async (stores, { person, account }) => {
      const codes = await renewCodes(this.#ports, stores, userId);
      const { serviceId } = person;
      const changed = { kind: 'recovery_codes', change: 'added', subjectId: null } as const;
      await tellFactor(this.#ports, stores, actor, { ...changed, user: account.user, serviceId });
      return codes;
    });
  }
}
