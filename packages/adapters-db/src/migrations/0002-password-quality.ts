import type { Migration } from './index.ts';

/** What a login finds out about a password, sealed, so that the next one need not. */
export const passwordQuality: Migration = {
  name: 'password quality',
  statements: ['alter table users add column password_quality text'],
};
