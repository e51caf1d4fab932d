import {
  type Actor,
  type FactorDemanded,
  Forbidden,
  type Id,
  InvalidCredentials,
  type PasswordQuality,
  type Place,
  parseAll,
  placeOf,
  type SeenUser,
  typedPassword,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from './attempt.ts';
import { claimedEmail } from './claimed-email.ts';
import { demandFactor } from './demand-factor.ts';
import { presentedDevice } from './known-device.ts';
import { knownQuality, sealQuality } from './known-quality.ts';
import {
  openSession,
  type PreparedSession,
  prepareWholeSession,
  type SessionTokens,
} from './open-session.ts';
import { type LoginProof, proveLogin } from './prove-login.ts';
import type { Proof } from './prove-password.ts';
import { spend } from './with-code.ts';

export type LoginNeeds = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'secrets'
  | 'macs'
  | 'totp'
  | 'accessTokens'
  | 'deviceTokens'
  | 'linkTokens'
  | 'mailTally'
  | 'keyUses'
  | 'clock'
  | 'ids'
  | 'settings'
>;

export type LoginInput = {
  readonly email: string;
  readonly password: string;
  /** A code of the second factor, where the client has one at hand: six digits, or a recovery code. */
  readonly code?: string | undefined;
  /** The device token that an earlier login handed out. */
  readonly device?: string | undefined;
};

export type LoginOutput = SessionTokens & {
  readonly user: SeenUser;
  readonly quality: PasswordQuality;
};

/** What is left to do once the password is proven. */
type Prepared = {
  readonly quality: PasswordQuality;
  /** To be kept for later logins; null where it is known already. */
  readonly sealedQuality: string | null;
  /** Null where a second factor is asked for first. */
  readonly session: PreparedSession | null;
};

/**
 * Lets a user in who proves the password: opens a session and hands out the tokens for it. The owner of the account is
 * mailed of a login from anywhere new, see `tellNewDevice`. Throws `InvalidCredentials` for whatever proves no account
 * here, `Forbidden` where the password must be changed first, `FactorDemanded` where a second factor is asked for,
 * `TooManyRequests` and `Overloaded`.
 */
export async function logIn(
  ports: LoginNeeds,
  actor: Actor,
  input: LoginInput,
): Promise<LoginOutput> {
  const claim = parseAll({
    email: () => claimedEmail(actor, input.email),
    password: () => typedPassword(input.password, 'password'),
  });
  const place = placeOf(actor);
  ports.hasher.admit(place);

  const { email } = claim;
  const password = claim.password.normalize('NFC');
  const device = await presentedDevice(ports, actor, email, input.device);
  const tried = { type: 'sso:AuthLocalLogin', account: email, device } as const;
  const deviceId = device?.isKnown ? device.id : null;
  const { result } = await attempt<LoginProof, Prepared, Entered>(ports, actor, tried, {
    prove: () => proveLogin(ports, actor, claim, input.code),
    prepare: (proof) => prepare(ports, proof, password, deviceId),
    commit: async (stores, proof, prepared) => {
      const { session, quality, sealedQuality } = prepared;
      const { amr, own } = proof;
      const proven = { member: proof, amr, deviceId };
      const demand = await demandFactor(ports, stores, actor, proven);
      if (demand !== null) {
        if (sealedQuality !== null) await stores.users.keepQuality(proof.user.id, sealedQuality);
        return { isRecorded: true, result: { proof, demand } };
      }
      // The factor was removed just now.
      if (session === null) throw new InvalidCredentials();
      if (own !== null) await spend(ports, stores, proof.user.id, own);
      const user = await openSession(ports, stores, place, proof, session);
      if (sealedQuality !== null) await stores.users.keepQuality(user.id, sealedQuality);
      const { access, refresh, device: token } = session;
      const output = { user, quality, access, refresh, device: token };
      return { subjectId: session.grant.sessionId, result: { proof, demand, output } };
    },
  });
  const { proof, demand } = result;
  if (demand !== null) {
    await upgradeHash(ports, proof, password, place);
    throw demand;
  }
  ports.keyUses.note({ id: proof.tokenKey.id, at: ports.clock.now() });
  await upgradeHash(ports, proof, password, place);
  return result.output;
}

type Entered = { readonly proof: LoginProof } & (
  | { readonly demand: FactorDemanded }
  | { readonly demand: null; readonly output: LoginOutput }
);

async function prepare(
  ports: LoginNeeds,
  proof: LoginProof,
  password: string,
  deviceId: Id | null,
): Promise<Prepared> {
  const { user, service } = proof;
  if (user.passwordRequireUpdate) throw new Forbidden('password_update_required');
  // Judged at the first login with the password, and known from then on; without the breach list: a login waits for
  // no neighbour.
  const known = knownQuality(ports, proof);
  const quality =
    known ?? (await ports.meter.assess(password, [user.email, user.name, service.name]));
  const sealedQuality = known ? null : sealQuality(ports, proof, quality);
  const session = await prepareWholeSession(ports, proof, { amr: proof.amr, deviceId });
  return { quality, sealedQuality, session };
}

/** Replaces a hash made elsewhere or with other settings. The login stands whether or not that works. */
async function upgradeHash(
  { database, hasher }: LoginNeeds,
  { user, passwordHash }: Proof,
  password: string,
  place: Place,
): Promise<void> {
  if (hasher.isCurrent(passwordHash)) return;
  try {
    const newHash = await hasher.hash(password, place);
    await database.transact(({ users }) => users.upgradeHash(user.id, passwordHash, newHash));
  } catch {
    // The next login tries again.
  }
}
