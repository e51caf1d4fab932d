import {
  checkPasswordDiffers,
  checkPasswordLength,
  IllegalArgument,
  normalizePassword,
  parseEmail,
  parseName,
} from '@rekey/domain';
import { Type } from 'typebox';
import type { Rules } from './validation.ts';

/** Refuses every field that is not declared. */
export const strict = { additionalProperties: false };

/** A text of a body, with the domain's parser of it. */
const text = (description: string, example: string, parse: Rules['parse'], more: object = {}) =>
  Type.String({ description, examples: [example], parse, ...more });

const isPassword = { format: 'password' };

export const name = (example: string) =>
  text('1 to 100 characters on one line.', example, parseName);

export const email = text(
  'An e-mail address, in any spelling: its canonical form counts (NFC, lower case, the domain in ASCII).',
  'ada@example.com',
  parseEmail,
);

export const newEmail = text(
  'Another e-mail address than the current one, which no account has.',
  'ada@example.net',
  parseEmail,
);

export const currentPassword = text(
  'The password that the account has now.',
  'not-a-real-password',
  normalizePassword,
  isPassword,
);

const parseNewPassword: Rules['parse'] = (given, field, { passwordPolicy }) =>
  checkPasswordLength(normalizePassword(given, field), passwordPolicy, field);

export const firstPassword = text(
  'A password that `PASSWORD_POLICY` allows; 8 to 128 characters by default.',
  'not-a-real-password',
  parseNewPassword,
  isPassword,
);

export const newPassword = text(
  'A password that `PASSWORD_POLICY` allows, other than the current one; 8 to 128 characters by default.',
  'another-unreal-password',
  parseNewPassword,
  isPassword,
);

/** The rule of a body with a current password and a new one, which has that name. */
export const differs =
  (field: string): Rules['check'] =>
  ({ password, [field]: next }) => {
    if (typeof password !== 'string' || typeof next !== 'string') return;
    checkPasswordDiffers(next, password, field);
  };

/** The token of a device, as it is handed out and brought back. */
export const deviceToken = Type.String({
  description:
    'Names the device. Brought along by the next login, it lets a right password in however often others tried. A text that is no such token, and a token of another account, are passed over.',
  examples: ['example.device-token'],
});

/** What a link of a mail proves. Only a text that is empty is refused for itself. */
export const linkToken = Type.String({
  description: 'The `token` of the link in the mail.',
  examples: ['example.one-time-token'],
  minLength: 1,
});

/** The codes that prove a second factor: one of them is enough. */
export const codeFields = {
  totp: Type.Optional(
    Type.String({ description: 'Six digits of the app.', minLength: 1, examples: ['000000'] }),
  ),
  recovery_code: Type.Optional(
    Type.String({
      description: 'A recovery code, in the place of `totp`; it works once.',
      minLength: 1,
      examples: ['abcd-efgh-ijkl-mnop'],
    }),
  ),
};

/** The rule of a body with `codeFields`: one of the two is sent at most. */
export const oneCode = {
  not: { required: ['totp', 'recovery_code'] },
  check({ totp, recovery_code }) {
    if (totp === undefined || recovery_code === undefined) return;
    const message = 'cannot be given together with `totp`';
    throw new IllegalArgument([{ field: 'recovery_code', message, code: 'not_allowed' }]);
  },
} satisfies Rules & { readonly not: object };

/** What a login hands out that lacks a second factor. */
export const challenge = Type.String({
  description: 'The `challenge` of the 403 that asked for the factor.',
  minLength: 1,
  examples: ['example-challenge'],
});
