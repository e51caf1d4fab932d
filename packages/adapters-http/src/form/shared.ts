import { FactorDemanded, parseClaimedEmail, type User } from '@rekey/domain';
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
    using2FA: Type.Boolean({
      description: 'Whether there are one-time codes as a second factor.',
      examples: [false],
    }),
    require2FAForBasicLogin: Type.Boolean({
      description: 'Whether a login with the password takes the second factor.',
      examples: [false],
    }),
    require2FAForSocialLogin: Type.Boolean({
      description: 'Whether a login with a provider takes the second factor.',
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
  using2FA: user.factors.hasTotp,
  require2FAForBasicLogin: user.factors.atPassword,
  require2FAForSocialLogin: user.factors.atProvider,
});

const token = Type.String({
  description: 'Goes with `Authorization: Bearer …` from now on.',
  examples: ['example.token.of.a-login'],
});

const FormAuthentication = Type.Object({ user: FormUser, token }, { $id: 'FormAuthentication' });

/** The answer of a login that is whole, as clients of every version of orion users read it. */
export const FormLoggedIn = Type.Object(
  {
    user: FormUser,
    token,
    authentication: FormAuthentication,
    requires2FA: Type.Boolean({ description: 'Always false here.', examples: [false] }),
    message: Type.Null({ description: 'Always null here.' }),
    device: deviceToken,
  },
  { $id: 'FormLoggedIn' },
);

/**
 * The answer of a login. Of one that lacks a second factor, `authentication`, `requires2FA`, `message` and `challenge` are
 * all there is.
 */
export const FormLogin = Type.Object(
  {
    user: Type.Optional(FormUser),
    token: Type.Optional(token),
    authentication: Type.Union(
      // A copy of the user: the serializer takes no named schema both inside an alternative and outside.
      [Type.Object({ user: Type.Object(FormUser.properties), token }), Type.Null()],
      { description: 'Null where a second factor is asked for.', examples: [null] },
    ),
    requires2FA: Type.Boolean({
      description: 'Whether a second factor is asked for, at `/users/login/2fa`.',
      examples: [false],
    }),
    message: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Null where nothing is missing.',
      examples: ['2FA code required'],
    }),
    challenge: Type.Optional(
      Type.String({
        description: 'To be shown together with the code, once, within five minutes.',
        examples: ['example-challenge'],
      }),
    ),
    device: Type.Optional(deviceToken),
  },
  { $id: 'FormLogin' },
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

/** The answer of a login that lacks a second factor; whatever else went wrong is thrown. */
export function factorRequiredOut(error: unknown): Static<typeof FormLogin> {
  const isAsked = error instanceof FactorDemanded && error.code === 'second_factor_required';
  if (!isAsked || error.challenge === null) throw error;
  const { challenge } = error;
  return { authentication: null, requires2FA: true, message: '2FA code required', challenge };
}
