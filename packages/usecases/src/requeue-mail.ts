import type { Id } from '@rekey/domain';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** What became of it; everything but `requeued` changed nothing. */
export type Requeued = 'requeued' | 'unknown' | 'link expired' | 'not dead';

/** Gives a dead letter another chance: it is due at once, unless its link has expired meanwhile. */
export class RequeueMail {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(changeId: Id): Promise<Requeued> {
    const { database, clock } = this.#ports;
    return database.transact(async ({ outbox, changes }) => {
      const now = clock.now();
      if (await outbox.requeue(changeId, now)) return 'requeued';
      const change = await changes.get(changeId);
      if (change === null) return 'unknown';
      return change.expiresAt <= now ? 'link expired' : 'not dead';
    });
  }
}
