import {
  type Actor,
  type Id,
  InvalidCredentials,
  type ProofMethod,
  parseClaimedEmail,
  placeOf,
  typedPassword,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { makeChallenge } from '../shared/demand-factor.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { methodOf, type ProvenCode, proveCode } from '../shared/prove-code.ts';
import { type Proof, provePassword } from '../shared/prove-password.ts';
import { record } from '../shared/record.ts';
import { type CodeNeeds, spend } from '../shared/with-code.ts';
import { insertSeed, needsCode, type ShownSeed } from './enrol-totp.ts';

type Needs = CodeNeeds & Pick<Ports, 'hasher' | 'deviceTokens'>;

type Input = {
  readonly email: string;
  readonly password: string;
  /** Of the factor that is to be replaced. */
  readonly code?: string | undefined;
  readonly device?: string | undefined;
};

type Proven = Proof & { readonly own: ProvenCode | null };

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
   * Throws `InvalidCredentials` for whatever proves no account here, `IllegalArgument` where a factor is to be replaced and
   * no code of it is there, `TooManyRequests` and `Overloaded`.
   */
  async execute(actor: Actor, input: Input): Promise<ShownSeed & { readonly challenge: string }> {
    const ports = this.#ports;
    const place = placeOf(actor);
    const email = parseClaimedEmail(input.email);
    const claim = { email, password: typedPassword(input.password, 'password') };
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
      prepare: async ({ user, own }: Proven) => {
        if (user.factors.hasTotp && own === null) throw needsCode('code');
      },
      commit: async (stores, proof) => {
        const { user, version, own } = proof;
        const locked = await stores.users.lock(user.id);
        const isAsProven = locked?.user.isEnabled && locked.credential.version === version;
        if (!isAsProven || locked.user.factors.hasTotp !== user.factors.hasTotp) {
          throw new InvalidCredentials();
        }
        if (own !== null) await spend(ports, stores, user.id, own);
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

  async #codeOf(userId: Id | null, code: string | undefined): Promise<ProvenCode | null> {
    if (code === undefined) return null;
    return (await proveCode(this.#ports, { userId, code })).own;
  }
}
