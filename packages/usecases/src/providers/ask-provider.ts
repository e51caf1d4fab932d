import {
  type Actor,
  type Id,
  IllegalArgument,
  MAX_BINDING_LENGTH,
  PROVIDER_STATE_TTL_MS,
  type Provider,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { personOf } from '../shared/person.ts';
import { sealOwners } from '../shared/seals.ts';
import { awaitedBy, wayTo } from './awaited.ts';

type Needs = Pick<Ports, 'database' | 'providers' | 'secrets' | 'clock'>;

type AskInput = {
  readonly provider: Provider;
  /** Whether the person is to sign in, or to link the account there to the one here that is proven. */
  readonly purpose: 'sign-in' | 'link';
  /** A text that the browser of the person alone brings along later. */
  readonly binding?: string | undefined;
};

/**
 * Answers the page of a provider that a person is sent to. The person comes back to the page of the service with a code and
 * a state; the state is good for ten minutes, once, and for that service, provider, purpose and binding alone.
 */
export class AskProvider {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` where the provider is not configured, `Forbidden` where no user asks for a link with a session,
   * `IllegalArgument`, and `Unavailable` where the provider does not answer.
   */
  async execute(actor: Actor, { provider, purpose, binding }: AskInput): Promise<string> {
    const { database, secrets, clock } = this.#ports;
    const { service, codes, returnUrl } = wayTo(this.#ports, actor, provider);
    if (binding !== undefined && (binding === '' || binding.length > MAX_BINDING_LENGTH)) {
      const message = `must be 1 to ${MAX_BINDING_LENGTH} characters`;
      throw new IllegalArgument([{ field: 'binding', message, code: 'malformed' }]);
    }
    const userId: Id | null = purpose === 'link' ? personOf(actor).userId : null;

    const [state, verifier] = [secrets.generate('rkp_'), secrets.generate('')];
    const of = { state, provider, serviceId: service.id, userId, binding };
    const awaited = awaitedBy(this.#ports, of);
    const { digest } = awaited;
    const url = await codes.urlOf({ returnUrl, state, verifier, nonce: digest });

    const expiresAt = clock.now() + PROVIDER_STATE_TTL_MS;
    const sealed = secrets.seal(verifier, sealOwners.verifier(digest));
    await database.transact(({ providerStates }) =>
      providerStates.insert({ ...awaited, expiresAt, sealed }),
    );
    return url;
  }
}
