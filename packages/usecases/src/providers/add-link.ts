import type { Actor, ProviderLink } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { lockPerson } from '../shared/with-code.ts';
import { type CodeInput, identifyByCode } from './awaited.ts';
import { linkTo } from './link-to.ts';
import { spendState } from './open-account.ts';

type Needs = Pick<
  Ports,
  'database' | 'providers' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/** Links the account of a person at a provider, who came back from there, to the account here that the request proves. */
export class AddLink {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * The owner is mailed. Throws `Forbidden` where no user asks with a session, `Unauthorized` where it ended meanwhile, `NotFound` and
   * `InvalidToken` like a sign-in, `IllegalArgument` where either account is linked already with another one, `WrongState` where nobody proved the address,
   * `TooManyRequests` where the owner could not be mailed, and `Unavailable`.
   */
  async execute(actor: Actor, input: CodeInput): Promise<ProviderLink> {
    const person = personOf(actor);
    const { userId, serviceId } = person;
    const { identity, awaited } = await identifyByCode(this.#ports, actor, input, userId);
    return this.#ports.database.transact(async (stores) => {
      // Locked first: a deletion of the user ends its states.
      const { account } = await lockPerson(this.#ports, stores, person);
      await spendState(this.#ports, stores, awaited);
      const link = { user: account.user, serviceId, identity, field: 'code' };
      return linkTo(this.#ports, stores, actor, link);
    });
  }
}
