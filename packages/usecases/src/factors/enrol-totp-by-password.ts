import {
  type Actor,
  hasCode,
  type Id,
  InvalidCredentials,
  type ProofMethod,
  parseClaimedEmail,
  placeOf,
  typedPassword,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { checkOwnEmail } from '../shared/check-own-email.ts';
import { makeChallenge } from '../shared/demand-factor.ts';
import { findSession } from '../shared/find-session.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { methodOf, type ProvenCode, proveCode } from '../shared/prove-code.ts';
import { provePassword } from '../shared/prove-password.ts';
import { record } from '../shared/record.ts';
import { type CodeNeeds, spend } from '../shared/with-code.ts';
import { insertSeed, needsCode, type ShownSeed } from './enrol-totp.ts';

type Needs = CodeNeeds & Pick<Ports, 'hasher' | 'deviceTokens'>;

type Input = {
  readonly email: string;
  readonly password: string;
  /** Of the factor that is to be replaced; a session that was opened with one needs none. */
  readonly code?: string | undefined;
  readonly device?: string | undefined;
};

/**
 * Shows somebody who proves the password a new seed of one-time codes, and lets the proof wait for a code of it, see
 * `LogInWithFactor`. For people who enrol before they log in.
 */
export class EnrolTotpByPassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Forbidden` for a session of somebody else, `InvalidCredentials` for whatever proves no account here,
   * `IllegalArgument` where a factor is to be replaced and neither a code of it is there nor a session that was opened with
   * one, `TooManyRequests` and `Overloaded`.
   */
  async execute(actor: Actor, input: Input): Promise<ShownSeed & { readonly challenge: string }> {
    const ports = this.#ports;
    const place = placeOf(actor);
    const email = parseClaimedEmail(input.email);
    const claim = { email, password: typedPassword(input.password, 'password') };
    if (actor.kind === 'user') await checkOwnEmail(ports, actor.session.userId, email);
    ports.hasher.admit(place);
    const device = await presentedDevice(ports, actor, email, input.device);
    const tried = { type: 'sso:AuthLocalLogin', account: email, device } as const;
    const { result } = await attempt(ports, actor, tried, {
      prove: async () => {
        const { proof, ...of } = await provePassword(ports, actor, claim);
        const own = await this.#codeOf(proof?.user.id ?? null, input.code);
        const isWrong = input.code !== undefined && own === null && proof?.user.factors.hasTotp;
        return { ...of, proof: proof === null || isWrong ? null : { ...proof, own } };
      },
      prepare: async () => null,
      commit: async (stores, proof) => {
        const { user, version, own } = proof;
        const locked = await stores.users.lock(user.id);
        const isAsProven = locked?.user.isEnabled && locked.credential.version === version;
        if (!isAsProven || locked.user.factors.hasTotp !== user.factors.hasTotp) {
          throw new InvalidCredentials();
        }
        if (own !== null) await spend(ports, stores, user.id, own);
        else if (user.factors.hasTotp && !(await this.#hasShownCode(stores, actor))) {
          throw needsCode('code');
        }
        const amr: ProofMethod[] = own === null ? ['pwd'] : ['pwd', methodOf(own)];
        const deviceId: Id | null = device?.isKnown ? device.id : null;
        const proven = { member: proof, amr, deviceId, kind: 'enrolment' } as const;
        const challenge = await makeChallenge(ports, stores, place, proven);
        const shown = await insertSeed(ports, stores, user, place.serviceId);
        const of = { serviceId: place.serviceId, userId: user.id };
        await record(ports, stores, actor, { type: 'rekey:FactorDemand', ...of });
        return { isRecorded: true, result: { ...shown, challenge } };
      },
    });
    return result;
  }

  /** Whether the person asks in a session that a code of the factor opened, or made stronger. */
  async #hasShownCode(stores: Stores, actor: Actor): Promise<boolean> {
    if (actor.kind !== 'user') return false;
    const open = await findSession(stores, actor.session, this.#ports.clock.now());
    return open !== null && hasCode(open.session.amr);
  }

  async #codeOf(userId: Id | null, code: string | undefined): Promise<ProvenCode | null> {
    if (code === undefined) return null;
    return (await proveCode(this.#ports, { userId, code })).own;
  }
}
