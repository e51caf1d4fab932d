import {
  type Id,
  IllegalArgument,
  isShut,
  type Key,
  type KeyType,
  type Origin,
  parseName,
  type Service,
} from '@rekey/domain';
import { newKey } from './new-key.ts';
import type { KeySecret, Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

export type CreateKeyInput = {
  readonly service: Service;
  readonly isEnabled: boolean;
  readonly type: KeyType;
  readonly name: string;
  readonly userId: Id;
  readonly origin?: Origin | undefined;
};

/** Gives a user a key at a service, and shows its value, once. */
export class CreateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(input: CreateKeyInput): Promise<{ key: Key; value: string }> {
    const { database } = this.#ports;
    const { service, isEnabled, type, userId, origin } = input;
    const name = parseName(input.name);

    const { value, secret } = this.#makeValue(type);
    const key = newKey(this.#ports, { isEnabled, type, name, serviceId: service.id, userId });
    await database.transact(async (stores) => {
      const { users, keys } = stores;
      // Held, so that a shutdown at the same moment finds the key, or is found.
      const held = await users.hold(userId);
      if (held === null || isShut(held.user, held.credential)) {
        throw new IllegalArgument([
          { field: 'userId', message: 'is not the id of a user who can have keys' },
        ]);
      }
      if (!(await keys.insert(key, secret))) {
        throw new IllegalArgument([
          { field: 'type', message: 'the user has a usable TOKEN key of this service already' },
        ]);
      }
      const of = { serviceId: service.id, userId, subjectId: key.id, origin };
      await record(this.#ports, stores, { action: 'key_create', ...of });
    });
    return { key, value };
  }

  #makeValue(type: KeyType): { value: string; secret: KeySecret } {
    const { secrets } = this.#ports;
    if (type === 'TOTP') {
      const value = secrets.generateTotpSeed();
      return { value, secret: { sealed: secrets.seal(value) } };
    }
    const value = secrets.generate('rku_');
    return { value, secret: { digest: secrets.digest(value) } };
  }
}
