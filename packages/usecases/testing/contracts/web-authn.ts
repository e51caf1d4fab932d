import { PASSKEY_CHALLENGE_MS, type Passkey } from '@rekey/domain';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Ceremony, WebAuthn } from '../../src/ports/index.ts';
import { anId, aPasskey, START } from '../fixtures.ts';

/** What an authenticator, and the browser before it, do differently from what they are asked. */
export type Mischief = {
  readonly origin?: string;
  readonly isInFrame?: boolean;
  readonly type?: string;
  readonly challenge?: string;
  readonly rpId?: string;
  readonly isPresent?: boolean;
  readonly isVerified?: boolean;
  /** COSE names of algorithms (RFC 9053): -7, -257, -8 are those that are understood. */
  readonly alg?: number;
  readonly counter?: number;
  readonly isBackupEligible?: boolean;
  readonly isBackedUp?: boolean;
  /** The user whom an answer names; null for none. */
  readonly userHandle?: string | null;
  /** Another key signs than the one that was registered. */
  readonly isForged?: boolean;
};

/** An authenticator of the tests, with a browser before it that is at the first accepted origin. */
export type Authenticator = {
  /** Answers `creationOptions`, and keeps the passkey. */
  create(options: object, mischief?: Mischief): Promise<object>;
  /** Answers `requestOptions` with the latest passkey, or with that one. */
  get(options: object, mischief?: Mischief & { readonly credentialId?: string }): Promise<object>;
};

type OpenWebAuthn = {
  /** Its first origin is `https://rekey.example`; another one is `https://app.rekey.example`, a third `https://other.example`. */
  readonly webAuthn: WebAuthn;
  /** `webAuthn` after a rotation: there is one more secret, which is the current one. */
  readonly rotated: WebAuthn;
  /** One with other secrets altogether. */
  readonly stranger: WebAuthn;
  readonly authenticator: () => Authenticator;
};

