import {
  type Actor,
  InvalidToken,
  MAX_PROVIDER_TOKEN_LENGTH,
  NotFound,
  type Provider,
  type ProviderLink,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { lockPerson } from '../shared/with-code.ts';
import { linkTo } from './link-to.ts';

type Needs = Pick<
  Ports,
  'database' | 'providers' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/** Links the account of a person at a provider, which a token that a page has proves, to the account of the session. */
export class AddLinkWithToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws like `AddLink`; `InvalidToken` is for a token that proves nothing. */
  async execute(
    actor: Actor,
    { provider, token }: { readonly provider: Provider; readonly token: string },
  ): Promise<ProviderLink> {
    const person = personOf(actor);
    const { tokens } = this.#ports.providers[provider];
    if (tokens === null) throw new NotFound();
    if (token.length > MAX_PROVIDER_TOKEN_LENGTH) throw new InvalidToken();
    const identity = await tokens.identify(token);
    return this.#ports.database.transact(async (stores) => {
      const { account } = await lockPerson(this.#ports, stores, person);
      const { serviceId } = person;
      const link = { user: account.user, serviceId, identity, field: 'idToken' };
      return linkTo(this.#ports, stores, actor, link);
    });
  }
}
