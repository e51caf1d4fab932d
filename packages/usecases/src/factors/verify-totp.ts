import {
  type Actor,
  type Id,
  InvalidCredentials,
  may,
  placeOf,
  typedCode,
  Unauthorized,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { isKnownTo } from '../shared/known-user.ts';
import { sealOwners } from '../shared/seals.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'totp' | 'keyUses' | 'clock' | 'ids' | 'settings'
>;

const REFUSAL = 'the code is not right';

type VerifyTotpInput = { readonly userId: Id; readonly code: string };

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
  async execute(actor: Actor, input: VerifyTotpInput): Promise<Id> {
    if (!may(actor, 'verify code', null)) throw new Unauthorized();
    const { keyUses, clock } = this.#ports;
    const account = `totp of ${input.userId}`;
    const tried = { type: 'sso:AuthTotp', account, device: null, refusal: REFUSAL } as const;
    const { result, entryId } = await attempt(this.#ports, actor, tried, {
      prove: () => this.#prove(placeOf(actor).serviceId, input),
      prepare: async () => undefined,
      commit: async ({ keys }, { keyId, step }) => {
        // A lock since then has revoked the key, whose code is then refused here.
        if (!(await keys.spendTotpStep(keyId, step))) throw new InvalidCredentials(REFUSAL);
        return { subjectId: keyId, result: keyId };
      },
    });
    keyUses.note({ id: result, at: clock.now() });
    return entryId;
  }

  async #prove(serviceId: Id, { userId, code }: VerifyTotpInput) {
    const { database, secrets, totp, clock } = this.#ports;
    const { user, key, isKnown } = await database.read(async (stores) => {
      const user = await stores.users.get(userId);
      const key = await stores.keys.findTotp(userId, serviceId, clock.now());
      const isKnown = user !== null && (await isKnownTo(stores, user, serviceId));
      return { user, key, isKnown };
    });
    // Made for every call, so that a user without a key costs as much as one who has one.
    const decoy = { id: '', sealed: secrets.seal(secrets.generateTotpSeed(), sealOwners.seed('')) };
    const { id, sealed } = key ?? decoy;
    const step = totp.stepOf(
      typedCode(code),
      secrets.unseal(sealed, sealOwners.seed(id)),
      clock.now(),
    );
    const isRight = user?.isEnabled === true && key !== null && step !== null;
    return { userId: isKnown ? userId : null, proof: isRight ? { keyId: key.id, step } : null };
  }
}
