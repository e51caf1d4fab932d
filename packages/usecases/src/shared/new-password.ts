import {
  checkPasswordLength,
  checkPasswordQuality,
  IllegalArgument,
  normalizePassword,
  type PasswordQuality,
  type Place,
  refusedAsCurrent,
  type Service,
  type User,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { serviceNameFor } from './service-name.ts';

/** The normalized form of a password that is to be set, refused where its length is not what the policy asks for. */
export function parseNewPassword(
  { settings }: Pick<Ports, 'settings'>,
  text: string,
  field: string,
): string {
  const password = normalizePassword(text, field);
  checkPasswordLength(password, settings.passwordPolicy, field);
  return password;
}

/**
 * How good a password is for this user at this service; throws `IllegalArgument` where the policy refuses it.
 * The breach list is somebody else's, and takes its time: not for callers who proved nothing, nor in a transaction.
 */
export async function judgeNewPassword(
  { meter, breachList, settings }: Pick<Ports, 'meter' | 'breachList' | 'settings'>,
  password: string,
  user: Pick<User, 'email' | 'name'>,
  service: Pick<Service, 'id' | 'name'>,
  field: string,
): Promise<PasswordQuality> {
  const { email, name } = user;
  const context = { email, name, serviceName: serviceNameFor(service, settings) };
  const quality = await qualityOf({ meter, breachList }, password, context);
  checkPasswordQuality(password, quality, context, settings.passwordPolicy, field);
  return quality;
}

/** A password that may be set, before it is. */
export type PreparedPassword = { readonly quality: PasswordQuality; readonly passwordHash: string };

/**
 * The slow work before a password of an account takes the place of another, once it is proven who asks. `current`: the
 * hash that the account has, where it is not known already that the new password is another one. Looks at as many earlier
 * passwords as may not come back, one after the other. Throws `IllegalArgument` for a password that is refused.
 */
export async function prepareNewPassword(
  ports: Pick<Ports, 'database' | 'hasher' | 'meter' | 'breachList' | 'settings'>,
  place: Place,
  { user, service, current }: Replaced,
  password: string,
  field: string,
): Promise<PreparedPassword> {
  const { database, hasher, settings } = ports;
  const [quality, passwordHash, isCurrent] = await Promise.all([
    judgeNewPassword(ports, password, user, service, field),
    // At once, for it takes longer; the hash of a password that is refused is thrown away.
    hasher.hash(password, place),
    current !== null && hasher.verify(password, { hash: current, userId: user.id }, place),
  ]);
  if (isCurrent) throw refusedAsCurrent(field);

  const which = { from: 'latest', limit: settings.passwordHistory } as const;
  const past =
    which.limit === 0
      ? []
      : await database.read(({ users }) => users.pastPasswords(user.id, which));
  for (const hash of past) {
    if (!(await hasher.verify(password, { hash, userId: user.id }, place))) continue;
    const message = 'must not be one that the account had before';
    throw new IllegalArgument([{ field, message, code: 'used_before' }]);
  }
  return { quality, passwordHash };
}

/** The account whose password is to be replaced, and the service at which. */
type Replaced = {
  readonly user: Pick<User, 'id' | 'email' | 'name'>;
  readonly service: Pick<Service, 'id' | 'name'>;
  readonly current: string | null;
};

/** How good a password is for a person of that name and address, at a service of that name. */
export async function qualityOf(
  { meter, breachList }: Pick<Ports, 'meter' | 'breachList'>,
  password: string,
  context: { readonly email: string; readonly name: string; readonly serviceName: string },
): Promise<PasswordQuality> {
  const { email, name, serviceName } = context;
  const { strength, isPwned: isKnown } = await meter.assess(password, [email, name, serviceName]);
  return { strength, isPwned: isKnown ?? (await breachList?.has(password)) ?? null };
}
