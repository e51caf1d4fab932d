import { parseClaimedEmail, type User } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { deviceToken } from '../server/fields.ts';

/** The address of an account that is there: to one that is not, no right password can belong. */
export const claimedEmail = Type.String({
  description: 'The e-mail address of the account, in any spelling.',
  examples: ['ada@example.com'],
  parse: parseClaimedEmail,
});

/** A flag of a form. */
export const formFlag = (description: string) =>
  Type.Optional(Type.Enum(['true', 'false'], { description, examples: ['true'] }));

export const FormUser = Type.Object(
  {
    hash: Type.String({
      description: 'The id of the user.',
      format: 'uuid',
      examples: ['7eba8ef2-426b-446a-9f05-4ab67e71383d'],
    }),
    name: Type.String({ examples: ['Ada'] }),
    email: Type.String({
      description: 'In its canonical form: lower case, domain in ASCII.',
      examples: ['ada@example.com'],
    }),
    emailValid: Type.Boolean({
      description: 'Whether somebody proved that mails to the address reach its owner.',
      examples: [false],
    }),
    secret2FA: Type.Null({ description: 'Always null: nobody reads a secret here.' }),
    using2FA: Type.Boolean({ description: 'Always false, for now.', examples: [false] }),
    require2FAForBasicLogin: Type.Boolean({
      description: 'Always false, for now.',
      examples: [false],
    }),
    require2FAForSocialLogin: Type.Boolean({
      description: 'Always false, for now.',
      examples: [false],
    }),
  },
  { $id: 'FormUser' },
);

export const formUserOut = (user: User): Static<typeof FormUser> => ({
  hash: user.id,
  name: user.name,
  email: user.email,
  emailValid: user.emailValid,
  secret2FA: null,
  using2FA: false,
  require2FAForBasicLogin: false,
  require2FAForSocialLogin: false,
});

const token = Type.String({
  description: 'Goes with `Authorization: Bearer …` from now on.',
  examples: ['example.token.of.a-login'],
});

const FormAuthentication = Type.Object({ user: FormUser, token }, { $id: 'FormAuthentication' });

/** The answer of a login, as clients of every version of orion users read it. */
export const FormLoggedIn = Type.Object(
  {
    user: FormUser,
    token,
    authentication: FormAuthentication,
    requires2FA: Type.Boolean({ description: 'Always false, for now.', examples: [false] }),
    message: Type.Null({ description: 'Always null, for now.' }),
    device: deviceToken,
  },
  { $id: 'FormLoggedIn' },
);

export function formLoggedInOut(
  entity: User,
  token: string,
  device: string,
): Static<typeof FormLoggedIn> {
  const user = formUserOut(entity);
  const authentication = { user, token };
  return { ...authentication, authentication, requires2FA: false, message: null, device };
}
