import {
  checkPasswordLength,
  checkPasswordQuality,
  normalizePassword,
  type PasswordQuality,
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
