import {
  IllegalArgument,
  networkOf,
  Overloaded,
  type Place,
  type ViolationCode,
} from '@rekey/domain';
import type {
  BreachList,
  ForeignHashes,
  Hasher,
  PasswordMeter,
  Secrets,
  StoredHash,
} from '../../src/ports/index.ts';
import { sealOwners } from '../../src/shared/seals.ts';
import { fakeSecrets } from './secrets.ts';

/**
 * Hashes that anybody can read. `work` counts the hashes made and compared; no more than `atOnce` of a network at a
 * service may be under way. `secrets`: those that hashes of other systems are sealed with.
 */
type FakeHasher = Hasher & { work(): number };

/** A hash of our own, one of another system, and one of our own around one of another system. */
const HASH = /^(?<kind>fake:\d+|old|weak|fake over weak):(?<made>\d+:.*)$/s;

export function fakeHasher({
  atOnce = Number.POSITIVE_INFINITY,
  secrets = fakeSecrets(),
}: {
  readonly atOnce?: number;
  readonly secrets?: Secrets;
} = {}): FakeHasher {
  let work = 0;
  const underWay = new Map<string, number>();
  const ownerAt = ({ serviceId, origin }: Place) => `${serviceId} ${networkOf(origin.address)}`;
  const countOf = (place: Place) => underWay.get(ownerAt(place)) ?? 0;
  const admit = (place: Place) => {
    if (countOf(place) >= atOnce) throw new Overloaded(1);
  };
  const gated = async <T>(place: Place, run: () => T): Promise<T> => {
    admit(place);
    underWay.set(ownerAt(place), countOf(place) + 1);
    work += 1;
    await Promise.resolve();
    underWay.set(ownerAt(place), countOf(place) - 1);
    return run();
  };
  const opened = ({ hash, userId }: StoredHash): string => {
    try {
      return hash.startsWith('sealed:') ? secrets.unseal(hash, sealOwners.password(userId)) : hash;
    } catch {
      return '';
    }
  };
  return {
    work: () => work,
    admit,
    hash: (password, place) => {
      const serial = work;
      return gated(place, () => `fake:${serial}:${measured(password)}`);
    },
    verify: (password, stored, place) =>
      gated(place, () => {
        const { kind, made } = HASH.exec(stored === null ? '' : opened(stored))?.groups ?? {};
        const normalized = password.normalize('NFC');
        const forms = kind?.startsWith('fake:') ? [normalized] : [password, normalized];
        return forms.some((form) => measured(form) === made);
      }),
    isCurrent: (hash) => hash.startsWith('fake:'),
  };
}

/** The length goes along, so that a hash that was cut or has grown is none. */
const measured = (password: string): string => `${password.length}:${password}`;

/** The hash of a password by another system, as the fakes read it. A weak one is not kept as it is. */
export const foreignHash = (password: string, kind: 'old' | 'weak' = 'old'): string =>
  `${kind}:${measured(password)}`;

/** A hash that the fakes call too dear, and the password that they call published. */
export const DEAR_HASH = 'dear:1:x';
export const PUBLISHED_PASSWORD = 'published';

/** Adopts what `foreignHash` makes. */
export function fakeForeignHashes(secrets: Secrets = fakeSecrets()): ForeignHashes {
  const refused = (message: string, code: ViolationCode, field = 'passwordHash') =>
    new IllegalArgument([{ field, message, code }]);
  return {
    adopt: async ({ hash, format }, { wrap, userId }) => {
      if (format !== undefined) throw refused('is unknown', 'malformed', 'passwordHashFormat');
      if (hash === DEAR_HASH) throw refused('costs too much', 'out_of_range');
      const { kind, made } = HASH.exec(hash)?.groups ?? {};
      if (kind !== 'old' && kind !== 'weak') throw refused('must be a hash', 'malformed');
      if (made === measured(PUBLISHED_PASSWORD)) throw refused('is published', 'common');
      if (kind === 'old') return hash;
      return wrap ? `fake over weak:${made}` : secrets.seal(hash, sealOwners.password(userId));
    },
    isAdopted: (stored) => !stored.startsWith('fake:'),
  };
}

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
type FakeBreachList = BreachList & { readonly asked: string[]; fallSilent(): void };

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
