import {
  type Actor,
  formServiceId,
  formServiceName,
  IllegalArgument,
  isProven,
  keyData,
  newUser,
  parseAll,
  parseEmail,
  parseName,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkFree } from '../shared/check-free.ts';
import { invite } from '../shared/invite.ts';
import { newKey } from '../shared/new-key.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { ChangeRole } from './change-role.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/**
 * Makes an account of the built-in service with the role of an admin, and mails its owner a link to choose the password.
 * An account that is there, and that somebody vouches for, gets the role.
 */
export class CreateAdmin {
  readonly #ports: Needs;
  readonly #changeRole: ChangeRole;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#changeRole = new ChangeRole(ports);
  }

  /**
   * `isInvited`: whether a mail is owed. Throws `IllegalArgument` also for the address of an account that nobody proved:
   * it may be anybody's.
   */
  async execute(
    actor: Actor,
    input: { readonly name: string; readonly email: string },
  ): Promise<{ readonly user: User; readonly isInvited: boolean }> {
    onlyOperator(actor);
    const { name, email } = parseAll({
      name: () => parseName(input.name),
      email: () => parseEmail(input.email),
    });
    const { database } = this.#ports;
    const found = await database.read(({ users }) => users.findByEmail(email));
    if (found === null) {
      const user = this.#newAdmin(name, email);
      await database.transact((stores) => this.#insert(stores, actor, user));
      return { user, isInvited: true };
    }
    if (!isProven(found.user)) throw refused('has an account that nobody proved');
    const user = await this.#changeRole.execute(actor, { id: found.user.id, isAdmin: true });
    return { user, isInvited: false };
  }

  #newAdmin(name: string, email: string): User {
    const { clock, ids } = this.#ports;
    return newUser({
      id: ids.next(),
      createdAt: clock.now(),
      isAdmin: true,
      name,
      email,
      locale: 'en',
      timezone: 'Etc/UTC',
      createdBy: null,
    });
  }

  async #insert(stores: Stores, actor: Actor, user: User): Promise<void> {
    const { users, keys } = stores;
    // Made by somebody else since it was looked up.
    if (!(await users.insert(user, null))) throw refused('has an account since just now');
    await checkFree(this.#ports, stores, { email: user.email, isTaken: false, userId: user.id });
    const userId = user.id;
    const at = { serviceId: formServiceId, userId };
    const { key, secret } = newKey(this.#ports, { type: 'TOKEN', name: formServiceName, ...at });
    await keys.insert(key, secret);

    await tellAll(this.#ports, stores, { ...at, type: 'user.created' });
    const made = { ...at, subjectId: key.id };
    await tell(this.#ports, stores, { ...made, type: 'key.created', data: keyData(key) });
    const entries = [
      { ...at, type: 'sso:KeyCreate', subjectId: key.id } as const,
      { ...at, type: 'rekey:RoleGrant', subjectId: userId } as const,
      { serviceId: null, userId, type: 'sso:UserCreate', subjectId: userId } as const,
    ];
    for (const entry of entries) await record(this.#ports, stores, actor, entry);
    await invite(this.#ports, stores, actor, { user, version: 1 });
  }
}

const refused = (message: string): IllegalArgument =>
  new IllegalArgument([{ field: 'email', message, code: 'not_allowed' }]);