export function webAuthnContract(name: string, open: () => Promise<OpenWebAuthn>): void {
  describe(`the passkeys of ${name}`, () => {
    let opened: OpenWebAuthn;
    let authenticator: Authenticator;
    beforeEach(async () => {
      opened = await open();
      authenticator = opened.authenticator();
    });

    const user = { id: anId(), email: 'ada@example.com', name: 'Ada' };
    const serviceId = anId();
    const creating: Ceremony = { kind: 'create', serviceId, account: user.id };
    const getting: Ceremony = { kind: 'get', serviceId, account: user.email };
    const fits = { now: START, origin: undefined };

    const toCreate = (existing: Passkey[] = [], ceremony = creating) =>
      opened.webAuthn.creationOptions({
        challenge: opened.webAuthn.challenge(ceremony, START),
        rpId: 'rekey.example',
        rpName: 'Rekey',
        user,
        existing,
      });
    const toGet = (ceremony = getting, allowed: Passkey[] = []) =>
      opened.webAuthn.requestOptions({
        challenge: opened.webAuthn.challenge(ceremony, START),
        rpId: 'rekey.example',
        allowed,
      });
    const created = async (mischief: Mischief = {}, more: object = {}) => {
      const response = await authenticator.create(toCreate(), mischief);
      return opened.webAuthn.created({ response, ceremony: creating, ...fits, ...more });
    };
    const register = async (mischief: Mischief = {}): Promise<Passkey> => {
      const made = await created(mischief);
      if (made === null) throw new Error('the passkey is good');
      const { answered: _, ...passkey } = made;
      return { ...aPasskey({ userId: user.id }), ...passkey };
    };
    const proven = async (
      passkey: Passkey | null,
      mischief: Mischief = {},
      more: object = {},
      ceremony = getting,
    ) => {
      const response = await authenticator.get(toGet(ceremony), mischief);
      return opened.webAuthn.proven({ response, ceremony, ...fits, ...more }, passkey);
    };

    test('belong to the domain of an origin, and to the shortest one of those around it', () => {
      const { webAuthn } = opened;
      expect(webAuthn.rpIdOf(undefined)).toBe('rekey.example');
      expect(webAuthn.rpIdOf('https://app.rekey.example')).toBe('rekey.example');
      expect(webAuthn.rpIdOf('https://other.example')).toBe('other.example');
      for (const origin of ['', 'https://evil.example', 'http://rekey.example', 'rekey.example']) {
        expect(webAuthn.rpIdOf(origin)).toBeNull();
      }
    });

    test('answer challenges of 32 bytes, no two of which are alike', () => {
      const challenges = [1, 2, 3].map(() => opened.webAuthn.challenge(creating, START));
      expect(new Set(challenges).size).toBe(3);
      for (const each of challenges) expect(Buffer.from(each, 'base64url')).toHaveLength(32);
    });

    test('of an account without any are made up, the same for an address each time', () => {
      const { webAuthn } = opened;
      const made = webAuthn.madeUp('nobody@example.com');
      expect(made.length).toBeGreaterThan(0);
      expect(webAuthn.madeUp('nobody@example.com')).toEqual(made);
      expect(webAuthn.madeUp('noone@example.com')).not.toEqual(made);
      expect(opened.stranger.madeUp('nobody@example.com')).not.toEqual(made);
    });

    test('are asked for by their algorithms, without attestation, and not of who has them', () => {
      const existing = aPasskey({ userId: user.id });
      expect(toCreate([existing])).toMatchObject({
        rp: { id: 'rekey.example', name: 'Rekey' },
        user: { name: user.email, displayName: user.name },
        pubKeyCredParams: [-7, -257, -8].map((alg) => ({ type: 'public-key', alg })),
        attestation: 'none',
        timeout: PASSKEY_CHALLENGE_MS,
        excludeCredentials: [{ id: existing.credentialId, transports: existing.transports }],
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      });
      expect(toGet(getting, [existing])).toMatchObject({
        rpId: 'rekey.example',
        timeout: PASSKEY_CHALLENGE_MS,
        userVerification: 'preferred',
        allowCredentials: [{ id: existing.credentialId, transports: existing.transports }],
      });
      expect(JSON.stringify(toCreate())).not.toContain(user.id);
    });

    test.each([-7, -257, -8])('are made and used with the algorithm %i', async (alg) => {
      const passkey = await register({ alg });
      expect(passkey).toMatchObject({ rpId: 'rekey.example', isUserVerified: true });
      expect(await proven(passkey)).toMatchObject({ isUserVerified: true });
    });

    test('say how they are kept, and who was verified', async () => {
      const synced = await register({ isBackupEligible: true, isBackedUp: true, counter: 0 });
      expect(synced).toMatchObject({ isBackupEligible: true, isBackedUp: true, counter: 0 });
      expect(await proven(synced, { isBackupEligible: true, counter: 0 })).toMatchObject({
        isBackedUp: false,
        counter: 0,
      });
      const key = await register({ isBackupEligible: false, isVerified: false, counter: 3 });
      expect(key).toMatchObject({ isBackupEligible: false, isUserVerified: false, counter: 3 });
      const use = { isBackupEligible: false, isVerified: false, counter: 4 };
      expect(await proven(key, use)).toMatchObject({ isUserVerified: false, counter: 4 });
    });

    test('name the challenge that they answer, to be spent until it expires', async () => {
      const { webAuthn } = opened;
      const challenge = webAuthn.challenge(creating, START);
      const options = { ...toCreate(), challenge };
      const response = await authenticator.create(options);
      const made = await webAuthn.created({ response, ceremony: creating, ...fits });
      const expiresAt = START + PASSKEY_CHALLENGE_MS;
      expect(made?.answered).toEqual({ challenge, expiresAt });
      const late = { response, ceremony: creating, origin: undefined };
      expect(await webAuthn.created({ ...late, now: expiresAt - 1 })).not.toBeNull();
      for (const now of [expiresAt, START - PASSKEY_CHALLENGE_MS]) {
        expect(await webAuthn.created({ ...late, now })).toBeNull();
      }
    });

    test('answer challenges of before a rotation, and none of a stranger', async () => {
      const { rotated, stranger } = opened;
      const response = await authenticator.create(toCreate());
      const answer = { response, ceremony: creating, ...fits };
      expect(await rotated.created(answer)).not.toBeNull();
      expect(await stranger.created(answer)).toBeNull();
    });

    test.each<[string, Partial<Ceremony>]>([
      ['a login', { kind: 'get' }],
      ['another account', { account: anId() }],
      ['another service', { serviceId: anId() }],
    ])('made for a challenge of %s are refused', async (_of, other) => {
      const challenge = opened.webAuthn.challenge({ ...creating, ...other }, START);
      expect(await created({ challenge })).toBeNull();
    });

    test.each<[string, Partial<Ceremony>]>([
      ['a registration', { kind: 'create' }],
      ['another account', { account: 'eve@example.com' }],
      ['no account', { account: '' }],
      ['another service', { serviceId: anId() }],
    ])('used for a challenge of %s are refused', async (_of, other) => {
      const passkey = await register();
      const challenge = opened.webAuthn.challenge({ ...getting, ...other }, START);
      expect(await proven(passkey, { challenge })).toBeNull();
    });

    const misfits: [string, Mischief][] = [
      ['a foreign origin', { origin: 'https://evil.example' }],
      ['an origin that is nearly right', { origin: 'https://rekey.example.evil.example' }],
      ['plain http', { origin: 'http://rekey.example' }],
      ['a frame in a page of somebody else', { isInFrame: true }],
      ['a foreign domain', { rpId: 'evil.example' }],
      ['the domain of another accepted origin', { rpId: 'other.example' }],
      ['a person who was not there', { isPresent: false }],
      ['a made-up challenge', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
      ['an empty challenge', { challenge: '' }],
    ];

    test.each(misfits)('made with %s are refused', async (_what, mischief) => {
      expect(await created(mischief)).toBeNull();
    });

    test.each<[string, Mischief]>([
      ...misfits,
      ['another key', { isForged: true }],
      ['the type of a registration', { type: 'webauthn.create' }],
      ['the name of another user', { userHandle: anId() }],
      ['a backup that they could not have', { isBackupEligible: false }],
    ])('used with %s are refused', async (_what, mischief) => {
      const passkey = await register();
      expect(await proven(passkey, mischief)).toBeNull();
    });

    test('made with an algorithm that was not asked for are refused', async () => {
      expect(await created({ alg: -35 })).toBeNull();
    });

    test('made with the type of a login are refused', async () => {
      expect(await created({ type: 'webauthn.get' })).toBeNull();
    });

    test('are bound to the origin that the page names, where it names one', async () => {
      const app = { origin: 'https://app.rekey.example' };
      expect(await created(app, app)).not.toBeNull();
      expect(await created(app, { origin: 'https://rekey.example' })).toBeNull();
      const passkey = await register();
      expect(await proven(passkey, app, app)).not.toBeNull();
      expect(await proven(passkey, {}, app)).toBeNull();
    });

    test('of another domain are refused, although both are accepted', async () => {
      const passkey = await register();
      const there = { origin: 'https://other.example', rpId: 'other.example' };
      expect(await proven(passkey, there)).toBeNull();
    });

    test('name their user where nobody else did', async () => {
      const passkey = await register();
      const whoever = { ...getting, account: '' };
      expect(await proven(passkey, {}, {}, whoever)).not.toBeNull();
      expect(await proven(passkey, { userHandle: null }, {}, whoever)).toBeNull();
      expect(await proven(passkey, { userHandle: null })).not.toBeNull();
    });

    test('that do not exist prove nothing', async () => {
      await register();
      expect(await proven(null)).toBeNull();
    });

    test('prove nothing with the public key of another', async () => {
      const mine = await register();
      const theirs = await register();
      expect(await proven({ ...theirs, publicKey: mine.publicKey })).toBeNull();
    });

    test('are known by the credential id of an answer', async () => {
      const passkey = await register();
      const response = await authenticator.get(toGet());
      expect(opened.webAuthn.credentialIdIn(response)).toBe(passkey.credentialId);
      for (const none of [
        null,
        'text',
        7,
        [],
        {},
        { id: 7 },
        { id: '' },
        { id: 'x'.repeat(1400) },
      ]) {
        expect(opened.webAuthn.credentialIdIn(none)).toBeNull();
      }
    });

    test('are not in anything that is no answer', async () => {
      const passkey = await register();
      const [made, used] = [
        await authenticator.create(toCreate()),
        await authenticator.get(toGet()),
      ];
      const broken = (whole: object): unknown[] => [
        null,
        'any text',
        7,
        [],
        {},
        { ...whole, response: null },
        { ...whole, response: {} },
        { ...whole, rawId: 'AAAA' },
        { ...whole, type: 'password' },
        ...Object.keys((whole as { response: object }).response).flatMap((field) => {
          if (field === 'transports' || field === 'userHandle') return [];
          return ['', 'AAAA', '!', 7, null].map((value) => ({
            ...whole,
            response: { ...(whole as { response: object }).response, [field]: value },
          }));
        }),
      ];
      for (const response of broken(made)) {
        const answer = { response, ceremony: creating, ...fits };
        expect(await opened.webAuthn.created(answer), JSON.stringify(response)).toBeNull();
      }
      for (const response of broken(used)) {
        const answer = { response, ceremony: getting, ...fits };
        expect(await opened.webAuthn.proven(answer, passkey), JSON.stringify(response)).toBeNull();
      }
    });
  });
}
