import {
  type Actor,
  type Id,
  IllegalArgument,
  type Key,
  type KeyType,
  may,
  parseName,
  placeOf,
  Unauthorized,
} from '@rekey/domain';
import type { KeySecret, Ports } from '../ports/index.ts';
import { newKey } from '../shared/new-key.ts';
import { checkOwing, owe } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { sealOwners } from '../shared/seals.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

export type CreateKeyInput = {
  readonly isEnabled: boolean;
  readonly type: KeyType;
  readonly name: string;
  readonly userId: Id;
};

/** Gives a user a key at a service, and shows its value, once. The owner is told of a KEY by a mail. */
export class CreateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `IllegalArgument` for a user who can have no keys, and for a second usable TOKEN key; `TooManyRequests` where
   * nobody vouches for the user, who was sent too many mails.
   */
  async execute(actor: Actor, input: CreateKeyInput): Promise<{ key: Key; value: string }> {
    if (!may(actor, 'create key', null)) throw new Unauthorized();
    const { isEnabled, type, userId } = input;
    const { serviceId, origin } = placeOf(actor);
    const name = parseName(input.name);
    // TOKEN keys are made when an account is set up, and TOTP keys are shown to their owner.
    const isTold = type === 'KEY';
    if (isTold) {
      const user = await this.#ports.database.read(({ users }) => users.get(userId));
      if (user) await checkOwing(this.#ports, user, origin);
    }

    const key = newKey(this.#ports, { isEnabled, type, name, serviceId, userId });
    const { value, secret } = this.#makeValue(key);
    await this.#ports.database.transact(async (stores) => {
      const { users, keys } = stores;
      // Locked, so that a kill switch at the same moment finds the key, or is found.
      const account = await users.lock(userId);
      if (account === null || account.user.isLocked) {
        const message = 'is not the id of a user who can have keys';
        throw new IllegalArgument([{ field: 'userId', message, code: 'unknown' }]);
      }
      if (!(await keys.insert(key, secret))) {
        const message = 'the user has a usable TOKEN key of this service already';
        throw new IllegalArgument([{ field: 'type', message, code: 'exists' }]);
      }
      if (isTold) {
        const right = { purpose: 'factor_change', user: account.user, serviceId, origin } as const;
        await owe(this.#ports, stores, right);
      }
      const of = { serviceId, userId, subjectId: key.id };
      await tell(this.#ports, stores, { ...of, type: 'key.created' });
      await record(this.#ports, stores, actor, { ...of, type: 'sso:KeyCreate' });
    });
    return { key, value };
  }

  #makeValue({ id, type }: Key): { value: string; secret: KeySecret } {
    const { secrets } = this.#ports;
    if (type === 'TOTP') {
      const value = secrets.generateTotpSeed();
      return { value, secret: { sealed: secrets.seal(value, sealOwners.seed(id)) } };
    }
    const value = secrets.generate('rku_');
    return { value, secret: { digest: secrets.digest(value) } };
  }
}
