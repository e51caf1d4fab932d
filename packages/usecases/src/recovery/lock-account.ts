import { type Actor, type Id, parseAsked } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { type Ended, lockAccount } from '../shared/kill-switch.ts';
import { recordAsked } from '../shared/record-custom.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'>;

type LockInput = {
  readonly token: string;
  /** The type of an entry of the service's own. */
  readonly audit?: string | undefined;
};

/** "This wasn't me": locks the account that the mail with the token was about, and ends every key of it. */
export class LockAccount {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Any kill-switch token of the service works. Throws `InvalidOneTimeToken` for every other. */
  async execute(
    actor: Actor,
    { token: text, audit }: LockInput,
  ): Promise<{ readonly ended: Ended; readonly audit: Id | null }> {
    const asked = parseAsked(audit);
    return this.#ports.database.transact(async (stores) => {
      const { token, ended } = await lockAccount(this.#ports, stores, actor, text);
      const { userId } = token;
      const id = await recordAsked(this.#ports, stores, actor, asked, { userId });
      return { ended, audit: id };
    });
  }
}
