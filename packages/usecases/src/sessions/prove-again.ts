import {
  type Actor,
  IllegalArgument,
  type Instant,
  InvalidCredentials,
  InvalidToken,
  may,
  type ProofMethod,
  type SeenUser,
  typedPassword,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { findSession } from '../shared/find-session.ts';
import { methodOf, type ProvenCode, proveCode } from '../shared/prove-code.ts';
import { type Proof, provePassword } from '../shared/prove-password.ts';
import { lockPerson, spend } from '../shared/with-code.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'secrets'
  | 'macs'
  | 'totp'
  | 'accessTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

type ProveAgainInput = {
  /** An access token of the session. */
  readonly token: string;
  readonly password?: string | undefined;
  /** Six digits, or a recovery code. */
  readonly code?: string | undefined;
};

type ProveAgainOutput = {
  readonly user: SeenUser;
  readonly access: { readonly token: string; readonly expiresAt: Instant };
  readonly amr: readonly ProofMethod[];
  readonly authenticatedAt: Instant;
};

const REFUSAL = 'the password or the code is not right';

/**
 * Lets a user prove itself again in a session, which is fresher and may be stronger from then on (RFC 9470). Whoever has
 * one-time codes shows one, for a session and a password are what a thief has first; everybody else the password.
 */
export class ProveAgain {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers an access token of the same session that says so; the one that was shown stays good. Throws `InvalidToken`
   * like `VerifyToken`, `IllegalArgument` where a proof is missing, `InvalidCredentials` where one is wrong,
   * `TooManyRequests` and `Overloaded`.
   */
  async execute(
    actor: Actor,
    { token, password, code }: ProveAgainInput,
  ): Promise<ProveAgainOutput> {
    const ports = this.#ports;
    const { database, accessTokens, clock } = ports;
    const typed = password === undefined ? null : typedPassword(password, 'password');
    if (actor.kind !== 'service') throw new InvalidToken();
    const grant = await accessTokens.verify(token);
    if (!grant || !may(actor, 'use token', grant)) throw new InvalidToken();
    const open = await database.read((stores) => findSession(stores, grant, clock.now()));
    if (open === null) throw new InvalidToken();
    const { sessionId, userId, serviceId } = grant;
    const { user, session } = open;
    checkGiven(user.factors.hasTotp, { password, code });
    const claim = typed === null ? null : { email: user.email, password: typed };
    const place = { serviceId, origin: actor.origin };
    if (claim !== null) ports.hasher.admit(place);

    const device = { id: sessionId, countedAs: sessionId, isKnown: true };
    const type = 'rekey:FactorProve';
    const tried = { type, account: user.email, device, refusal: REFUSAL } as const;
    const { result } = await attempt<Proven, Renewed, Renewed>(ports, actor, tried, {
      prove: async () => {
        const known = claim && (await provePassword(ports, actor, claim)).proof;
        const own = code === undefined ? null : (await proveCode(ports, { userId, code })).own;
        const isRight = (claim === null || known) && (code === undefined || own);
        return { userId, proof: isRight ? { known, own } : null };
      },
      prepare: async ({ known, own }) => {
        const methods: ProofMethod[] = [
          ...(known ? ['pwd' as const] : []),
          ...(own ? [methodOf(own)] : []),
        ];
        const amr = [...session.amr.filter((each) => !methods.includes(each)), ...methods];
        const authenticatedAt = clock.now();
        const issued = await accessTokens.issue({ ...grant, amr, authenticatedAt });
        const expiresAt = Math.min(issued.expiresAt, session.expiresAt);
        return { access: { token: issued.token, expiresAt }, amr, authenticatedAt };
      },
      commit: async (stores, { known, own }, renewed) => {
        const person = { userId, sessionId, serviceId };
        const { account } = await lockPerson(ports, stores, person);
        if (known && known.version !== account.credential.version)
          throw new InvalidCredentials(REFUSAL);
        if (own) await spend(ports, stores, userId, own);
        await stores.sessions.strengthen(sessionId, renewed);
        return { subjectId: sessionId, result: renewed };
      },
    });
    return { user, ...result };
  }
}

type Proven = { readonly known: Proof | null; readonly own: ProvenCode | null };
type Renewed = Omit<ProveAgainOutput, 'user'>;

function checkGiven(
  hasTotp: boolean,
  { password, code }: Pick<ProveAgainInput, 'password' | 'code'>,
): void {
  const missing = hasTotp
    ? code === undefined && { field: 'totp', message: 'is required: the user has a second factor' }
    : password === undefined && { field: 'password', message: 'is required' };
  if (missing) throw new IllegalArgument([{ ...missing, code: 'required' }]);
}
