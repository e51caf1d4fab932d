import { type Actor, Forbidden, formServiceId, type Id, may, NotFound } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkNotLastAdmin } from '../shared/admins.ts';
import { deleteUsers } from '../shared/delete-users.ts';
import { oweDeletion } from '../shared/owe-deletion.ts';
import { seenBy } from '../shared/viewer.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'
>;

/**
 * Deletes a person: the user, and all that is personal in every table. What was done stays in the audit, without words.
 * Services tell their users themselves; of what an admin of the built-in service deletes, the owner is mailed.
 */
export class DeleteUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign users alike, and `Forbidden` where the service did not make the user, or
   * another service has a key of it; `IllegalArgument` where an admin deletes the last one.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    await this.#ports.database.transact((stores) => this.delete(stores, actor, id));
  }

  /** Like `execute`, in a transaction that is open, and that has locked no user but that one after all admins. */
  async delete(stores: Stores, actor: Actor, id: Id): Promise<void> {
    const { users } = stores;
    const isAdmins = actor.kind === 'service' && actor.service.id === formServiceId;
    // All of them in one order, so that two who delete each other never wait for each other.
    if (isAdmins) await users.lockAdmins();
    // Locked first: a login or a change at the same moment comes before, and is deleted too, or finds nobody.
    if ((await users.lock(id)) === null) throw new NotFound();
    const user = await seenBy(actor, stores, id);
    const isKeptBeside =
      actor.kind === 'service' && (await users.isKeptBeside(id, actor.service.id));
    if (!may(actor, 'delete user', { ...user, isKeptBeside })) throw new Forbidden('forbidden');
    if (isAdmins) {
      await checkNotLastAdmin(stores, id);
      await oweDeletion(this.#ports, stores, actor, user);
    }
    await deleteUsers(this.#ports, stores, actor, { ids: [id], type: 'sso:UserDelete' });
  }
}
