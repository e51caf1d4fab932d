import {
  type Actor,
  DAY_MS,
  type Id,
  IllegalArgument,
  type Key,
  keyDetails,
  momentOf,
  nowhere,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { lockKey } from '../shared/find-key.ts';
import { newValue } from '../shared/new-key.ts';
import { checkOwing, owe } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

export const MAX_OVERLAP_MS = 7 * DAY_MS;

type RotateKeyInput = {
  readonly id: Id;
  /** For how long the value until now is good as well: 0 to `MAX_OVERLAP_MS`; 0 unless given. */
  readonly overlapMs?: number | undefined;
};

/**
 * Gives a key another value, and shows it, once. The key is the one that it was: sessions that rest on it go on. A value
 * from an earlier rotation ends at once. The owner of the account is told of the value of a KEY like of a new KEY.
 */
export class RotateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign keys alike; `IllegalArgument` for a key that was revoked, and for an overlap
   * that is out of range or is of a TOTP key, of which one seed is good at a time; `TooManyRequests` like `CreateKey`.
   */
  async execute(
    actor: Actor,
    { id, overlapMs = 0 }: RotateKeyInput,
  ): Promise<{ key: Key; value: string }> {
    const { database, clock } = this.#ports;
    if (!Number.isInteger(overlapMs) || overlapMs < 0 || overlapMs > MAX_OVERLAP_MS) {
      throw refused('overlapS', 'must be 0 to 604800', 'out_of_range');
    }
    const origin = actor.origin ?? nowhere;
    const owner = await database.read(async ({ keys, users }) => {
      const key = await keys.get(id);
      return key && isTold(key) ? users.get(key.userId ?? '') : null;
    });
    if (owner) await checkOwing(this.#ports, owner, origin);

    return database.transact(async (stores) => {
      const before = await lockKey(stores, actor, id);
      const { serviceId, userId, type } = before;
      if (before.isRevoked) throw refused('id', 'is that of a key that was revoked', 'not_allowed');
      if (type === 'TOTP' && overlapMs > 0) {
        throw refused('overlapS', 'must be 0 for a TOTP key', 'not_allowed');
      }
      const now = clock.now();
      const { value, ...to } = newValue(this.#ports, before);
      const overlapEndsAt = overlapMs === 0 ? null : now + overlapMs;
      await stores.keys.rotate(id, { ...to, overlapEndsAt }, now);
      if (isTold(before)) {
        const user = await stores.users.get(before.userId);
        if (user === null) throw new Error('a key has its user');
        const details = keyDetails({ ...before, prefix: to.prefix });
        const right = { purpose: 'factor_change', user, serviceId: before.serviceId } as const;
        await owe(this.#ports, stores, { ...right, details, origin });
      }
      if (serviceId !== null) {
        const overlap = overlapEndsAt === null ? null : momentOf(overlapEndsAt);
        const data = { key_type: type, overlap_ends_at: overlap };
        const of = { serviceId, userId, subjectId: id };
        await tell(this.#ports, stores, { ...of, type: 'key.rotated', data });
      }
      const entry = { type: 'rekey:KeyRotate', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return { key: { ...before, prefix: to.prefix, updatedAt: now }, value };
    });
  }
}

const isTold = (key: Key): key is Key & { readonly userId: Id; readonly serviceId: Id } =>
  key.type === 'KEY' && key.userId !== null && key.serviceId !== null;

const refused = (field: string, message: string, code: 'not_allowed' | 'out_of_range') =>
  new IllegalArgument([{ field, message, code }]);
