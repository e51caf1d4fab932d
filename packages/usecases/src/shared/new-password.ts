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
  const serviceName = serviceNameFor(service, settings);
  const { strength, isPwned: isKnown } = await meter.assess(password, [
    user.email,
    user.name,
    serviceName,
  ]);
  const isPwned = isKnown ?? (await breachList?.has(password)) ?? null;
  const quality = { strength, isPwned };
  const context = { email: user.email, serviceName };
  checkPasswordQuality(password, quality, context, settings.passwordPolicy, field);
  return quality;
}
