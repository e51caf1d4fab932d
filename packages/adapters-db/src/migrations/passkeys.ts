import type { Migration } from './migration.ts';

/** Passkeys, and the challenges that were spent on them. */
export const passkeys: Migration = {
  name: 'passkeys',
  statements: [
    `create table passkeys (
      id text not null primary key,
      user_id text not null references users (id),
      created_at bigint not null,
      last_used_at bigint,
      name text not null,
      credential_id text not null unique,
      public_key text not null,
      rp_id text not null,
      counter bigint not null,
      transports text not null,
      is_backup_eligible integer not null,
      is_backed_up integer not null,
      is_user_verified integer not null
    )`,
    `create index passkeys_of_user on passkeys (user_id, id)`,

    `create table passkey_challenges (
      challenge text not null primary key,
      expires_at bigint not null
    )`,
    `create index passkey_challenges_expired on passkey_challenges (expires_at)`,
  ],
};
