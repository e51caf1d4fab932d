import { tellProvenSessions } from './change-notices.ts';
import type { Migration } from './migration.ts';

/** Seeds of one-time codes, recovery codes, proofs that wait for a factor; and how a session was proven last. */
export const secondFactors: Migration = {
  name: 'second-factors',
  statements: [
    `alter table users add column has_totp integer not null default 0`,
    `alter table users add column has_passkey integer not null default 0`,
    `alter table users add column factor_at_password integer not null default 0`,
    `alter table users add column factor_at_provider integer not null default 0`,

    `alter table sessions add column authenticated_at bigint`,

    `create table totp_seeds (
      id text not null primary key,
      created_at bigint not null,
      user_id text not null references users (id),
      is_confirmed integer not null,
      expires_at bigint,
      sealed text not null,
      step bigint,
      last_used_at bigint
    )`,
    `create unique index totp_seeds_of_user on totp_seeds (user_id, is_confirmed)`,
    `create index totp_seeds_unconfirmed on totp_seeds (expires_at) where expires_at is not null`,

    `create table recovery_codes (
      user_id text not null references users (id),
      digest text not null,
      primary key (user_id, digest)
    )`,

    `create table challenges (
      digest text not null primary key,
      kind text not null,
      user_id text not null references users (id),
      service_id text not null,
      version bigint not null,
      amr text not null,
      mark text not null,
      device_id text,
      created_at bigint not null,
      expires_at bigint not null
    )`,
    `create index challenges_of_user on challenges (user_id, created_at)`,
    `create index challenges_by_time on challenges (expires_at)`,
  ],

  postgres: tellProvenSessions,
};
