import { type Key, prefixOf } from '@rekey/domain';
import type { KeySecret, Ports } from '../ports/index.ts';
import { sealOwners } from './seals.ts';

type Needs = Pick<Ports, 'ids' | 'clock' | 'secrets'>;

/** A key that is made now, its value, and what is kept of the value. */
export type NewKey = NewValue & { readonly key: Key };

/** A key that is made now. */
export function newKey(
  ports: Needs,
  of: Pick<Key, 'type' | 'name' | 'serviceId' | 'userId'> &
    Partial<Pick<Key, 'isEnabled' | 'scopes' | 'expiresAt'>>,
): NewKey {
  const { ids, clock } = ports;
  const now = clock.now();
  const fresh = { id: ids.next(), createdAt: now, updatedAt: now };
  const state = {
    isEnabled: true,
    isRevoked: false,
    scopes: [],
    expiresAt: null,
    lastUsedAt: null,
  };
  const made = newValue(ports, { ...fresh, ...of });
  return { key: { ...fresh, ...state, ...of, prefix: made.prefix }, ...made };
}

type NewValue = {
  readonly value: string;
  readonly prefix: string | null;
  readonly secret: KeySecret;
};

/** A value for a key, which shows what kind of key it is of. */
export function newValue(
  { secrets }: Pick<Needs, 'secrets'>,
  { id, type, serviceId, userId }: Pick<Key, 'id' | 'type' | 'serviceId' | 'userId'>,
): NewValue {
  if (type === 'TOTP') {
    const value = secrets.generateTotpSeed();
    const [digest] = secrets.blindIndexes(value);
    const sealed = secrets.seal(value, sealOwners.seed(id));
    return { value, prefix: null, secret: { digest, sealed } };
  }
  const value = secrets.generate(userId ? 'rku_' : serviceId ? 'rks_' : 'rkr_');
  return { value, prefix: prefixOf(value), secret: { digest: secrets.digest(value) } };
}
