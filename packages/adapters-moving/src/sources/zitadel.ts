import type { Source } from '@rekey/usecases';
import { entriesOf } from '../documents.ts';
import {
  type Fields,
  type Found,
  flagOf,
  hasOtherName,
  idOf,
  joined,
  leftOf,
  localeOf,
  seedOf,
  textOf,
  usersOf,
  within,
} from '../fields.ts';

const READ = new Set(['userId', 'user']);
const OF_USER = new Set([
  ...['userName', 'profile', 'email', 'hashedPassword', 'otpCode', 'passwordChangeRequired'],
]);
const OF_PROFILE = new Set([
  'firstName',
  'lastName',
  'nickName',
  'displayName',
  'preferredLanguage',
  'gender',
]);

/** People of Zitadel, as its admin API exports them, or as a body for its import. Its export does not say who is disabled. */
export const zitadel: Source = {
  description: 'Zitadel: the export of its admin API, with passwords and one-time passwords',
  read: (octets) =>
    usersOf(
      entriesOf(octets, [
        'orgs[].humanUsers[]',
        'dataOrgs.orgs[].humanUsers[]',
        'data_orgs.orgs[].humanUsers[]',
      ]),
      userOf,
    ),
};

function userOf(fields: Fields): Found {
  const user = within(fields.user);
  const profile = within(user.profile);
  const { email, isEmailVerified } = within(user.email);
  const { value: hash } = within(user.hashedPassword);
  const code = textOf(user.otpCode);
  const seed = seedOf(code);
  return {
    user: {
      ...idOf('zitadel', fields.userId),
      name: textOf(profile.displayName, joined(profile.firstName, profile.lastName), user.userName),
      email,
      email_valid: flagOf(isEmailVerified) === true,
      locale: localeOf(profile.preferredLanguage),
      password_hash: textOf(hash),
      password_require_update: flagOf(user.passwordChangeRequired),
      totp_secret: seed,
    },
    left: [
      ...leftOf(fields, READ),
      ...leftOf(user, OF_USER, 'user.'),
      ...leftOf(profile, OF_PROFILE, 'user.profile.'),
      ...(code !== undefined && seed === undefined ? ['user.otpCode'] : []),
      ...(hasOtherName(user.userName, email) ? ['user.userName'] : []),
    ],
  };
}
