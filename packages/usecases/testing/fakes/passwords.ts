import { IllegalArgument, networkOf, Overloaded, type Place } from '@rekey/domain';
import type { BreachList, ForeignHashes, Hasher, PasswordMeter } from '../../src/ports/index.ts';

/**
 * Hashes that anybody can read. `work` counts the hashes made and compared;
 * no more than `atOnce` of a network at a service may be under way.
 */
type FakeHasher = Hasher & { work(): number };

export function fakeHasher({ atOnce = Number.POSITIVE_INFINITY } = {}): FakeHasher {
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
  return {
    work: () => work,
    admit,
    hash: (password, place) => {
      const serial = work;
      return gated(place, () => `fake:${serial}:${measured(password)}`);
    },
    verify: (password, hash, place) =>
      gated(
        place,
        () => /^(?:fake:\d+|old):(\d+:.*)$/s.exec(hash ?? '')?.[1] === measured(password),
      ),
    isCurrent: (hash) => hash.startsWith('fake:'),
  };
}

/** The length goes along, so that a hash that was cut or has grown is none. */
const measured = (password: string): string => `${password.length}:${password}`;

/** The hash of a password by another system, as `fakeHasher` reads it. */
export const foreignHash = (password: string): string => `old:${measured(password)}`;

/** Adopts what `foreignHash` makes, as it is. */
export function fakeForeignHashes(): ForeignHashes {
  return {
    adopt: async ({ hash }) => {
      if (hash.startsWith('old:')) return hash;
      const message = 'must be the hash of a password';
      throw new IllegalArgument([{ field: 'passwordHash', message, code: 'malformed' }]);
    },
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
