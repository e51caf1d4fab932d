import { changeNotices } from './change-notices.ts';
import type { Migration } from './migration.ts';

/** Everything that a first version needs. Each index is there because a query of a store uses it, or a foreign key does. */
export const initial: Migration = {
  name: 'initial',
  statements: [
    `create table services (
      id text not null primary key,
      created_at bigint not null,
      updated_at bigint not null,
      is_enabled integer not null,
      name text not null,
      url text not null,
      user_allow_register integer not null,
      user_email_text text not null,
      provider_local_url text,
      provider_github_oauth2_url text,
      provider_microsoft_oauth2_url text,
      sees_all_users integer not null,
      owner_recovery integer not null,
      require_factor integer not null,
      new_device_mail integer not null,
      support_url text,
      deleted_at bigint
    )`,
    `create index services_seeing_all on services (sees_all_users)
      where sees_all_users = 1 and deleted_at is null`,

    `create table users (
      id text not null primary key,
      created_at bigint not null,
      updated_at bigint not null,
      is_enabled integer not null,
      is_locked integer not null,
      is_disabled_by_operator integer not null,
      is_admin integer not null,
      name text not null,
      email text not null unique,
      email_valid integer not null,
      email_proven integer not null,
      email_changed integer not null,
      locale text not null,
      timezone text not null,
      password_hash text,
      credential_version integer not null,
      device_epoch integer not null,
      known_networks text,
      password_quality text,
      password_allow_reset integer not null,
      password_require_update integer not null,
      last_login_at bigint,
      created_by text references services (id),
      idle_since bigint,
      locked_at bigint,
      locked_through text references services (id),
      recover_to text,
      enabled_before_lock integer
    )`,
    `create index users_admins on users (is_admin, id) where is_admin = 1`,
    `create index users_recovered on users (recover_to) where recover_to is not null`,
    `create index users_idle on users (idle_since) where idle_since is not null`,

    `create table past_passwords (
      user_id text not null references users (id),
      hash text not null,
      replaced_at bigint not null,
      is_recent integer not null,
      primary key (user_id, hash)
    )`,
    `create index past_passwords_of_user on past_passwords (user_id, replaced_at)`,
    `create index past_passwords_recent on past_passwords (replaced_at) where is_recent = 1`,

    `create table user_attributes (
      user_id text not null references users (id),
      service_id text not null,
      attributes text not null,
      primary key (user_id, service_id)
    )`,

    // SQLite takes every name of a type; octets are compared in one way on both databases.
    `create table visible_users (
      service_id text not null,
      user_id text not null references users (id),
      is_enabled integer not null,
      name_key bytea not null,
      email_key bytea not null,
      primary key (service_id, user_id)
    )`,
    `create index visible_users_of_user on visible_users (user_id)`,
    `create index visible_users_enabled on visible_users (service_id, is_enabled, user_id)`,
    `create index visible_users_by_name on visible_users (service_id, name_key, user_id)`,
    `create index visible_users_enabled_by_name
      on visible_users (service_id, is_enabled, name_key, user_id)`,
    `create index visible_users_by_email on visible_users (service_id, email_key, user_id)`,

    `create table keys (
      id text not null primary key,
      created_at bigint not null,
      updated_at bigint not null,
      is_enabled integer not null,
      is_revoked integer not null,
      type text not null,
      name text not null,
      service_id text references services (id),
      user_id text references users (id),
      prefix text,
      scopes text not null,
      expires_at bigint,
      last_used_at bigint,
      digest text not null unique,
      previous_digest text,
      overlap_ends_at bigint,
      sealed text,
      totp_step bigint,
      expiry_told bigint
    )`,
    `create index keys_rotated on keys (previous_digest) where previous_digest is not null`,
    `create unique index keys_lone on keys (user_id, service_id, type)
      where type <> 'KEY' and is_enabled = 1 and is_revoked = 0`,
    `create index keys_expiring on keys (expires_at)
      where expires_at <> coalesce(expiry_told, 0)`,
    `create index keys_of_user on keys (user_id, service_id, id)`,
    `create index keys_of_service on keys (service_id, id)`,
    `create index keys_by_state on keys (type, is_enabled, is_revoked, id)`,
    `create index keys_of_service_by_state on keys (service_id, type, is_enabled, is_revoked, id)`,

    `create table sessions (
      id text not null primary key,
      created_at bigint not null,
      last_used_at bigint not null,
      expires_at bigint not null,
      ended_at bigint,
      user_id text not null references users (id),
      service_id text not null references services (id),
      key_id text not null references keys (id),
      address text not null,
      client text,
      amr text not null
    )`,
    `create index sessions_of_user on sessions (user_id, id)`,
    `create index sessions_of_key on sessions (key_id)`,
    `create index sessions_open on sessions (id) where ended_at is null`,
    `create index sessions_open_of_user on sessions (user_id, id) where ended_at is null`,
    `create index sessions_open_of_service on sessions (service_id, id) where ended_at is null`,
    `create index sessions_due on sessions (expires_at) where ended_at is null`,
    `create index sessions_ended on sessions (ended_at) where ended_at is not null`,

    `create table refresh_tokens (
      digest text not null primary key,
      session_id text not null references sessions (id),
      created_at bigint not null,
      expires_at bigint not null,
      spent_at bigint
    )`,
    `create index refresh_tokens_of_session on refresh_tokens (session_id)`,

    `create table csrf_tokens (
      digest text not null primary key,
      service_id text not null,
      expires_at bigint not null
    )`,
    `create index csrf_tokens_expired on csrf_tokens (expires_at)`,

    `create table one_time_tokens (
      id text not null primary key,
      purpose text not null,
      user_id text references users (id),
      service_id text not null references services (id),
      email text not null,
      address text not null,
      client text,
      key_id text not null,
      created_at bigint not null,
      expires_at bigint not null,
      version integer,
      details text,
      spent_at bigint,
      readdressed_at bigint
    )`,
    `create index one_time_tokens_of_user on one_time_tokens (user_id, purpose, created_at, id)`,
    `create index one_time_tokens_expired on one_time_tokens (expires_at)`,
    `create index one_time_tokens_of_address on one_time_tokens (email, purpose)
      where purpose in ('register', 'update_email')`,

    `create table deliveries (
      id text not null primary key,
      created_at bigint not null,
      channel text not null,
      kind text not null,
      token_id text not null references one_time_tokens (id),
      user_id text references users (id),
      service_id text not null references services (id),
      recipient text not null,
      recipient_domain text not null,
      locale text not null,
      timezone text not null,
      deadline bigint not null,
      attempts integer not null,
      due_at bigint not null,
      sent_at bigint,
      dead_at bigint,
      reason text
    )`,
    `create index deliveries_of_token on deliveries (token_id)`,
    `create index deliveries_of_user on deliveries (user_id, id)`,
    `create index deliveries_waiting on deliveries (due_at) where sent_at is null and dead_at is null`,
    `create index deliveries_first on deliveries (recipient_domain, due_at)
      where sent_at is null and dead_at is null and attempts = 0`,
    `create index deliveries_repeated on deliveries (recipient_domain, due_at)
      where sent_at is null and dead_at is null and attempts > 0`,
    `create index deliveries_dead on deliveries (dead_at) where dead_at is not null`,

    `create table throttles (
      key text not null primary key,
      level double precision not null,
      at bigint not null,
      forget_at bigint not null
    )`,
    `create index throttles_over on throttles (forget_at)`,

    `create table audit_chains (
      chain text not null primary key,
      length bigint not null,
      hash text,
      pruned bigint not null,
      pruned_hash text,
      pruned_until bigint,
      seal text not null
    )`,
    `create table audit_entries (
      id text not null primary key,
      created_at bigint not null,
      chain text not null references audit_chains (chain),
      sequence bigint not null,
      type text not null,
      outcome text not null,
      status_code integer,
      user_id text,
      key_id text,
      user_key_id text,
      subject text,
      address text,
      client text,
      forwarded text,
      data text,
      salt text,
      text_digest text,
      count bigint not null,
      previous_hash text,
      hash text not null,
      unique (chain, sequence)
    )`,
    `create index audit_entries_of_chain on audit_entries (chain, created_at, id, type)`,
    `create index audit_entries_of_type on audit_entries (chain, type, created_at, id)`,
    `create index audit_entries_of_user on audit_entries (user_id, chain, created_at, id)
      where user_id is not null`,
    `create index audit_entries_of_subject on audit_entries (subject, chain, created_at, id)
      where subject is not null`,
    `create index audit_entries_proven on audit_entries (user_key_id) where user_key_id is not null`,
    `create index audit_entries_by_time on audit_entries (created_at, id)`,

    `create table audit_sums (
      ends_at bigint not null,
      chain text not null,
      type text not null,
      network text not null,
      count bigint not null,
      primary key (ends_at, chain, type, network)
    )`,

    `create table events (
      id text not null primary key,
      created_at bigint not null,
      type text not null,
      service_id text not null,
      user_id text,
      subject_id text
    )`,
    `create index events_by_time on events (created_at)`,

    `create table kept_answers (
      id text not null primary key,
      fingerprint text not null,
      created_at bigint not null,
      user_id text references users (id) on delete cascade,
      session_id text,
      sealed text not null
    )`,
    `create index kept_answers_of_user on kept_answers (user_id) where user_id is not null`,
    `create index kept_answers_by_time on kept_answers (created_at)`,

    `create table imports (
      source text not null primary key,
      fingerprint text not null,
      line bigint not null,
      counts text not null,
      started_at bigint not null,
      updated_at bigint not null
    )`,
  ],

  postgres: changeNotices,
};
