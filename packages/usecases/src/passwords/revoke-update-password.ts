import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { lockAccount } from '../shared/kill-switch.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'linkTokens' | 'clock' | 'ids'>;

/** "This wasn't me": locks the account that the mail with the token was about, and ends every key of it. */
export class RevokeUpdatePassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Any kill-switch token of the service works. Throws `InvalidOneTimeToken` for every other. */
  async execute(actor: Actor, { token }: { readonly token: string }): Promise<void> {
    await lockAccount(this.#ports, actor, token);
  }
}
