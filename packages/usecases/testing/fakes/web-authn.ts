import { PASSKEY_CHALLENGE_MS } from '@rekey/domain';
import type { Ceremony, PasskeyAnswer, WebAuthn } from '../../src/ports/index.ts';
import type { Authenticator, Mischief } from '../contracts/web-authn.ts';

/** The accepted origins, and the domains that they belong to. */
const SITES = new Map([
  ['https://rekey.example', 'rekey.example'],
  ['https://app.rekey.example', 'rekey.example'],
  ['https://other.example', 'other.example'],
]);
const [[HOME, HOME_ID]] = [...SITES] as [[string, string]];
const UNDERSTOOD = [-7, -257, -8];

let challengesMade = 0;

/** What an authenticator says, and what signs it: anybody can, who knows the private half. */
type Said = {
  readonly type: string;
  readonly challenge: string;
  readonly origin: string;
  readonly isInFrame: boolean;
  readonly rpId: string;
  readonly isPresent: boolean;
  readonly isVerified: boolean;
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
  readonly counter: number;
};
type Answer = {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    /** JSON of what is said. */
    readonly said: string;
    /** Of a new passkey. */
    readonly publicKey?: string;
    readonly alg?: number;
    readonly transports?: readonly string[];
    /** Of a proof. */
    readonly signature?: string;
    readonly userHandle?: string;
  };
};

const privateOf = (publicKey: string): string => `private half of ${publicKey}`;
const handleOf = (userId: string): string => [...userId].reverse().join('');
const signatureOf = (said: string, key: string): string => `${key} under ${said}`;

