import {
  type Actor,
  type Id,
  IllegalArgument,
  type Key,
  keyData,
  parseAll,
  parseExpiry,
  parseName,
  parseScopes,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { diffOf, fieldsOf } from '../shared/diff.ts';
import { checkLastKey, lockKey } from '../shared/find-key.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

export type UpdateKeyInput = {
  readonly id: Id;
  readonly name?: string | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** As in RFC 3339; an empty text for never. */
  readonly expiresAt?: string | undefined;
};

/** Changes what is given of a key. With a TOKEN key that is disabled every session ends that rests on it. */
export class UpdateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign keys alike; `IllegalArgument` for enabling a key that was revoked, or one of
   * which the user has a usable one, and for what would lock the service out that asks.
   */
  async execute(actor: Actor, { id, isEnabled, ...input }: UpdateKeyInput): Promise<Key> {
    const { database, clock } = this.#ports;
    const now = clock.now();
    const parsed = parseAll({
      name: () => (input.name === undefined ? {} : { name: parseName(input.name) }),
      scopes: () => (input.scopes === undefined ? {} : { scopes: parseScopes(input.scopes) }),
      expiresAt: () => expiryOf(input.expiresAt, now),
    });
    const changes = {
      ...parsed.name,
      ...parsed.scopes,
      ...parsed.expiresAt,
      ...(isEnabled !== undefined && { isEnabled }),
    };

    return database.transact(async (stores) => {
      const before = await lockKey(stores, actor, id);
      const after: Key = { ...before, ...changes, updatedAt: now };
      const data = diffOf(before, after);
      if (data === null) return before;
      if (before.isRevoked && after.isEnabled) {
        throw refused('isEnabled', 'is refused for a key that was revoked', 'not_allowed');
      }
      const field = after.isEnabled ? 'expiresAt' : 'isEnabled';
      await checkLastKey(this.#ports, stores, actor, before, after, field);
      if (!(await stores.keys.update(after))) {
        const message = `the user has a usable ${after.type} key of this service already`;
        throw refused('isEnabled', message, 'exists');
      }

      const { serviceId, userId } = after;
      // When it is enabled as well: a key that expired and gave way to another one was disabled without their end.
      if (userId !== null && before.isEnabled !== after.isEnabled) {
        await stores.sessions.endAllOn({ id, userId }, now);
      }
      if (serviceId !== null) {
        const of = { serviceId, userId, subjectId: id };
        const changed = { ...keyData(after), fields: fieldsOf(data) };
        await tell(this.#ports, stores, { ...of, type: 'key.updated', data: changed });
      }
      const entry = { type: 'sso:KeyUpdate', serviceId, userId, subjectId: id, data } as const;
      await record(this.#ports, stores, actor, entry);
      return after;
    });
  }
}

function expiryOf(text: string | undefined, now: number): Partial<Pick<Key, 'expiresAt'>> {
  if (text === undefined) return {};
  return { expiresAt: text === '' ? null : parseExpiry(text, now) };
}

const refused = (field: string, message: string, code: 'not_allowed' | 'exists') =>
  new IllegalArgument([{ field, message, code }]);
