import { type Id, type Instant, Overloaded } from '@rekey/domain';
import type {
  AccessGrant,
  AccessTokens,
  BreachList,
  Clock,
  Hasher,
  Ids,
  Macs,
  Mailer,
  PasswordChangedMail,
  PasswordMeter,
  RevokeTokens,
  Secrets,
  Totp,
} from '../src/ports.ts';

/** A clock that stands still until it is set. */
export type FakeClock = Clock & { set(now: Instant): void };

export function fakeClock(start: Instant): FakeClock {
  let now = start;
  return {
    now: () => now,
    set: (instant) => {
      now = instant;
    },
  };
}

/** Ids in order; those of one family are never those of another. */
export function sequentialIds(family = 0): Ids {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return `01900000-0000-7000-800${family}-${count.toString(16).padStart(12, '0')}`;
    },
  };
}

/**
 * Hashes that anybody can read. `work` counts the hashes made and compared;
 * no more than `atOnce` may be under way.
 */
export type FakeHasher = Hasher & { work(): number };

export function fakeHasher({ atOnce = Number.POSITIVE_INFINITY } = {}): FakeHasher {
  let work = 0;
  let underWay = 0;
  const admit = () => {
    if (underWay >= atOnce) throw new Overloaded(1);
  };
  const gated = async <T>(run: () => T): Promise<T> => {
    admit();
    underWay += 1;
    work += 1;
    await Promise.resolve();
    underWay -= 1;
    return run();
  };
  return {
    work: () => work,
    admit,
    hash: (password) => {
      const serial = work;
      return gated(() => `fake:${serial}:${measured(password)}`);
    },
    verify: (password, hash) =>
      gated(() => /^(?:fake:\d+|old):(\d+:.*)$/s.exec(hash ?? '')?.[1] === measured(password)),
    isCurrent: (hash) => hash.startsWith('fake:'),
  };
}

/** The length goes along, so that a hash that was cut or has grown is none. */
const measured = (password: string): string => `${password.length}:${password}`;

/** The hash of a password by another system, as `fakeHasher` reads it. */
export const foreignHash = (password: string): string => `old:${measured(password)}`;

/** Knows one common password; strength grows with length. */
export function fakeMeter(): PasswordMeter {
  return {
    assess: async (password) => ({
      strength: password.length < 12 ? 1 : 4,
      isPwned: password === 'password' ? true : null,
    }),
  };
}

/** Lists one password until it falls silent, and remembers what it was asked. */
export type FakeBreachList = BreachList & { readonly asked: string[]; fallSilent(): void };

export function fakeBreachList(listed: string): FakeBreachList {
  const asked: string[] = [];
  let isSilent = false;
  return {
    asked,
    fallSilent: () => {
      isSilent = true;
    },
    has: async (password) => {
      asked.push(password);
      return isSilent ? null : password === listed;
    },
  };
}

/** Secrets by counting. What was sealed is remembered. */
export function fakeSecrets(): Secrets {
  const sealed = new Map<string, string>();
  let count = 0;
  const next = () => {
    count += 1;
    return count;
  };
  return {
    generate: (prefix) => `${prefix}${String(next()).padStart(43, '0')}`,
    // Octal digits are letters of base32 once they are moved to A..H.
    generateTotpSeed: () =>
      next()
        .toString(8)
        .padStart(32, '0')
        .replaceAll(/\d/g, (digit) => 'ABCDEFGH'[Number(digit)] ?? ''),
    digest: (secret) => `digest-of-${reversed(secret)}`,
    seal: (secret) => {
      const text = `sealed:${next()}`;
      sealed.set(text, secret);
      return text;
    },
    unseal: (text) => {
      const secret = sealed.get(text);
      if (secret === undefined) throw new Error('not sealed here');
      return secret;
    },
  };
}

/** MACs that anybody can make: `generation` tells those of one from those of another. */
export function fakeMacs(generation = 1): Macs {
  const make = (text: string) => {
    const sum = [...text].reduce((total, char) => {
      return (total * 31 + (char.codePointAt(0) ?? 0)) % 0xffff_ffff_fffb;
    }, generation);
    return `mac-${generation}-${sum.toString(16)}`;
  };
  return { make, verify: (text, mac) => mac === make(text) };
}

const reversed = (text: string): string => [...text].reverse().join('');

let tokensMade = 0;

/** Tokens that are good because they are remembered, for an hour. */
export function fakeAccessTokens(clock: Clock): AccessTokens {
  const issued = new Map<string, { grant: AccessGrant; expiresAt: Instant }>();
  return {
    issue: async (grant, form) => {
      tokensMade += 1;
      const token = `${form}-token-${tokensMade}`;
      const expiresAt = Math.floor(clock.now() / 1000) * 1000 + 3_600_000;
      issued.set(token, { grant, expiresAt });
      return { token, expiresAt };
    },
    verify: async (token) => {
      const found = issued.get(token);
      if (!found || found.expiresAt <= clock.now()) return null;
      return { ...found.grant, expiresAt: found.expiresAt };
    },
  };
}

/** Codes that anybody can make: `codeAt` does. */
export type FakeTotp = Totp & { codeAt(seed: string, at: Instant): string };

export function fakeTotp(): FakeTotp {
  const codeOf = (seed: string, step: number) => {
    const letters = [...seed].map((letter) => letter.charCodeAt(0));
    const sum = letters.reduce((total, code, index) => total + code * (index + 1), step * 7919);
    return String(sum % 1_000_000).padStart(6, '0');
  };
  return {
    codeAt: (seed, at) => codeOf(seed, Math.floor(at / 30_000)),
    stepOf: (code, seed, now) => {
      const current = Math.floor(now / 30_000);
      const steps = [current + 1, current, current - 1];
      return steps.find((step) => codeOf(seed, step) === code) ?? null;
    },
  };
}

/** Tokens that whoever knows the id of a secret can make. The last secret is the current one. */
export function fakeRevokeTokens(...secrets: string[]): RevokeTokens {
  const known = secrets.length > 0 ? secrets : ['k1'];
  const make = (id: Id, keyId: string) => {
    if (!known.includes(keyId)) throw new Error('the revoke secret is gone');
    return `revoke.${keyId}.${id}.${reversed(id)}`;
  };
  return {
    currentKeyId: () => known.at(-1) ?? '',
    make: ({ id, revokeKeyId }) => make(id, revokeKeyId),
    verify: (token) => {
      const [, keyId = '', id = ''] = token.split('.');
      return known.includes(keyId) && make(id, keyId) === token ? id : null;
    },
  };
}

/** Keeps what it is told to send. A failure that was planted is thrown instead, once for each time. */
export type FakeMailer = Mailer & {
  readonly sent: PasswordChangedMail[];
  failNext(...failures: Error[]): void;
};

export function fakeMailer(): FakeMailer {
  const sent: PasswordChangedMail[] = [];
  const planted: Error[] = [];
  return {
    sent,
    failNext: (...failures) => {
      planted.push(...failures);
    },
    send: async (mail) => {
      const failure = planted.shift();
      if (failure) throw failure;
      sent.push(mail);
    },
  };
}
