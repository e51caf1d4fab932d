import type { Backlog, Ports } from './ports.ts';

type Needs = Pick<Ports, 'database'>;

/** Tells the operator how many mails wait and how many were given up, and since when the oldest waits. */
export class CountMails {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(): Promise<Backlog> {
    return this.#ports.database.read(({ outbox }) => outbox.backlog());
  }
}
