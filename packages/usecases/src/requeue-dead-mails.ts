import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Gives every dead letter another chance whose link is still good: after an SMTP server was misled, say. */
export class RequeueDeadMails {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many there were. */
  async execute(): Promise<number> {
    const { database, clock } = this.#ports;
    return database.transact(({ outbox }) => outbox.requeueAll(clock.now()));
  }
}
