import {
  type Actor,
  Forbidden,
  formServiceId,
  type Grant,
  type Instant,
  InvalidCredentials,
  momentOf,
  type PasswordQuality,
  type Place,
  parseAll,
  parseClaimedEmail,
  parseEmail,
  placeOf,
  type SeenUser,
  typedPassword,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { attempt } from './attempt.ts';
import { type Presented, presentedDevice } from './known-device.ts';
import { knownQuality, sealQuality } from './known-quality.ts';
import { lifetimes } from './lifetimes.ts';
import { tellNewDevice } from './new-device.ts';
import { type Proof, provePassword } from './prove-password.ts';
import { tell } from './tell.ts';
import { holderOf } from './token-holder.ts';

export type LoginNeeds = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'secrets'
  | 'macs'
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
  /** The device token that an earlier login handed out. */
  readonly device?: string | undefined;
};

export type Token = { readonly token: string; readonly expiresAt: Instant };

export type LoginOutput = {
  readonly user: SeenUser;
  readonly quality: PasswordQuality;
  readonly access: Token;
  /** Null for a person who logs in at the built-in service. */
  readonly refresh: Token | null;
  /** To be brought along by the next login: with it, a right password gets in however often strangers tried. */
  readonly device: string;
};

/** A session that is about to be opened. */
type Opening = Omit<LoginOutput, 'user'> & {
  readonly at: Instant;
  readonly grant: Grant;
  readonly sessionEnd: Instant;
  /** To be kept for later logins; null where it is known already. */
  readonly sealedQuality: string | null;
};

/**
 * Lets a user in who proves the password: opens a session and hands out the tokens for it. The owner of the account is
 * mailed of a login from anywhere new, see `tellNewDevice`. Throws `InvalidCredentials` for whatever proves no account
 * here, `Forbidden` where the password must be changed first, `TooManyRequests` and `Overloaded`.
 */
export async function logIn(
  ports: LoginNeeds,
  actor: Actor,
  input: LoginInput,
): Promise<LoginOutput> {
  const claim = parseAll({
    email: () => (actor.kind === 'nobody' ? parseClaimedEmail : parseEmail)(input.email),
    password: () => typedPassword(input.password, 'password'),
  });
  const place = placeOf(actor);
  ports.hasher.admit(place);

  const { email } = claim;
  const password = claim.password.normalize('NFC');
  const device = await presentedDevice(ports, actor, email, input.device);
  const tried = { type: 'sso:AuthLocalLogin', account: email, device } as const;
  const { result } = await attempt(ports, actor, tried, {
    prove: () => provePassword(ports, actor, claim),
    prepare: (proof) => prepare(ports, proof, password, device),
    commit: async (stores, proof, opening) => {
      const isKnownDevice = device?.isKnown ?? false;
      const user = await open(ports, stores, place, proof, { ...opening, isKnownDevice });
      return { subjectId: opening.grant.sessionId, result: { proof, user, opening } };
    },
  });
  const { proof, user, opening } = result;
  ports.keyUses.note({ id: proof.tokenKey.id, at: opening.at });
  await upgradeHash(ports, proof, password, place);
  const { quality, access, refresh, device: token } = opening;
  return { user, quality, access, refresh, device: token };
}

async function prepare(
  ports: LoginNeeds,
  proof: Proof,
  password: string,
  presented: Presented | null,
): Promise<Opening> {
  const { meter, secrets, accessTokens, deviceTokens, clock, ids, settings } = ports;
  const { user, service, version, deviceEpoch } = proof;
  if (user.passwordRequireUpdate) throw new Forbidden('password_update_required');
  // Judged at the first login with the password, and known from then on; without the breach list: a login waits for
  // no neighbour.
  const known = knownQuality(ports, proof);
  const quality = known ?? (await meter.assess(password, [user.email, user.name, service.name]));
  const sealedQuality = known ? null : sealQuality(ports, proof, quality);

  const at = clock.now();
  const grant = { sessionId: ids.next(), userId: user.id, serviceId: service.id };
  const isPersonal = service.id === formServiceId;
  const issued = await accessTokens.issue(grant, isPersonal ? holderOf(user) : undefined);
  const ends = lifetimes(settings, { loginAt: at, now: at, accessExpiresAt: issued.expiresAt });
  const access = { ...issued, expiresAt: ends.access };
  const refresh = isPersonal ? null : { token: secrets.generate('rkf_'), expiresAt: ends.refresh };
  const sessionEnd = refresh === null ? access.expiresAt : ends.session;
  const device = deviceTokens.make({
    id: presented?.isKnown ? presented.id : ids.next(),
    userId: user.id,
    version,
    epoch: deviceEpoch,
    issuedAt: at,
  });
  return { at, grant, quality, sealedQuality, access, refresh, sessionEnd, device };
}

async function open(
  ports: LoginNeeds,
  stores: Stores,
  { origin }: Place,
  { user, service, tokenKey, version }: Proof,
  opening: Opening & { readonly isKnownDevice: boolean },
): Promise<SeenUser> {
  const { at, grant, sealedQuality, refresh, sessionEnd, isKnownDevice } = opening;
  const { users, keys, sessions } = stores;
  const { sessionId, userId, serviceId } = grant;
  // A change, a lock or a revoked key since the proof wins: the session would outlive it.
  const locked = await users.noteLogin(user.id, at, serviceId);
  const isAsProven = locked?.credential.version === version && locked.user.email === user.email;
  if (!locked?.user.isEnabled || !isAsProven) {
    throw new InvalidCredentials();
  }
  const key = await keys.findToken(userId, serviceId, at);
  if (key?.id !== tokenKey.id) throw new InvalidCredentials();

  if (sealedQuality !== null) await users.keepQuality(userId, sealedQuality);
  await sessions.insert({
    id: sessionId,
    createdAt: at,
    lastUsedAt: at,
    expiresAt: sessionEnd,
    userId,
    serviceId,
    keyId: tokenKey.id,
    origin: { address: origin.address, client: origin.client },
    amr: ['pwd'],
  });
  if (refresh) {
    const { token, expiresAt } = refresh;
    const digest = ports.secrets.digest(token);
    await sessions.insertRefresh({ digest, sessionId, createdAt: at, expiresAt });
  }
  const of = { serviceId, userId, subjectId: sessionId };
  const data = { key_id: tokenKey.id, expires_at: momentOf(sessionEnd) };
  await tell(ports, stores, { ...of, type: 'session.started', data });
  await tellNewDevice(ports, stores, { origin }, { account: locked, service, isKnownDevice });
  return locked.user;
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
