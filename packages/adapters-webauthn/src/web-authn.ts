import type { WebAuthn } from '@rekey/usecases';
import { challenges, type SecretList } from './challenges.ts';
import { madeUp } from './made-up.ts';
import { creationOptions, requestOptions } from './options.ts';
import { rpIdsOf } from './origins.ts';

const CREDENTIAL_ID = /^[\w-]{1,1364}$/;

type Options = {
  /** The origins whose passkeys are accepted, the usual one first. */
  readonly origins: readonly [string, ...string[]];
  /** Of challenges. */
  readonly challengeKeys: () => SecretList;
  /** Of the passkeys that nobody has. */
  readonly blindKeys: () => SecretList;
};

/** Passkeys by `@simplewebauthn/server`, which is loaded for the first answer of an authenticator: it is an eighth of a start. */
export function webAuthn({ origins, challengeKeys, blindKeys }: Options): WebAuthn {
  const rpIds = rpIdsOf(origins);
  const all = challenges(challengeKeys);
  let loaded: Promise<Pick<WebAuthn, 'created' | 'proven'>> | null = null;
  const answers = () => {
    loaded ??= import('./answers.ts').then((module) => module.answers({ rpIds, challenges: all }));
    return loaded;
  };

  return {
    rpIdOf: (origin) => rpIds.get(origin ?? origins[0]) ?? null,
    challenge: (ceremony, now) => all.make(ceremony, now),
    madeUp: (email) => madeUp(blindKeys, email),
    creationOptions,
    requestOptions,
    credentialIdIn(response) {
      const id = (response as { id?: unknown } | null)?.id;
      return typeof id === 'string' && CREDENTIAL_ID.test(id) ? id : null;
    },
    created: async (answer) => (await answers()).created(answer),
    proven: async (answer, passkey) => (await answers()).proven(answer, passkey),
  };
}
