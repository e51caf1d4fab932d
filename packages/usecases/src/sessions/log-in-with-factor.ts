import {
  type Actor,
  type Challenge,
  type ChallengeKind,
  type Id,
  InvalidCredentials,
  parseClaimedEmail,
  placeOf,
  type SeenUser,
} from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { confirmSeed } from '../shared/confirm-seed.ts';
import { findChallenge } from '../shared/demand-factor.ts';
import { presentedDevice } from '../shared/known-device.ts';
import type { LoginNeeds } from '../shared/log-in.ts';
import { findMember, type Member } from '../shared/member.ts';
import { openSession, prepareSession, type SessionTokens } from '../shared/open-session.ts';
import { methodOf, type ProvenCode, type ProvenCodes, proveCode } from '../shared/prove-code.ts';
import { provePassword } from '../shared/prove-password.ts';
import { record } from '../shared/record.ts';
import { spend } from '../shared/with-code.ts';

type LogInWithFactorInput = {
  /** As the login handed it out; the latest from the address of the caller where it is missing, and the account is named. */
  readonly challenge?: string | undefined;
  readonly email?: string | undefined;
  /** The user whom the challenge has to be of, where that is named. */
  readonly userId?: Id | undefined;
  /** Proven again where it is given. */
  readonly password?: string | undefined;
  /** Six digits, or a recovery code. */
  readonly code: string;
  readonly device?: string | undefined;
  /** To go on with a login; or to confirm a seed, which makes it a factor, and go on with the login that asked for it. */
  readonly kinds: readonly ChallengeKind[];
};

export type FactorLogin = SessionTokens & {
  readonly user: SeenUser;
  /** Those of a seed that was confirmed, once; null where none was. */
  readonly recoveryCodes: readonly string[] | null;
};

/** A proof that waits, and a code that is right for it. */
type Proof = { readonly member: Member } & (
  | { readonly challenge: Challenge; readonly own: ProvenCode }
  | { readonly challenge: Challenge; readonly pending: NonNullable<ProvenCodes['pending']> }
);

const REFUSAL = 'the code is not right, or it is too late for it';

/**
 * Lets a user in whose login waits for a second factor. Whatever is wrong, the answer and the work are the same, and
 * nothing is spent: not the code, and not the proof that waits.
 */
export class LogInWithFactor {
  readonly #ports: LoginNeeds;

  constructor(ports: LoginNeeds) {
    this.#ports = ports;
  }

  /** Throws `InvalidCredentials` for whatever proves nothing, `TooManyRequests` and `Overloaded`. */
  async execute(actor: Actor, input: LogInWithFactorInput): Promise<FactorLogin> {
    const ports = this.#ports;
    const place = placeOf(actor);
    const { code, password } = input;
    const email = input.email === undefined ? undefined : parseClaimedEmail(input.email);
    if (password !== undefined) ports.hasher.admit(place);
    const waiting = await ports.database.read((stores) => this.#find(stores, actor, input, email));
    const [first] = waiting;
    // Those of somebody who shows no proof that waits count for the name that is given.
    const account = email ?? first?.member.user.email ?? `challenge ${input.challenge}`;
    const device =
      (await presentedDevice(ports, actor, account, input.device)) ??
      (first?.challenge.deviceId ? knownDevice(first.challenge.deviceId) : null);
    const tried = { type: 'rekey:FactorLogin', account, device, refusal: REFUSAL } as const;

    const { result } = await attempt(ports, actor, tried, {
      prove: async () => {
        const claim = { email: account, password: password ?? '' };
        const isRight =
          password === undefined || (await provePassword(ports, actor, claim)).proof !== null;
        const userId = first?.member.user.id ?? null;
        const proven = await proveCode(ports, { userId, code });
        return { userId, proof: isRight ? choose(waiting, proven) : null };
      },
      prepare: ({ member, challenge, ...of }) => {
        const method = 'own' in of ? methodOf(of.own) : 'otp';
        const amr = [...challenge.amr.filter((each) => each !== method), method];
        const deviceId = device?.isKnown ? device.id : null;
        return prepareSession(ports, member, { amr, deviceId });
      },
      commit: async (stores, { member, challenge, ...of }, prepared) => {
        const { user } = member;
        const { serviceId } = place;
        const locked = await stores.users.lock(user.id);
        const isAsProven = locked?.credential.version === challenge.version;
        const now = ports.clock.now();
        if (!isAsProven || !(await stores.factors.spendChallenge(challenge.digest, now))) {
          throw new InvalidCredentials(REFUSAL);
        }
        if ('own' in of) await spend(ports, stores, user.id, of.own);
        const recoveryCodes =
          'own' in of
            ? null
            : await confirmSeed(ports, stores, actor, {
                user: locked.user,
                serviceId,
                seedId: of.pending.seed.id,
                step: of.pending.step,
              });
        const seen = await openSession(ports, stores, place, member, prepared);
        const { access, refresh, device: token, grant } = prepared;
        const entry = { serviceId, userId: user.id, subjectId: grant.sessionId };
        await record(ports, stores, actor, { type: 'sso:AuthLocalLogin', ...entry });
        const output = { user: seen, access, refresh, device: token, recoveryCodes };
        return { isRecorded: true, result: { output, member } };
      },
    });
    const { member, output } = result;
    ports.keyUses.note({ id: member.tokenKey.id, at: ports.clock.now() });
    return output;
  }

  /** The proofs that wait, of one user, as far as a session could be opened. */
  async #find(
    stores: Stores,
    actor: Actor,
    { challenge: text, userId: asked, kinds }: LogInWithFactorInput,
    email: string | undefined,
  ): Promise<{ readonly member: Member; readonly challenge: Challenge }[]> {
    const place = placeOf(actor);
    const named = email === undefined ? null : await stores.users.findByEmail(email);
    if (email !== undefined && named === null) return [];
    const userId = named?.user.id ?? asked ?? null;
    const found = [];
    for (const kind of kinds) {
      const challenge = await findChallenge(this.#ports, stores, place, { kind, text, userId });
      const member = challenge && (await findMember(stores, challenge, this.#ports.clock.now()));
      if (challenge && member?.version === challenge.version) found.push({ member, challenge });
    }
    return found;
  }
}

const knownDevice = (id: string) => ({ id, countedAs: id, isKnown: true });

/** A proof that waits for such a code; null for none. */
function choose(
  waiting: readonly { readonly member: Member; readonly challenge: Challenge }[],
  { own, pending }: ProvenCodes,
): Proof | null {
  for (const each of waiting) {
    if (each.challenge.kind === 'enrolment' && pending !== null) return { ...each, pending };
    if (each.challenge.kind === 'login' && own !== null) return { ...each, own };
  }
  return null;
}
