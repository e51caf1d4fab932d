import {
  type Actor,
  type AuditType,
  canonicalEmail,
  DomainError,
  type FactorDemanded,
  Forbidden,
  type Id,
  type Identity,
  InvalidCredentials,
  InvalidToken,
  type Place,
  type Provider,
  placeOf,
  type SeenUser,
} from '@rekey/domain';
import type { Awaited, Ports, Stores } from '../ports/index.ts';
import { demandFactor } from '../shared/demand-factor.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { isKnownTo } from '../shared/known-user.ts';
import { findMember, type Member } from '../shared/member.ts';
import { openSession, prepareWholeSession, type SessionTokens } from '../shared/open-session.ts';
import { record } from '../shared/record.ts';
import { recordAsked } from '../shared/record-custom.ts';
import { recordFailures } from '../shared/record-failures.ts';
import { recoveryAddress } from '../shared/recovery-address.ts';
import { makeLink } from './make-link.ts';

export type OpenNeeds = Pick<
  Ports,
  | 'database'
  | 'providers'
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

/** Under which type a sign-in with a provider is recorded. */
export const signInTypes: Readonly<Record<Provider, AuditType>> = {
  google: 'rekey:AuthGoogleOauth2Callback',
  github: 'sso:AuthGithubOauth2Callback',
  microsoft: 'sso:AuthMicrosoftOauth2Callback',
};

/** There is no account that an identity opens, and none that may be linked to it: one answer, whatever the reason. */
export const noAccount = () =>
  new InvalidCredentials('this sign-in with a provider opens no account here');

export type SignedIn = SessionTokens & {
  readonly user: SeenUser;
  /** The entry of the service's own that was asked for. */
  readonly audit: Id | null;
};

/** The address that a provider vouches for, as accounts have it; null for none. */
export const emailOf = ({ verifiedEmail }: Identity): string | null =>
  verifiedEmail === null ? null : canonicalEmail(verifiedEmail);

/** The user of an identity: the one that it is linked to, or else the one with its address. */
export async function userOf(
  { providerLinks, users }: Pick<Stores, 'providerLinks' | 'users'>,
  identity: Identity,
): Promise<{ readonly userId: Id; readonly isLinked: boolean } | null> {
  const link = await providerLinks.find(identity);
  if (link !== null) return { userId: link.userId, isLinked: true };
  const email = emailOf(identity);
  const account = email === null ? null : await users.findByEmail(email);
  return account && { userId: account.user.id, isLinked: false };
}

/**
 * Finds the member of a service that an identity opens the account of, and locks it; where there is no link yet, the
 * address of the account has to be proven, and the link is made. Throws `InvalidCredentials` where there is none, and
 * `Forbidden` where the password must be changed first.
 */
export async function memberOf(
  ports: OpenNeeds,
  stores: Stores,
  actor: Actor,
  identity: Identity,
): Promise<Member> {
  const { serviceId } = placeOf(actor);
  const before = await userOf(stores, identity);
  if (before === null) throw noAccount();
  await stores.users.lock(before.userId);
  // Once more: it may have been unlinked, moved or deleted until it was locked.
  const found = await userOf(stores, identity);
  if (found?.userId !== before.userId) throw noAccount();
  const now = ports.clock.now();
  const member = await findMember(stores, { userId: found.userId, serviceId }, now);
  if (member === null) throw noAccount();
  const { user } = member;
  const { isLinked } = found;
  if (!isLinked && !user.emailProven) throw noAccount();
  // Whoever moved an account to a mailbox of their own gets no other way into it by that.
  const owner = isLinked ? user.email : await recoveryAddress(ports.settings, stores, user, now);
  if (owner !== user.email) throw noAccount();
  if (user.passwordRequireUpdate) throw new Forbidden('password_update_required');
  if (!isLinked && !(await makeLink(ports, stores, actor, { user, serviceId, identity }))) {
    throw noAccount();
  }
  return member;
}

/**
 * Lets a member in whose account an identity is linked to: opens a session, and hands out the tokens for it. Throws
 * `FactorDemanded` where a second factor is asked for, `InvalidCredentials` where something changed meanwhile, and
 * `TooManyRequests`.
 */
export async function logInLinked(
  ports: OpenNeeds,
  actor: Actor,
  {
    member,
    identity,
    device,
    audit: asked,
  }: {
    readonly member: Member;
    readonly identity: Identity;
    readonly device: string | undefined;
    readonly audit?: Parameters<typeof recordAsked>[3];
  },
): Promise<SignedIn> {
  const place = placeOf(actor);
  const { user, service } = member;
  const { provider } = identity;
  const amr = [provider];
  const presented = await presentedDevice(ports, actor, user.email, device);
  const deviceId = presented?.isKnown ? presented.id : null;
  const session = await prepareWholeSession(ports, member, { amr, deviceId });

  const of = { serviceId: service.id, userId: user.id };
  const outcome = await ports.database.transact(
    async (stores): Promise<FactorDemanded | SignedIn> => {
      const demand = await demandFactor(ports, stores, actor, { member, amr, deviceId });
      if (demand !== null) return demand;
      // The factor was removed just now.
      if (session === null) throw noAccount();
      const seen = await openSession(ports, stores, place, member, session);
      const link = await stores.providerLinks.find(identity);
      if (link?.userId !== user.id) throw noAccount();
      const { sessionId } = session.grant;
      await stores.providerLinks.touch(link.id, session.authentication.authenticatedAt);
      const entry = { ...of, type: signInTypes[provider], subjectId: sessionId };
      await record(ports, stores, actor, entry);
      const audit = await recordAsked(ports, stores, actor, asked, { userId: user.id });
      const { access, refresh, device: token } = session;
      return { user: seen, access, refresh, device: token, audit };
    },
  );
  if (outcome instanceof DomainError) throw outcome;
  ports.keyUses.note({ id: member.tokenKey.id, at: ports.clock.now() });
  return outcome;
}

/** Records that a sign-in was refused, and spends its state, where there is one. */
export async function recordRefusal(
  ports: OpenNeeds,
  actor: Actor,
  refusal: DomainError,
  of: {
    readonly provider: Provider;
    /** Null where nobody was identified. */
    readonly identity: Identity | null;
    readonly awaited: Awaited | null;
  },
): Promise<void> {
  const { provider, identity, awaited } = of;
  const { serviceId }: Pick<Place, 'serviceId'> = placeOf(actor);
  await ports.database.transact(async (stores) => {
    if (awaited !== null) await stores.providerStates.spend(awaited, ports.clock.now());
    const found = identity && (await userOf(stores, identity));
    const user = found && (await stores.users.get(found.userId));
    const isKnown = user !== null && (await isKnownTo(stores, user, serviceId));
    const failure = { serviceId, userId: isKnown ? user.id : null };
    await recordFailures(ports, stores, actor, [signInTypes[provider]], failure, refusal.code);
  });
}

/** Spends the state of a sign-in; throws `InvalidToken` where somebody else was faster. */
export async function spendState(
  { clock }: Pick<Ports, 'clock'>,
  { providerStates }: Pick<Stores, 'providerStates'>,
  awaited: Awaited,
): Promise<void> {
  if (!(await providerStates.spend(awaited, clock.now()))) throw new InvalidToken();
}
