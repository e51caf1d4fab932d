import {
  type Actor,
  type FactorDemanded,
  Forbidden,
  goesOn,
  type Id,
  InvalidCredentials,
  type Passkey,
  type ProofMethod,
  parseAll,
  placeOf,
  type SeenUser,
} from '@rekey/domain';
import type { PasskeyProof, Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { maybeClaimedEmail } from '../shared/claimed-email.ts';
import { demandFactor } from '../shared/demand-factor.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { maybeOrigin } from '../shared/maybe-origin.ts';
import type { Member } from '../shared/member.ts';
import {
  openSession,
  type PreparedSession,
  prepareWholeSession,
  type SessionTokens,
} from '../shared/open-session.ts';
import type { AuditCause, Recorder } from '../shared/record.ts';

type Needs = Recorder &
  Pick<
    Ports,
    | 'database'
    | 'secrets'
    | 'accessTokens'
    | 'deviceTokens'
    | 'linkTokens'
    | 'mailTally'
    | 'keyUses'
    | 'webAuthn'
    | 'settings'
  >;

type LogInWithPasskeyInput = {
  /** The account that the question was for; not given where it was for any. */
  readonly email?: string | undefined;
  /** As the browser answered it. */
  readonly response: unknown;
  /** The origin of the page; any accepted one unless given. */
  readonly origin?: string | undefined;
  /** The device token that an earlier login handed out. */
  readonly device?: string | undefined;
};

export type PasskeyLogin = SessionTokens & { readonly user: SeenUser };

const REFUSAL = 'this passkey does not log in here';
const TYPE = 'rekey:AuthPasskey';

/** A proof that holds, and what it rests on. */
type Proof = {
  readonly member: Member;
  readonly passkey: Passkey;
  readonly used: PasskeyProof;
  readonly amr: readonly ProofMethod[];
};
type Looked = {
  readonly userId: Id | null;
  readonly proof: Proof | null;
  readonly cause: AuditCause | null;
};
type Prepared = { readonly deviceId: Id | null; readonly session: PreparedSession | null };
type Entered = { readonly proof: Proof } & (
  | { readonly demand: FactorDemanded }
  | { readonly demand: null; readonly output: PasskeyLogin }
);

/**
 * Lets somebody in who proves to have a passkey of a user. A passkey that verified the person counts as two factors; any
 * other one is one, and a second factor is asked for where the user or the service demands it.
 */
export class LogInWithPasskey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidCredentials` for whatever proves no account here, `Forbidden` where the password must be changed first,
   * `FactorDemanded` where a second factor is asked for, and `TooManyRequests`: for wrong answers alone, for nobody guesses
   * a right one.
   */
  async execute(actor: Actor, input: LogInWithPasskeyInput): Promise<PasskeyLogin> {
    const { webAuthn, keyUses, clock } = this.#ports;
    const place = placeOf(actor);
    const { claim } = parseAll({
      claim: () => maybeClaimedEmail(actor, input.email) ?? '',
      origin: () => maybeOrigin(input.origin),
    });
    const credentialId = webAuthn.credentialIdIn(input.response) ?? '';

    const looked = await this.#look(actor, claim, credentialId, input);
    const own = looked.proof?.passkey.id;
    const account = claim === '' ? `passkey ${credentialId}` : `passkeys of ${claim}`;
    // Counted apart from whatever strangers do.
    const device = own ? { id: own, countedAs: `passkey ${own}`, isKnown: true } : null;
    const tried = { type: TYPE, account, device, refusal: REFUSAL } as const;
    const { result } = await attempt<Proof, Prepared, Entered>(this.#ports, actor, tried, {
      prove: async () => looked,
      prepare: (proof) => this.#prepare(actor, proof, input.device),
      commit: async (stores, proof, { deviceId, session }) => {
        const { member, passkey, used, amr } = proof;
        await stores.users.lock(member.user.id);
        const { answered, counter, isBackedUp } = used;
        const isFresh = await stores.passkeys.spendChallenge(
          answered.challenge,
          answered.expiresAt,
        );
        const use = { at: clock.now(), counter, isBackedUp };
        const isUsed = isFresh && (await stores.passkeys.use(passkey.id, use));
        if (!isUsed) throw new InvalidCredentials(REFUSAL);

        const demand = await demandFactor(this.#ports, stores, actor, { member, amr, deviceId });
        if (demand !== null) return { isRecorded: true, result: { proof, demand } };
        // The factor was removed just now.
        if (session === null) throw new InvalidCredentials(REFUSAL);
        const user = await openSession(this.#ports, stores, place, member, session);
        const { access, refresh, device } = session;
        const output = { user, access, refresh, device };
        return { subjectId: session.grant.sessionId, result: { proof, demand, output } };
      },
    });
    if (result.demand !== null) throw result.demand;
    keyUses.note({ id: result.proof.member.tokenKey.id, at: clock.now() });
    return result.output;
  }

  /** As much is looked up and verified whatever is there. */
  async #look(
    actor: Actor,
    claim: string,
    credentialId: string,
    { response, origin }: LogInWithPasskeyInput,
  ): Promise<Looked> {
    const { database, webAuthn, clock } = this.#ports;
    const { serviceId } = placeOf(actor);
    const now = clock.now();
    const { passkey, account, tokenKey, service } = await database.read(async (stores) => {
      const passkey = await stores.passkeys.find(credentialId);
      const userId = passkey?.userId ?? '';
      const user = await stores.users.get(userId);
      return {
        passkey,
        account: await stores.users.findByEmail(user?.email ?? claim),
        tokenKey: await stores.keys.findToken(userId, serviceId, now),
        service: await stores.services.get(serviceId),
      };
    });
    const isNamed = claim === '' || account?.user.email === claim;
    const ceremony = { kind: 'get', serviceId, account: claim } as const;
    const answer = { response, ceremony, origin, now };
    const used = await webAuthn.proven(answer, isNamed ? passkey : null);
    if (!passkey || !account || !tokenKey || !service || !isNamed) {
      return { userId: null, proof: null, cause: null };
    }

    const { user, credential } = account;
    const userId = user.id;
    if (!user.isEnabled) {
      return { userId, proof: null, cause: user.isLocked ? 'user_locked' : 'user_disabled' };
    }
    if (used === null) return { userId, proof: null, cause: null };
    if (!goesOn(passkey.counter, used.counter)) {
      return { userId, proof: null, cause: 'passkey_copied' };
    }
    const { version, deviceEpoch } = credential;
    const member = { user, service, tokenKey, version, deviceEpoch };
    const isVerified = used.isUserVerified && passkey.isUserVerified;
    const amr = [isVerified ? 'passkey' : 'security_key'] as const;
    return { userId, proof: { member, passkey, used, amr }, cause: null };
  }

  async #prepare(actor: Actor, { member, amr }: Proof, given?: string): Promise<Prepared> {
    const { user } = member;
    if (user.passwordRequireUpdate) throw new Forbidden('password_update_required');
    const nobody = { kind: 'nobody', origin: placeOf(actor).origin } as const;
    const device = await presentedDevice(this.#ports, nobody, user.email, given);
    const deviceId = device?.isKnown ? device.id : null;
    const session = await prepareWholeSession(this.#ports, member, { amr, deviceId });
    return { deviceId, session };
  }
}