/** Passkeys that sign in plain text. The last secret is the current one. */
export function fakeWebAuthn(...secrets: string[]): WebAuthn {
  const known = secrets.length > 0 ? secrets : ['k1'];
  const current = known.at(-1) ?? '';
  /** 32 bytes: time and number, and of secret and ceremony as much as fits. */
  const challengeOf = (ceremony: Ceremony, secret: string, at: number, count: number): string => {
    const text = JSON.stringify([secret, ceremony.kind, ceremony.serviceId, ceremony.account]);
    const sum = (start: number) =>
      [...text].reduce((all, char) => (all * 31 + char.charCodeAt(0)) % 0xffff_ffff, start);
    const parts = [at, count, sum(1), sum(7)].map((part) => part.toString(32).padStart(10, '0'));
    return `${parts.join('-').slice(0, 42)}A`;
  };
  const read = (challenge: string, { ceremony, now }: PasskeyAnswer) => {
    const [at = 0, count = 0] = challenge.split('-').map((part) => Number.parseInt(part, 32));
    const isOurs = known.some((secret) => challengeOf(ceremony, secret, at, count) === challenge);
    const expiresAt = at + PASSKEY_CHALLENGE_MS;
    const isGood = now < expiresAt && at < now + PASSKEY_CHALLENGE_MS;
    return isOurs && isGood ? { challenge, expiresAt } : null;
  };
  /** The answer, if it is one that fits. */
  const fitting = (asked: PasskeyAnswer, type: string) => {
    const answer = asked.response as Partial<Answer> | null;
    const text = answer?.response?.said;
    if (typeof text !== 'string' || answer?.id !== answer?.rawId) return null;
    if (answer?.type !== 'public-key' || !text.startsWith('{')) return null;
    const said = JSON.parse(text) as Said;
    const answered = read(said.challenge, asked);
    const isAtHome = SITES.get(said.origin) === said.rpId && !said.isInFrame;
    const isNamed = asked.origin === undefined || asked.origin === said.origin;
    const isGood = said.type === type && said.isPresent && isAtHome && isNamed;
    return answered && isGood ? { answer: answer as Answer, said, answered } : null;
  };

  return {
    rpIdOf: (origin = HOME) => SITES.get(origin) ?? null,
    challenge(ceremony, now) {
      challengesMade += 1;
      return challengeOf(ceremony, current, now, challengesMade);
    },
    madeUp: (email) => [
      {
        credentialId: `nobodys-${current}-${handleOf(email).replaceAll('@', '-')}`,
        transports: [],
      },
    ],
    creationOptions: ({ challenge, rpId, rpName, user, existing }) => ({
      rp: { id: rpId, name: rpName },
      user: { id: handleOf(user.id), name: user.email, displayName: user.name },
      challenge,
      pubKeyCredParams: UNDERSTOOD.map((alg) => ({ type: 'public-key', alg })),
      timeout: PASSKEY_CHALLENGE_MS,
      attestation: 'none',
      excludeCredentials: existing.map(({ credentialId: id, transports }) => ({ id, transports })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    }),
    requestOptions: ({ challenge, rpId, allowed }) => ({
      challenge,
      rpId,
      timeout: PASSKEY_CHALLENGE_MS,
      userVerification: 'preferred',
      allowCredentials: allowed.map(({ credentialId: id, transports }) => ({ id, transports })),
    }),
    credentialIdIn(response) {
      const id = (response as { id?: unknown } | null)?.id;
      return typeof id === 'string' && /^[\w-]{1,1364}$/.test(id) ? id : null;
    },
    async created(asked) {
      const found = fitting(asked, 'webauthn.create');
      if (found === null) return null;
      const { answer, said, answered } = found;
      const { publicKey, alg = 0, transports = [] } = answer.response;
      if (typeof publicKey !== 'string' || !publicKey.startsWith('public-')) return null;
      if (!UNDERSTOOD.includes(alg)) return null;
      return {
        credentialId: answer.id,
        publicKey,
        rpId: said.rpId,
        counter: said.counter,
        transports,
        isBackupEligible: said.isBackupEligible,
        isBackedUp: said.isBackedUp,
        isUserVerified: said.isVerified,
        answered,
      };
    },
    async proven(asked, passkey) {
      const found = fitting(asked, 'webauthn.get');
      if (found === null || passkey === null) return null;
      const { answer, said, answered } = found;
      const { response, id } = answer;
      const signature = signatureOf(response.said, privateOf(passkey.publicKey));
      const isSigned = response.signature === signature && id === passkey.credentialId;
      const { userHandle } = response;
      const isNamed =
        userHandle === undefined
          ? asked.ceremony.account !== ''
          : userHandle === handleOf(passkey.userId);
      const isSame = said.isBackupEligible === passkey.isBackupEligible;
      if (!isSigned || !isNamed || !isSame || said.rpId !== passkey.rpId) return null;
      const { counter, isBackedUp, isVerified: isUserVerified } = said;
      return { counter, isBackedUp, isUserVerified, answered };
    },
  };
}

type Kept = Pick<Said, 'rpId' | 'isBackupEligible'> & {
  readonly userHandle: string;
  readonly publicKey: string;
  counter: number;
};

let keysMade = 0;

/** An authenticator for `fakeWebAuthn`, at a page of the first accepted origin. */
export function fakeAuthenticator(usual: Mischief = {}): Authenticator {
  const kept = new Map<string, Kept>();
  const say = (type: string, challenge: string, of: Mischief, rpId: string): string => {
    const said: Said = {
      type: of.type ?? type,
      challenge: of.challenge ?? challenge,
      origin: of.origin ?? HOME,
      isInFrame: of.isInFrame ?? false,
      rpId: of.rpId ?? rpId,
      isPresent: of.isPresent ?? true,
      isVerified: of.isVerified ?? true,
      isBackupEligible: of.isBackupEligible ?? true,
      isBackedUp: of.isBackedUp ?? false,
      counter: of.counter ?? 0,
    };
    return JSON.stringify(said);
  };
  const answer = (id: string, response: Answer['response']): Answer => ({
    id,
    rawId: id,
    type: 'public-key',
    response,
  });

  return {
    async create(options, given = {}) {
      const mischief = { ...usual, ...given };
      const { challenge, user } = options as { challenge: string; user: { id: string } };
      keysMade += 1;
      const [id, publicKey] = [`credential-of-fake-${keysMade}`, `public-${keysMade}`];
      const { isBackupEligible = true, counter = 0, rpId = HOME_ID, alg = -7 } = mischief;
      kept.set(id, { rpId, isBackupEligible, userHandle: user.id, publicKey, counter });
      const said = say('webauthn.create', challenge, mischief, rpId);
      return answer(id, { said, publicKey, alg, transports: ['internal', 'hybrid'] });
    },
    async get(options, given = {}) {
      const mischief = { ...usual, ...given };
      const id = given.credentialId ?? [...kept.keys()].at(-1) ?? '';
      const passkey = kept.get(id);
      if (!passkey) throw new Error('the authenticator has no such passkey');
      if (passkey.counter > 0) passkey.counter += 1;
      const { challenge } = options as { challenge: string };
      const { counter, isBackupEligible, rpId } = passkey;
      const said = say('webauthn.get', challenge, { counter, isBackupEligible, ...mischief }, rpId);
      const key = mischief.isForged ? 'another key' : privateOf(passkey.publicKey);
      const handle = mischief.userHandle === undefined ? passkey.userHandle : mischief.userHandle;
      const signature = signatureOf(said, key);
      return answer(id, { said, signature, ...(handle !== null && { userHandle: handle }) });
    },
  };
}
