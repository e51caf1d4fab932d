import type { GrantKind, LockKind, NewsKind, NoticeKind } from '@rekey/domain';
import type { Language } from '../languages.ts';
import { accountDeleted } from './account-deleted.ts';
import { factorChange } from './factor-change.ts';
import { invite } from './invite.ts';
import { keyExpiring } from './key-expiring.ts';
import { newDevice } from './new-device.ts';
import type { GrantWords, LockWords, NewsWords, NoticeWords } from './notice-words.ts';
import { recover } from './recover.ts';
import { register } from './register.ts';
import { registerConfirm } from './register-confirm.ts';
import { registerKnown } from './register-known.ts';
import { resetPassword } from './reset-password.ts';
import { resetPasswordConfirm } from './reset-password-confirm.ts';
import { updateEmail } from './update-email.ts';
import { updatePassword } from './update-password.ts';
import { validateEmail } from './validate-email.ts';

export type { GrantWords, LockWords, NewsWords, NoticeWords };

type InAll<Words> = Readonly<Record<Language, Words>>;

/** What the kinds of notice say whose link locks the account, in every language. */
export const lockNotices: Readonly<Record<LockKind, InAll<LockWords>>> = {
  update_password: updatePassword,
  factor_change: factorChange,
  register_confirm: registerConfirm,
  reset_password_confirm: resetPasswordConfirm,
  update_email: updateEmail,
  new_device: newDevice,
};

/** What the kinds of notice say whose link gives something. */
export const grantNotices: Readonly<Record<GrantKind, InAll<GrantWords>>> = {
  register,
  register_known: registerKnown,
  reset_password: resetPassword,
  validate_email: validateEmail,
  invite,
  recover,
};

/** What the kinds of notice say that have no link. */
export const newsNotices: Readonly<Record<NewsKind, InAll<NewsWords>>> = {
  key_expiring: keyExpiring,
  account_deleted: accountDeleted,
};

/** What every kind of notice says. */
export const notices: Readonly<Record<NoticeKind, InAll<NoticeWords>>> = {
  ...lockNotices,
  ...grantNotices,
  ...newsNotices,
};
