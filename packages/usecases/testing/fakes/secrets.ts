import {
  type Device,
  type Grant,
  type Id,
  type Instant,
  type Purpose,
  purposes,
} from '@rekey/domain';
import type {
  AccessTokens,
  Clock,
  DeviceTokens,
  LinkTokens,
  Macs,
  Secrets,
  Totp,
} from '../../src/ports/index.ts';

/** Secrets by counting. A sealed text is remembered. */
export function fakeSecrets(): Secrets {
  const sealed = new Map<string, { secret: string; owner: string }>();
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
    generateWebhookSecret: () => `whsec_${btoa(String(next()).padStart(32, '0'))}`,
    digest: (secret) => `digest-of-${reversed(secret)}`,
    digestFrom: (sha256) => (sha256.startsWith('digest-of-') ? sha256 : null),
    blind: (text) => `blind-${fakeMac(text)}`,
    blindIndexes: (secret) => [`index-of-${reversed(secret)}`],
    seal: (secret, owner) => {
      const text = `sealed:${next()}`;
      sealed.set(text, { secret, owner });
      return text;
    },
    unseal: (text, owner) => {
      const found = sealed.get(text);
      if (found?.owner !== owner) throw new Error('not sealed here for that');
      return found.secret;
    },
  };
}

/** How many salts were made: no two are alike, whoever makes them. */
let salts = 0;

/** MACs that anybody can make: `generation` tells those of one from those of another. */
export function fakeMacs(generation = 1): Macs {
  const make = (text: string) => `mac-${generation}-${fakeMac(text, generation)}`;
  return {
    make,
    verify: (text, mac) => mac === make(text),
    salt: () => {
      salts += 1;
      return `salt-${salts}`;
    },
    digest: (salt, text) => `digest-${fakeMac(salt + text)}`,
  };
}

const fakeMac = (text: string, start = 1): string =>
  [...text]
    .reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 0xffff_ffff_fffb, start)
    .toString(16);

const reversed = (text: string): string => [...text].reverse().join('');

let tokensMade = 0;

/** Tokens that are good because they are remembered, for an hour. */
export function fakeAccessTokens(clock: Clock): AccessTokens {
  const issued = new Map<string, { grant: Grant; expiresAt: Instant }>();
  return {
    issue: async ({ sessionId, userId, serviceId }, holder) => {
      tokensMade += 1;
      const token = `${holder ? 'personal' : 'signed'}-token-${tokensMade}`;
      const expiresAt = Math.floor(clock.now() / 1000) * 1000 + 3_600_000;
      issued.set(token, { grant: { sessionId, userId, serviceId }, expiresAt });
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
type FakeTotp = Totp & { codeAt(seed: string, at: Instant): string };

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

/** Tokens that can be made by anybody who knows the id of a secret. The last secret is the current one. */
export function fakeLinkTokens(...secrets: string[]): LinkTokens {
  const known = secrets.length > 0 ? secrets : ['k1'];
  const make = (id: Id, purpose: Purpose, keyId: string) => {
    if (!known.includes(keyId)) throw new Error('the secret of this link is gone');
    return `link.${keyId}.${purpose}.${id}.${reversed(`${purpose}${id}`)}`;
  };
  return {
    currentKeyId: () => known.at(-1) ?? '',
    make: ({ id, purpose, keyId }) => make(id, purpose, keyId),
    verify: (token) => {
      const [, keyId = '', named, id = ''] = token.split('.');
      const purpose = purposes.find((each) => each === named);
      if (!purpose || !known.includes(keyId)) return null;
      return make(id, purpose, keyId) === token ? { id, purpose } : null;
    },
  };
}

/** Tokens of devices that anybody can make who knows the name of a secret. The last secret is the current one. */
export function fakeDeviceTokens(...secrets: string[]): DeviceTokens {
  const known = secrets.length > 0 ? secrets : ['k1'];
  const make = ({ id, userId, version, epoch, issuedAt }: Device, secret: string) => {
    const text = `device.${secret}.${id}.${userId}.${version}.${epoch}.${issuedAt}`;
    return `${text}.${fakeMac(text)}`;
  };
  return {
    make: (device) => make(device, known.at(-1) ?? ''),
    verify: (token) => {
      const [, secret = '', id = '', userId = '', ...numbers] = token.split('.');
      const [version = 0, epoch = 0, issuedAt = 0] = numbers.map(Number);
      const device = { id, userId, version, epoch, issuedAt };
      return known.includes(secret) && make(device, secret) === token ? device : null;
    },
  };
}
