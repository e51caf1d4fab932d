import { type Actor, isRefusal, parseAsked } from '@rekey/domain';
import { type CodeInput, identifyByCode } from './awaited.ts';
import {
  logInLinked,
  memberOf,
  type OpenNeeds,
  recordRefusal,
  type SignedIn,
  spendState,
} from './open-account.ts';

type SignInInput = CodeInput & {
  /** The device token that an earlier login handed out. */
  readonly device?: string | undefined;
  /** The type of an entry of the service's own. */
  readonly audit?: string | undefined;
};

/**
 * Lets a person in who came back from a provider to a service. An account there opens the account here that it is linked
 * to; the first time, the one with an address that both sides have proven, which is linked then. Nobody else gets in, and
 * no account is made.
 */
export class SignIn {
  readonly #ports: OpenNeeds;

  constructor(ports: OpenNeeds) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` where the provider is not configured; `InvalidToken` for a state or code that is not good here;
   * `InvalidCredentials` where there is no account to open, or it is closed; `Forbidden` where the password must be changed
   * first; `FactorDemanded`, `TooManyRequests`, and `Unavailable` where the provider does not answer.
   */
  async execute(actor: Actor, { device, audit, ...input }: SignInInput): Promise<SignedIn> {
    const asked = parseAsked(audit);
    const { provider } = input;
    const { identity, awaited } = await identifyByCode(this.#ports, actor, input, null).catch(
      async (error: unknown) => {
        if (isRefusal(error) && error.code === 'invalid_token') {
          const of = { provider, identity: null, awaited: null };
          await recordRefusal(this.#ports, actor, error, of);
        }
        throw error;
      },
    );
    try {
      const member = await this.#ports.database.transact(async (stores) => {
        await spendState(this.#ports, stores, awaited);
        return memberOf(this.#ports, stores, actor, identity);
      });
      return await logInLinked(this.#ports, actor, { member, identity, device, audit: asked });
    } catch (error) {
      // What is demanded is recorded already.
      if (isRefusal(error) && error.name !== 'FactorDemanded') {
        await recordRefusal(this.#ports, actor, error, { provider, identity, awaited });
      }
      throw error;
    }
  }
}
