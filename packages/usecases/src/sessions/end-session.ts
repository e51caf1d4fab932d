import { type Actor, type Id, may, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { endSession } from '../shared/end-session.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Logs a user out of one session: at its service, by its service, by the user itself or by the operator. */
export class EndSession {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for sessions that are unknown, foreign or over. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    const { database, clock } = this.#ports;
    await database.transact(async (stores) => {
      const { session } = (await stores.sessions.findOpen(id)) ?? {};
      if (!session || !may(actor, 'see session', session)) throw new NotFound();
      const { userId, serviceId, expiresAt } = session;
      if (expiresAt <= clock.now()) throw new NotFound();
      const grant = { sessionId: id, userId, serviceId };
      if (!(await endSession(this.#ports, stores, actor, grant))) throw new NotFound();
    });
  }
}
