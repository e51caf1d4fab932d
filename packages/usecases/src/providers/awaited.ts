import {
  type Actor,
  type Id,
  type Identity,
  InvalidToken,
  MAX_BINDING_LENGTH,
  MAX_CODE_LENGTH,
  NotFound,
  type Provider,
  returnUrlOf,
  type Service,
  Unauthorized,
} from '@rekey/domain';
import type { Awaited, CodeFlow, Ports } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';

/** A state is shorter than this. */
const MAX_STATE_LENGTH = 200;

/** What a person comes back with from a provider. */
export type CodeInput = {
  readonly provider: Provider;
  readonly code: string;
  readonly state: string;
  /** The text that was given when the person was sent there; missing where none was. */
  readonly binding?: string | undefined;
};

/** The way to a provider and back, for a service. */
export type Way = {
  readonly service: Service;
  readonly codes: CodeFlow;
  readonly returnUrl: string;
};

/** Throws `NotFound` where the operator registered no client, or the service has no page to come back to. */
export function wayTo(
  { providers }: Pick<Ports, 'providers'>,
  actor: Actor,
  provider: Provider,
): Way {
  if (actor.kind !== 'service') throw new Unauthorized();
  const { service } = actor;
  const { codes } = providers[provider];
  const returnUrl = returnUrlOf(service, provider);
  if (codes === null || returnUrl === null) throw new NotFound();
  return { service, codes, returnUrl };
}

/** What a state is good for. `userId`: the user whom an account there is to be linked to; null for a sign-in. */
export const awaitedBy = (
  { secrets }: Pick<Ports, 'secrets'>,
  {
    state,
    provider,
    serviceId,
    userId,
    binding,
  }: {
    readonly state: string;
    readonly provider: Provider;
    readonly serviceId: Id;
    readonly userId: Id | null;
    readonly binding: string | undefined;
  },
): Awaited => ({
  digest: secrets.digest(state),
  provider,
  serviceId,
  userId,
  binding:
    binding === undefined ? null : secrets.blind(JSON.stringify(['provider binding', binding])),
});

/**
 * Finds out who came back with a code, and answers the state as well, which is to be spent. Throws `InvalidToken` where the
 * state is unknown, spent, expired, or another service's, provider's, user's or browser's, and where the code proves
 * nothing: then the state is spent. Throws `Unavailable` where the provider does not answer: then both can be tried again.
 */
export async function identifyByCode(
  ports: Pick<Ports, 'database' | 'providers' | 'secrets' | 'clock'>,
  actor: Actor,
  { provider, code, state, binding }: CodeInput,
  userId: Id | null,
): Promise<{ readonly identity: Identity; readonly awaited: Awaited }> {
  const { service, codes, returnUrl } = wayTo(ports, actor, provider);
  const isReadable =
    code !== '' &&
    code.length <= MAX_CODE_LENGTH &&
    state.length <= MAX_STATE_LENGTH &&
    (binding === undefined || binding.length <= MAX_BINDING_LENGTH);
  if (!isReadable) throw new InvalidToken();

  const { database, secrets, clock } = ports;
  const awaited = awaitedBy(ports, { state, provider, serviceId: service.id, userId, binding });
  const sealed = await database.read(({ providerStates }) =>
    providerStates.find(awaited, clock.now()),
  );
  if (sealed === null) throw new InvalidToken();
  const verifier = secrets.unseal(sealed, sealOwners.verifier(awaited.digest));
  try {
    const nonce = awaited.digest;
    return { identity: await codes.identify({ code, returnUrl, verifier, nonce }), awaited };
  } catch (error) {
    if (error instanceof InvalidToken) {
      await database.transact(({ providerStates }) => providerStates.spend(awaited, clock.now()));
    }
    throw error;
  }
}
