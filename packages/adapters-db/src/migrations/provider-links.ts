import type { Migration } from './migration.ts';

/** Sign-in with a provider: whose account there is whose here, and the sign-ins that are under way. */
export const providerLinks: Migration = {
  name: 'provider-links',
  statements: [
    `alter table services add column provider_google_oauth2_url text`,

    `create table provider_links (
      id text not null primary key,
      created_at bigint not null,
      last_used_at bigint,
      user_id text not null references users (id) on delete cascade,
      provider text not null,
      issuer text not null,
      subject text not null,
      unique (provider, issuer, subject),
      unique (user_id, provider)
    )`,

    `create table provider_states (
      digest text not null primary key,
      expires_at bigint not null,
      provider text not null,
      service_id text not null,
      user_id text references users (id) on delete cascade,
      binding text,
      sealed text not null
    )`,
    `create index provider_states_expired on provider_states (expires_at)`,
    `create index provider_states_of_user on provider_states (user_id) where user_id is not null`,
  ],
};
