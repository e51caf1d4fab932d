import {
  type Actor,
  Forbidden,
  type Id,
  IllegalArgument,
  type Key,
  type KeyType,
  keyData,
  keyDetails,
  may,
  nowhere,
  parseAll,
  parseExpiry,
  parseName,
  parseScopes,
  Unauthorized,
  type User,
  type Violation,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { newKey } from '../shared/new-key.ts';
import { checkOwing, owe } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import { tellAdoption } from '../shared/tell-all.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

export type CreateKeyInput = {
  readonly isEnabled?: boolean | undefined;
  /** A KEY unless given. */
  readonly type?: KeyType | undefined;
  readonly name: string;
  /** The service that asks unless given; named by operators alone. */
  readonly serviceId?: Id | undefined;
  /** None for a key of the service itself. */
  readonly userId?: Id | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** As in RFC 3339. */
  readonly expiresAt?: string | undefined;
};

type Owner = Pick<Key, 'userId'> & { readonly serviceId: Id };

/**
 * Gives a user a key at a service, or a service a key of its own, and shows its value, once. The owner of the account is
 * told of a KEY by a mail, and the other services of a user of it that another service knows the user from then on.
 */
export class CreateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `IllegalArgument` for a user who can have no keys, and for a second usable TOKEN or TOTP key; `Forbidden` where
   * a service names a service; `TooManyRequests` where nobody vouches for the user, who was sent too many mails.
   */
  async execute(actor: Actor, input: CreateKeyInput): Promise<{ key: Key; value: string }> {
    if (!may(actor, 'create key', null)) throw new Unauthorized();
    const isAllowed = input.serviceId === undefined || may(actor, 'create any key', null);
    const { database, clock } = this.#ports;
    const { type = 'KEY', isEnabled = true } = input;
    const { owner, ...parsed } = parseAll({
      name: () => parseName(input.name),
      scopes: () => parseScopes(input.scopes ?? []),
      expiresAt: () =>
        input.expiresAt === undefined ? null : parseExpiry(input.expiresAt, clock.now()),
      owner: () => (isAllowed ? ownerOf(actor, type, input) : null),
    });
    if (owner === null) throw new Forbidden('root_key_required');
    // TOKEN keys are made when an account is set up, and TOTP keys are shown to their owner.
    const isTold = type === 'KEY' && owner.userId !== null;
    if (isTold) {
      const user = await database.read(({ users }) => users.get(owner.userId ?? ''));
      if (user) await checkOwing(this.#ports, user, actor.origin ?? nowhere);
    }

    const { key, value, secret } = newKey(this.#ports, { type, isEnabled, ...parsed, ...owner });
    await database.transact(async (stores) => {
      const user = await findOwner(stores, owner);
      const others =
        type === 'TOTP' || user === null
          ? []
          : await tellAdoption(this.#ports, stores, { user, serviceId: owner.serviceId });
      if (!(await stores.keys.insert(key, secret))) {
        const message = `is taken: the user has a usable ${type} key of this service already`;
        throw new IllegalArgument([{ field: 'type', message, code: 'exists' }]);
      }
      if (isTold && user !== null) {
        const place = { serviceId: owner.serviceId, origin: actor.origin ?? nowhere };
        const right = { purpose: 'factor_change', user, details: keyDetails(key) } as const;
        await owe(this.#ports, stores, { ...right, ...place });
      }
      const of = { ...owner, subjectId: key.id };
      await tell(this.#ports, stores, { ...of, type: 'key.created', data: keyData(key) });
      const adoptions = others.map(
        (serviceId) => ({ type: 'rekey:UserAdopt', serviceId, userId: owner.userId }) as const,
      );
      for (const entry of [{ ...of, type: 'sso:KeyCreate' } as const, ...adoptions]) {
        const isOwn = entry.serviceId === owner.serviceId;
        await record(this.#ports, stores, isOwn ? actor : { kind: 'unnamed', origin: null }, entry);
      }
    });
    return { key, value };
  }
}

function ownerOf(actor: Actor, type: KeyType, input: CreateKeyInput): Owner {
  const { serviceId, userId = null } = input;
  const missing = (field: string, message: string): Violation => ({
    field,
    message,
    code: 'required',
  });
  const violations: Violation[] = [];
  const ofService = actor.kind === 'service' ? actor.service.id : serviceId;
  if (ofService === undefined) violations.push(missing('serviceId', 'is required'));
  if (userId === null && actor.kind === 'service') {
    violations.push(missing('userId', 'is required'));
  }
  if (userId === null && actor.kind !== 'service' && type !== 'KEY') {
    violations.push(missing('userId', 'is required for a TOKEN and for a TOTP key'));
  }
  if (ofService === undefined || violations.length > 0) throw new IllegalArgument(violations);
  return { serviceId: ofService, userId };
}

/** Locks the user that a key is made for, so that a kill switch at the same moment finds the key, or is found; null for none. */
async function findOwner(
  { users, services }: Stores,
  { userId, serviceId }: Owner,
): Promise<User | null> {
  const account = userId === null ? null : await users.lock(userId);
  const violations: Violation[] = [];
  const refuse = (field: string, message: string) =>
    violations.push({ field, message, code: 'unknown' });
  // Kept, so that it is not deleted meanwhile.
  if ((await services.keep(serviceId)) === null) refuse('serviceId', 'is not the id of a service');
  if (userId !== null && (account === null || account.user.isLocked)) {
    refuse('userId', 'is not the id of a user who can have keys');
  }
  if (violations.length > 0) throw new IllegalArgument(violations);
  return account?.user ?? null;
}
