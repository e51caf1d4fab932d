import type { MailState, OutboxMail, Ports } from './ports.ts';

type Needs = Pick<Ports, 'database'>;

/** Shows the operator the mails that changes owe or owed, the latest first. */
export class ListMails {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute({
    state,
    limit,
  }: {
    /** Null: any. */
    readonly state: MailState | null;
    readonly limit: number;
  }): Promise<OutboxMail[]> {
    return this.#ports.database.read(({ outbox }) => outbox.list(state, limit));
  }
}
