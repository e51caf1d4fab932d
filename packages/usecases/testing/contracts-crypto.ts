import { type Instant, Overloaded } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type {
  AccessGrant,
  AccessTokens,
  BreachList,
  Hasher,
  Macs,
  PasswordMeter,
  RevokeTokens,
  Secrets,
  Totp,
} from '../src/ports.ts';
import type { FakeClock } from './fakes.ts';
import { aChange, aService, aSession, aUser, START } from './fixtures.ts';

const BASE64URL = /^[A-Za-z0-9_-]{43}$/;

export type OpenHasher = {
  readonly hasher: Hasher;
  /** A hash that another system made of `password`. */
  readonly foreign: { readonly password: string; readonly hash: string };
  /** More hashes at once than the hasher lets wait. */
  readonly tooMany: number;
};

/** What every hasher must do; what a hash costs is for the adapter to measure. */
export function hasherContract(name: string, open: () => Promise<OpenHasher>): void {
  describe(`the hasher ${name}`, () => {
    const password = 'correct horse battery staple';
    let opened: OpenHasher;
    let hasher: Hasher;
    let hash: string;
    beforeAll(async () => {
      opened = await open();
      hasher = opened.hasher;
      hash = await hasher.hash(password);
    });

    test('knows the password of a hash, and no other', async () => {
      expect(await hasher.verify(password, hash)).toBe(true);
      expect(await hasher.verify(`${password} `, hash)).toBe(false);
      expect(await hasher.verify('Correct horse battery staple', hash)).toBe(false);
      expect(await hasher.verify('', hash)).toBe(false);
    });

    test('makes a different hash each time, and all of them are good', async () => {
      const second = await hasher.hash(password);
      expect(second).not.toBe(hash);
      expect(await hasher.verify(password, second)).toBe(true);
    });

    test.each([
      ['after its 72nd byte', 'a'.repeat(100)],
      ['after a NUL', 'before\0after'],
      ['in four-byte characters', '🦉'.repeat(32)],
    ])('ignores nothing of a password: %s', async (_where, long) => {
      const hashOfLong = await hasher.hash(long);
      expect(await hasher.verify(long, hashOfLong)).toBe(true);
      expect(await hasher.verify(`${long}!`, hashOfLong)).toBe(false);
      expect(await hasher.verify(long.slice(0, -2), hashOfLong)).toBe(false);
    });

    test('no hash, and what is no hash, is never right', async () => {
      for (const none of [null, '', 'no hash', hash.slice(0, -1), `${hash}x`]) {
        expect(await hasher.verify(password, none)).toBe(false);
        expect(await hasher.verify('', none)).toBe(false);
      }
    });

    test('knows its own current hashes, and nothing else, as current', () => {
      expect(hasher.isCurrent(hash)).toBe(true);
      expect(hasher.isCurrent(opened.foreign.hash)).toBe(false);
      expect(hasher.isCurrent('')).toBe(false);
    });

    test('knows the password of a foreign hash', async () => {
      const { password: theirs, hash: foreignHash } = opened.foreign;
      expect(await hasher.verify(theirs, foreignHash)).toBe(true);
      expect(await hasher.verify(`${theirs}!`, foreignHash)).toBe(false);
    });

    test('refuses what would wait too long, finishes the rest, and recovers', async () => {
      hasher.admit();
      const running = Array.from({ length: opened.tooMany }, () => hasher.hash(password));
      const settling = Promise.allSettled(running);
      expect(() => hasher.admit()).toThrow(Overloaded);
      const tries = await settling;
      hasher.admit();
      const refused = tries.filter((one) => one.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(opened.tooMany);
      for (const { reason } of refused) {
        expect(reason).toBeInstanceOf(Overloaded);
        expect((reason as Overloaded).retryAfter).toBeGreaterThan(0);
      }
      expect(await hasher.verify(password, hash)).toBe(true);
    });
  });
}

export function passwordMeterContract(name: string, open: () => Promise<PasswordMeter>): void {
  describe(`the password meter ${name}`, () => {
    let meter: PasswordMeter;
    beforeAll(async () => {
      meter = await open();
    });

    test.each([
      ['nothing', ''],
      ['a common one', 'password'],
      ['a random one', 'vK7#qP2$wN9&xR4!tB6*'],
      ['a long one', 'ab'.repeat(64)],
      ['one beyond ASCII', '猫🦉́ß\0\n'],
    ])('gives every password a strength from 0 to 4: %s', async (_kind, password) => {
      const { strength, isPwned } = await meter.assess(password, []);
      expect([0, 1, 2, 3, 4]).toContain(strength);
      expect([true, false, null]).toContain(isPwned);
    });

    test('tells a common password from one that is hard to guess', async () => {
      const common = await meter.assess('password', []);
      const random = await meter.assess('vK7#qP2$wN9&xR4!tB6*', []);
      expect(common.strength).toBeLessThan(random.strength);
      expect(common.isPwned).not.toBe(false);
      expect(random.isPwned).not.toBe(true);
    });

    test('does not praise a password for the words that an attacker would try first', async () => {
      const plain = await meter.assess('zorblaxian quuxwell', []);
      const known = await meter.assess('zorblaxian quuxwell', ['zorblaxian', 'quuxwell']);
      expect(known.strength).toBeLessThanOrEqual(plain.strength);
    });

    test('keeps nothing: what was asked before changes no answer', async () => {
      const before = await meter.assess('zorblaxian quuxwell', []);
      await meter.assess('zorblaxian quuxwell', ['zorblaxian', 'quuxwell']);
      expect(await meter.assess('zorblaxian quuxwell', [])).toEqual(before);
    });
  });
}

export type OpenBreachList = {
  readonly breachList: BreachList;
  /** A password that is on the list. */
  readonly listed: string;
  /** Makes the list one that cannot be asked. */
  fallSilent(): Promise<void>;
};

export function breachListContract(name: string, open: () => Promise<OpenBreachList>): void {
  describe(`the breach list ${name}`, () => {
    test('knows what is on it, and that others are not', async () => {
      const { breachList, listed } = await open();
      expect(await breachList.has(listed)).toBe(true);
      for (const other of ['', `${listed} `, listed.toUpperCase(), '猫🦉\0']) {
        expect(await breachList.has(other), other).toBe(false);
      }
    });

    test('says that it does not know where it cannot be asked', async () => {
      const { breachList, listed, fallSilent } = await open();
      await fallSilent();
      for (const password of [listed, 'another']) {
        expect(await breachList.has(password)).toBeNull();
      }
    });
  });
}

export function secretsContract(name: string, open: () => Promise<Secrets>): void {
  describe(`the secrets of ${name}`, () => {
    let secrets: Secrets;
    beforeAll(async () => {
      secrets = await open();
    });

    test('are 32 bytes in base64url after their prefix, and new each time', () => {
      const made = Array.from({ length: 100 }, () => secrets.generate('rks_'));
      for (const secret of made) {
        expect(secret.slice(0, 4)).toBe('rks_');
        expect(secret.slice(4)).toMatch(BASE64URL);
      }
      expect(new Set(made).size).toBe(100);
    });

    test('are 20 bytes in base32 for TOTP, and new each time', () => {
      const made = Array.from({ length: 100 }, () => secrets.generateTotpSeed());
      for (const seed of made) expect(seed).toMatch(/^[A-Z2-7]{32}$/);
      expect(new Set(made).size).toBe(100);
    });

    test('have one digest each, which does not show them', () => {
      const [first, second] = [secrets.generate('rks_'), secrets.generate('rks_')];
      expect(secrets.digest(first)).toBe(secrets.digest(first));
      expect(secrets.digest(first)).not.toBe(secrets.digest(second));
      expect(secrets.digest(first)).not.toContain(first.slice(4));
    });

    test('come out of their seal as they went in', () => {
      for (const secret of ['', 'JBSWY3DPEHPK3PXP', '🦉\0\n']) {
        expect(secrets.unseal(secrets.seal(secret))).toBe(secret);
      }
    });

    test('are sealed to a different text each time, which does not show them', () => {
      const secret = 'JBSWY3DPEHPK3PXP';
      const [first, second] = [secrets.seal(secret), secrets.seal(secret)];
      expect(first).not.toBe(second);
      expect(first).not.toContain(secret);
    });

    test('no other text can be unsealed', () => {
      const sealed = secrets.seal('JBSWY3DPEHPK3PXP');
      const others = [
        '',
        'no seal',
        secrets.digest('a'),
        sealed.slice(0, -4),
        ...forgeries(sealed),
      ];
      for (const other of others) expect(() => secrets.unseal(other)).toThrow();
    });
  });
}

export type OpenAccessTokens = {
  readonly accessTokens: AccessTokens;
  /** What the tokens take for now. */
  readonly clock: FakeClock;
};

export function accessTokensContract(name: string, open: () => Promise<OpenAccessTokens>): void {
  describe(`the access tokens of ${name}`, () => {
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const session = aSession({ userId: user.id, serviceId: service.id, keyId: '' });
    const grant: AccessGrant = { sessionId: session.id, userId: user.id, serviceId: service.id };
    const forms = ['signed', 'encrypted'] as const;
    let accessTokens: AccessTokens;
    let clock: FakeClock;
    let stranger: AccessTokens;
    beforeAll(async () => {
      ({ accessTokens, clock } = await open());
      ({ accessTokens: stranger } = await open());
    });

    test.each(forms)('stand for their grant and nothing else: %s', async (form) => {
      const { token, expiresAt } = await accessTokens.issue(grant, form);
      expect(await accessTokens.verify(token)).toEqual({ ...grant, expiresAt });
    });

    test.each(forms)('expire on a whole second, and not before: %s', async (form) => {
      // In the middle of a second, so that the end is not whole by chance.
      clock.set(START + 1700);
      const { token, expiresAt } = await accessTokens.issue(grant, form);
      expect(expiresAt % 1000).toBe(0);
      expect(expiresAt).toBeGreaterThan(clock.now());
      clock.set(expiresAt - 1);
      expect(await accessTokens.verify(token)).toMatchObject(grant);
      clock.set(expiresAt);
      expect(await accessTokens.verify(token)).toBeNull();
      clock.set(START);
    });

    test.each(forms)('of somebody else are worth nothing: %s', async (form) => {
      const { token } = await stranger.issue(grant, form);
      expect(await stranger.verify(token)).toMatchObject(grant);
      expect(await accessTokens.verify(token)).toBeNull();
    });

    test.each(forms)('are worth nothing once they are touched: %s', async (form) => {
      const { token } = await accessTokens.issue(grant, form);
      for (const other of [...forgeries(token), token.slice(0, -4), `${token}.`, ` ${token}`]) {
        expect(await accessTokens.verify(other), other).toBeNull();
      }
    });

    test.each([
      '',
      'token',
      '..',
      '....',
      'a.b.c',
      'a.b.c.d.e',
      // {"alg":"none"}, with a grant that would never expire.
      'eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.',
      '🦉',
      '\0',
    ])('are nothing that was not issued here: %j', async (token) => {
      expect(await accessTokens.verify(token)).toBeNull();
    });
  });
}

export type OpenTotp = {
  readonly totp: Totp;
  /** The code that the owner's device shows. */
  codeAt(seed: string, at: Instant): string;
};

export function totpContract(name: string, open: () => Promise<OpenTotp>): void {
  describe(`the one-time codes of ${name}`, () => {
    const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const other = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U';
    /** In the middle of a step. */
    const now = Math.floor(START / 30_000) * 30_000 + 15_000;
    const step = Math.floor(now / 30_000);
    let opened: OpenTotp;
    beforeAll(async () => {
      opened = await open();
    });
    const stepOf = (code: string, at = now) => opened.totp.stepOf(code, seed, at);

    test('are of the current step, or of one on either side', () => {
      for (const off of [-1, 0, 1]) {
        expect(stepOf(opened.codeAt(seed, now + off * 30_000))).toBe(step + off);
      }
      for (const off of [-3, -2, 2, 3]) {
        expect(stepOf(opened.codeAt(seed, now + off * 30_000))).toBeNull();
      }
    });

    test('change when a step begins', () => {
      const code = opened.codeAt(seed, step * 30_000);
      expect(opened.codeAt(seed, (step + 1) * 30_000 - 1)).toBe(code);
      expect(opened.codeAt(seed, (step + 1) * 30_000)).not.toBe(code);
      expect(stepOf(code, (step + 2) * 30_000 - 1)).toBe(step);
      expect(stepOf(code, (step + 2) * 30_000)).toBeNull();
      expect(stepOf(code, (step - 1) * 30_000)).toBe(step);
      expect(stepOf(code, (step - 1) * 30_000 - 1)).toBeNull();
    });

    test('of another seed are worth nothing', () => {
      expect(stepOf(opened.codeAt(other, now))).toBeNull();
    });

    test('have six digits and one spelling', () => {
      const code = opened.codeAt(seed, now);
      expect(code).toMatch(/^[0-9]{6}$/);
      const fullWidth = code.replaceAll(/[0-9]/g, (digit) =>
        String.fromCodePoint(0xff10 + Number(digit)),
      );
      for (const text of ['', `${code} `, ` ${code}`, `0${code}`, code.slice(1), fullWidth, '🦉']) {
        expect(stepOf(text), text).toBeNull();
      }
    });
  });
}

export type OpenMacs = {
  readonly macs: Macs;
  /** One with another secret. */
  readonly stranger: Macs;
};

export function macsContract(name: string, open: () => Promise<OpenMacs>): void {
  describe(`the MACs of ${name}`, () => {
    test('are good for the text that they were made for, and no other', async () => {
      const { macs } = await open();
      for (const text of ['', 'what happened', 'Ünïcode 🦉\0']) {
        const mac = macs.make(text);
        expect(macs.verify(text, mac)).toBe(true);
        expect(macs.verify(`${text} `, mac)).toBe(false);
        expect(macs.verify(text, macs.make(`${text}!`))).toBe(false);
      }
    });

    test('are nothing that another secret could make', async () => {
      const { macs, stranger } = await open();
      const mac = macs.make('what happened');
      expect(stranger.verify('what happened', mac)).toBe(false);
      expect(stranger.make('what happened')).not.toBe(mac);
    });
  });
}

export type OpenRevokeTokens = {
  readonly revokeTokens: RevokeTokens;
  /** The same after a rotation: it has one more secret, which is the current one. */
  readonly rotated: RevokeTokens;
  /** One with other secrets altogether. */
  readonly stranger: RevokeTokens;
};

export function revokeTokensContract(name: string, open: () => Promise<OpenRevokeTokens>): void {
  describe(`the revoke tokens of ${name}`, () => {
    let opened: OpenRevokeTokens;
    let revokeTokens: RevokeTokens;
    beforeAll(async () => {
      opened = await open();
      revokeTokens = opened.revokeTokens;
    });
    const change = (tokens: RevokeTokens) =>
      aChange({ userId: '', serviceId: '', revokeKeyId: tokens.currentKeyId() });

    test('name the change that they were made for', () => {
      const [first, second] = [change(revokeTokens), change(revokeTokens)];
      expect(revokeTokens.verify(revokeTokens.make(first))).toBe(first.id);
      expect(revokeTokens.verify(revokeTokens.make(second))).toBe(second.id);
    });

    test('are the same each time, and fit a link', () => {
      const one = change(revokeTokens);
      const token = revokeTokens.make(one);
      expect(revokeTokens.make({ ...one })).toBe(token);
      expect(encodeURIComponent(token)).toBe(token);
    });

    test('outlive a rotation, and stay the same', () => {
      const { rotated } = opened;
      expect(rotated.currentKeyId()).not.toBe(revokeTokens.currentKeyId());
      const old = change(revokeTokens);
      const token = revokeTokens.make(old);
      expect(rotated.make(old)).toBe(token);
      expect(rotated.verify(token)).toBe(old.id);
      const young = change(rotated);
      expect(rotated.verify(rotated.make(young))).toBe(young.id);
    });

    test('cannot be made, and are worth nothing, where their secret is gone', () => {
      const young = change(opened.rotated);
      expect(() => revokeTokens.make(young)).toThrow();
      expect(revokeTokens.verify(opened.rotated.make(young))).toBeNull();
    });

    test('of somebody else are worth nothing', () => {
      const { stranger } = opened;
      expect(revokeTokens.verify(stranger.make(change(stranger)))).toBeNull();
    });

    test('have one spelling, and no text that is close to it', () => {
      const one = change(revokeTokens);
      const token = revokeTokens.make(one);
      const others = [
        ...Array.from(token, (_, at) => replaceAt(token, at)),
        token.toUpperCase(),
        ` ${token}`,
        `${token}\n`,
        `${token}=`,
        `${token}.`,
        token.slice(0, -1),
        token.slice(1),
        token + token,
      ];
      for (const other of others) {
        expect(other).not.toBe(token);
        expect(revokeTokens.verify(other), other).toBeNull();
      }
    });

    test('are nothing that anybody could guess', () => {
      const one = change(revokeTokens);
      for (const text of ['', '.', '..', 'token', one.id, `${one.revokeKeyId}.${one.id}`, '🦉\0']) {
        expect(revokeTokens.verify(text), text).toBeNull();
      }
    });
  });
}

/** The text with the first character of each of its parts replaced. */
function forgeries(text: string): string[] {
  const parts = [0, ...[...text.matchAll(/[.:$]/g)].map(({ index }) => index + 1)];
  return parts.filter((at) => at < text.length).map((at) => replaceAt(text, at));
}

/** The text with one character replaced by another of the same kind. */
function replaceAt(text: string, at: number): string {
  const char = text[at] === 'b' ? 'c' : 'b';
  return text.slice(0, at) + char + text.slice(at + 1);
}
