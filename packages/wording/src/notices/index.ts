import type { Purpose } from '@rekey/domain';
import type { Language } from '../languages.ts';
import { factorChange } from './factor-change.ts';
import type { NoticeWords } from './notice-words.ts';
import { updatePassword } from './update-password.ts';

export type { NoticeWords };

/** What every kind of notice says, in every language. */
export const notices: Readonly<Record<Purpose, Readonly<Record<Language, NoticeWords>>>> = {
  update_password: updatePassword,
  factor_change: factorChange,
};
