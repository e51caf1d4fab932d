import { type Id, InvalidCredentials, type Origin } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { record, recordFailure } from './record.ts';
import { attempt, clearAttempt } from './throttle.ts';
import { isVisible } from './visible-user.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'totp' | 'clock' | 'ids' | 'settings'>;

export type VerifyTotpInput = {
  readonly serviceId: Id;
  readonly userId: Id;
  readonly code: string;
  readonly origin: Origin;
};

/** Takes a one-time code of a user, once. */
export class VerifyTotp {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Unknown and disabled users, no usable TOTP key at the service, and a wrong or used code are one `InvalidCredentials`.
   * Answers the id of the entry in the audit.
   */
  async execute({ serviceId, userId, code, origin }: VerifyTotpInput): Promise<Id> {
    const { database, secrets, totp, clock } = this.#ports;
    const what = { account: `totp of ${userId}`, serviceId, origin };
    const { found, counted } = await attempt(this.#ports, what, async () => {
      const { user, key, isSeen } = await database.read(async (stores) => {
        const user = await stores.users.get(userId);
        const key = await stores.keys.findTotp(userId, serviceId);
        const isSeen = user !== null && (await isVisible(stores, user, serviceId));
        return { user, key, isSeen };
      });
      // Made for every call, so that a user without a key costs as much as one who has one.
      const decoy = secrets.seal(secrets.generateTotpSeed());
      const step = totp.stepOf(code, secrets.unseal(key?.sealed ?? decoy), clock.now());
      const isRight = user?.isEnabled === true && key !== null && step !== null;
      return { userId: isSeen ? userId : null, right: isRight ? { keyId: key.id, step } : null };
    });

    const { right } = found;
    const event = { action: 'totp', serviceId, userId: found.userId, origin } as const;
    const entryId =
      right &&
      (await database.transact(async (stores) => {
        // A shutdown since then has revoked the key, which is then refused here.
        if (!(await stores.keys.spendTotpStep(right.keyId, right.step))) return null;
        await clearAttempt(stores.throttles, counted, clock.now());
        return record(this.#ports, stores, { ...event, subjectId: right.keyId });
      }));
    if (entryId === null) {
      await recordFailure(this.#ports, event, counted);
      throw new InvalidCredentials('the code is not right');
    }
    return entryId;
  }
}
