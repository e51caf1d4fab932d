import { type Actor, InvalidOneTimeToken, may, type OneTimeToken } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { proveAddress } from '../shared/prove-address.ts';
import { recordAtAll } from '../shared/record-at-all.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'linkTokens' | 'clock' | 'ids'>;

type ValidateEmailInput = {
  readonly token: string;
  /** In its canonical form, where the link says it: it must be the address that the mail went to. */
  readonly email?: string | undefined;
  /** Whether somebody acted. A visit to the link, which machines make too, is no proof. */
  readonly isProof: boolean;
};

/** Marks the address of an account as valid with the link that was mailed to it, again and again while that lives. */
export class ValidateEmail {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidOneTimeToken` for every token that is not good here, and for one of an address from before. */
  async execute(actor: Actor, { token, email, isProof }: ValidateEmailInput): Promise<void> {
    const { database, linkTokens } = this.#ports;
    const presented = linkTokens.verify(token);
    if (presented?.purpose !== 'validate_email') throw new InvalidOneTimeToken();

    await database.transact(async (stores) => {
      const { userId, serviceId, ...right } = await this.#find(stores, actor, presented.id);
      if (email !== undefined && email !== right.email) throw new InvalidOneTimeToken();
      const before = await stores.users.lock(userId);
      if (before?.user.email !== right.email) throw new InvalidOneTimeToken();
      // Once more: a lock of the account ends the right, and may have come before.
      await this.#find(stores, actor, right.id);

      const after = await proveAddress(this.#ports, stores, userId, { isProof });
      const { emailValid, emailProven } = before.user;
      if (after.emailValid === emailValid && after.emailProven === emailProven) return;
      const entry = {
        type: 'rekey:ValidateEmail',
        serviceId,
        userId,
        subjectId: right.id,
      } as const;
      await recordAtAll(this.#ports, stores, actor, entry);
    });
  }

  async #find({ oneTimeTokens }: Stores, actor: Actor, id: string): Promise<OneTimeToken> {
    const right = await oneTimeTokens.findGood(id, this.#ports.clock.now());
    if (right?.purpose !== 'validate_email' || right.userId === null) {
      throw new InvalidOneTimeToken();
    }
    const { userId, serviceId } = right;
    if (!may(actor, 'use link', { serviceId })) throw new InvalidOneTimeToken();
    return { ...right, userId };
  }
}
