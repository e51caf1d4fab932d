import { type Actor, formServiceId, type Id, NotFound, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Gives a user the role of an admin at the built-in service, or takes it. The sessions there end: their tokens name roles. */
export class ChangeRole {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** A user who has the role already, or has not, stays as it is. Throws `NotFound` where there is no such user. */
  async execute(
    actor: Actor,
    { id, isAdmin }: { readonly id: Id; readonly isAdmin: boolean },
  ): Promise<User> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    return database.transact(async (stores) => {
      const { users, sessions } = stores;
      const { user } = (await users.lock(id)) ?? {};
      if (!user) throw new NotFound();
      if (user.isAdmin === isAdmin) return user;

      const now = clock.now();
      await users.setAdmin(id, isAdmin, now);
      const of = { serviceId: formServiceId, userId: id };
      const ended = await sessions.endAllAt(id, formServiceId, now);
      await tellAll(this.#ports, stores, {
        ...of,
        type: 'user.updated',
        data: { fields: ['roles'] },
      });
      if (ended > 0) await tell(this.#ports, stores, { ...of, type: 'session.ended' });
      const type = isAdmin ? 'rekey:RoleGrant' : 'rekey:RoleRevoke';
      await record(this.#ports, stores, actor, { ...of, type, subjectId: id });
      return { ...user, isAdmin, updatedAt: now };
    });
  }
}
