import { type Id, InvalidCredentials, type Origin } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { attempt, clearAttempt } from './throttle.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'totp' | 'clock' | 'settings'>;

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

  /** Unknown and disabled users, no usable TOTP key at the service, and a wrong or used code are one `InvalidCredentials`. */
  async execute({ serviceId, userId, code, origin }: VerifyTotpInput): Promise<void> {
    const { database, secrets, totp, clock } = this.#ports;
    const what = { account: `totp of ${userId}`, serviceId, origin };
    const { found, counted } = await attempt(this.#ports, what, async () => {
      const { user, key } = await database.read(async ({ users, keys }) => ({
        user: await users.get(userId),
        key: await keys.findTotp(userId, serviceId),
      }));
      // Made for every call, so that a user without a key costs as much as one who has one.
      const decoy = secrets.seal(secrets.generateTotpSeed());
      const step = totp.stepOf(code, secrets.unseal(key?.sealed ?? decoy), clock.now());
      const isRight = user?.isEnabled === true && key !== null && step !== null;
      return isRight ? { keyId: key.id, step } : null;
    });

    const isMine =
      found !== null &&
      (await database.transact(async ({ keys, throttles }) => {
        // A shutdown since then has revoked the key, which is then refused here.
        const isSpent = await keys.spendTotpStep(found.keyId, found.step);
        if (isSpent) await clearAttempt(throttles, counted, clock.now());
        return isSpent;
      }));
    if (!isMine) throw new InvalidCredentials('the code is not right');
  }
}
