import type { Instant } from '@rekey/domain';
import type {
  AccessGrant,
  AccessTokens,
  Clock,
  Hasher,
  Ids,
  Mailer,
  PasswordChangedMail,
  PasswordMeter,
  RevokeTokens,
  Secrets,
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

export function sequentialIds(): Ids {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return `01900000-0000-7000-8000-${count.toString(16).padStart(12, '0')}`;
    },
  };
}

/** Hashes that anybody can read. `work` counts the hashes made and compared. */
export type FakeHasher = Hasher & { work(): number };

export function fakeHasher(): FakeHasher {
  let work = 0;
  return {
    work: () => work,
    hash: async (password) => {
      work += 1;
      return `fake:${work}:${password}`;
    },
    verify: async (password, hash) => {
      work += 1;
      return /^(?:fake:\d+|old):(.*)$/s.exec(hash ?? '')?.[1] === password;
    },
    isCurrent: (hash) => hash.startsWith('fake:'),
  };
}

/** The hash of a password by another system, as `fakeHasher` reads it. */
export const foreignHash = (password: string): string => `old:${password}`;

/** Knows one common password; strength grows with length. */
export function fakeMeter(): PasswordMeter {
  return {
    assess: async (password) => ({
      strength: password.length < 12 ? 1 : 4,
      isPwned: password === 'password' ? true : null,
    }),
  };
}

export function fakeSecrets(): Secrets {
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
    digest: (secret) => `digest-of-${secret}`,
    seal: (secret) => `sealed:${next()}:${secret}`,
    unseal: (sealed) => {
      const [, secret] = /^sealed:\d+:(.*)$/s.exec(sealed) ?? [];
      if (secret === undefined) throw new Error('not sealed here');
      return secret;
    },
  };
}

/** Tokens that are good because they are remembered, for an hour. */
export function fakeAccessTokens(clock: Clock): AccessTokens {
  const issued = new Map<string, { grant: AccessGrant; expiresAt: Instant }>();
  return {
    issue: async (grant, form) => {
      const token = `${form}-token-${issued.size + 1}`;
      const expiresAt = Math.floor(clock.now() / 1000) * 1000 + 3_600_000;
      issued.set(token, { grant, expiresAt });
      return { token, expiresAt };
    },
    verify: async (token) => {
      const found = issued.get(token);
      return found && found.expiresAt > clock.now() ? found.grant : null;
    },
  };
}

export function fakeRevokeTokens(): RevokeTokens {
  return {
    currentKeyId: () => 'k1',
    make: ({ id, revokeKeyId }) => {
      if (revokeKeyId !== 'k1') throw new Error('the revoke secret is gone');
      return `revoke.${revokeKeyId}.${id}`;
    },
    verify: (token) => /^revoke\.k1\.([0-9a-f-]{36})$/.exec(token)?.[1] ?? null,
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
