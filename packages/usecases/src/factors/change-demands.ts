import {
  type Actor,
  Forbidden,
  type Id,
  IllegalArgument,
  type SecondFactors,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { tellAll } from '../shared/tell-all.ts';
import { type Asking, type CodeNeeds, lockPerson, withCode } from '../shared/with-code.ts';

type Demands = Pick<SecondFactors, 'atPassword' | 'atProvider'>;

type ChangeDemandsInput = Demands & {
  readonly userId: Id;
  /** Needed where less is demanded than before. */
  readonly code?: string | undefined;
};

/** Changes where a login of a person takes the second factor. */
export class ChangeDemands {
  readonly #ports: CodeNeeds & Pick<Ports, 'linkTokens'>;

  constructor(ports: CodeNeeds & Pick<Ports, 'linkTokens'>) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` for whoever is not that person, `IllegalArgument` where there is no factor that could be demanded,
   * and where the code is missing; `InvalidCredentials` for a wrong one, and `TooManyRequests`.
   */
  async execute(
    actor: Actor,
    { userId, atPassword, atProvider, code }: ChangeDemandsInput,
  ): Promise<User> {
    const person = personOf(actor);
    if (person.userId !== userId) throw new Forbidden('forbidden');
    const demands = { atPassword, atProvider };
    if (code !== undefined) {
      return withCode(this.#ports, actor, code, (stores, asking) =>
        this.#change(stores, actor, asking, demands),
      );
    }
    return this.#ports.database.transact(async (stores) => {
      const asking = await lockPerson(this.#ports, stores, person);
      const { factors } = asking.account.user;
      const isLess = (factors.atPassword && !atPassword) || (factors.atProvider && !atProvider);
      if (isLess) {
        const message = 'is required to demand less than before';
        throw new IllegalArgument([{ field: 'code', message, code: 'required' }]);
      }
      return this.#change(stores, actor, asking, demands);
    });
  }

  async #change(
    stores: Stores,
    actor: Actor,
    { person, account: { user } }: Asking,
    demands: Demands,
  ): Promise<User> {
    if ((demands.atPassword || demands.atProvider) && !user.factors.hasTotp) {
      const field = demands.atPassword ? 'atPassword' : 'atProvider';
      const message = 'cannot be demanded: there is no second factor';
      throw new IllegalArgument([{ field, message, code: 'not_allowed' }]);
    }
    const factors = { ...user.factors, ...demands };
    const now = this.#ports.clock.now();
    await stores.users.setFactors(user.id, factors, now);
    const { serviceId } = person;
    const fields = ['require_factor'];
    await tellAll(this.#ports, stores, {
      type: 'user.updated',
      serviceId,
      userId: user.id,
      data: { fields },
    });
    const entry = {
      type: 'sso:UserUpdate',
      serviceId,
      userId: user.id,
      subjectId: user.id,
    } as const;
    await recordAtAll(this.#ports, stores, actor, {
      ...entry,
      data: diffOfDemands(user.factors, factors),
    });
    return { ...user, factors, updatedAt: now };
  }
}

/** What changed, as entries of changes have it. */
const diffOfDemands = (before: SecondFactors, after: SecondFactors) => ({
  type: 'diff',
  data: [
    ['require_factor_at_password', before.atPassword, after.atPassword],
    ['require_factor_at_provider', before.atProvider, after.atProvider],
  ].filter(([, was, is]) => was !== is),
});
