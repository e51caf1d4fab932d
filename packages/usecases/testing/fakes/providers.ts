import { type Identity, InvalidToken, type Provider, Unavailable } from '@rekey/domain';
import type { IdentityProvider } from '../../src/ports/index.ts';

/** What a code of a fake was given out for. */
type Given = {
  readonly identity: Identity;
  readonly returnUrl: string;
  readonly nonce: string;
  readonly challenge: string;
};

/** In the place of a digest (RFC 7636, 4.2). */
const challengeOf = (verifier: string) => [...verifier].toReversed().join('');

/** Providers in memory. `codeFor` is what a person does on the pages of a provider. */
export function fakeProviders() {
  const codes = new Map<string, Given>();
  const tokens = new Map<string, Identity>();
  const silent = new Set<Provider>();
  let made = 0;

  const checkSpeaks = (name: Provider) => {
    if (silent.has(name)) throw new Unavailable(30);
  };
  const provider = (name: Provider): IdentityProvider => ({
    codes: {
      async urlOf({ returnUrl, state, nonce, verifier }) {
        checkSpeaks(name);
        const url = new URL(`https://${name}.example/authorize`);
        url.searchParams.set('redirect_uri', returnUrl);
        url.searchParams.set('state', state);
        url.searchParams.set('nonce', nonce);
        url.searchParams.set('code_challenge', challengeOf(verifier));
        return url.href;
      },
      async identify({ code, returnUrl, nonce, verifier }) {
        checkSpeaks(name);
        const given = codes.get(code);
        codes.delete(code);
        const isGood =
          given?.identity.provider === name &&
          given.returnUrl === returnUrl &&
          given.nonce === nonce &&
          given.challenge === challengeOf(verifier);
        if (!isGood) throw new InvalidToken();
        return given.identity;
      },
    },
    tokens:
      name === 'google'
        ? {
            async identify(token) {
              checkSpeaks(name);
              const identity = tokens.get(token);
              if (!identity) throw new InvalidToken();
              return identity;
            },
          }
        : null,
  });

  return {
    google: provider('google'),
    github: provider('github'),
    microsoft: provider('microsoft'),
    /** The code and the state with which a person comes back from a URL. */
    codeFor(url: string, identity: Identity): { readonly code: string; readonly state: string } {
      const asked = new URL(url).searchParams;
      made += 1;
      const code = `code-${made}`;
      codes.set(code, {
        identity,
        returnUrl: asked.get('redirect_uri') ?? '',
        nonce: asked.get('nonce') ?? '',
        challenge: asked.get('code_challenge') ?? '',
      });
      return { code, state: asked.get('state') ?? '' };
    },
    /** A token that the provider gives a page. */
    tokenFor(identity: Identity): string {
      made += 1;
      const token = `token-${made}`;
      tokens.set(token, identity);
      return token;
    },
    fallSilent: (name: Provider) => void silent.add(name),
    speakAgain: (name: Provider) => void silent.delete(name),
  };
}
