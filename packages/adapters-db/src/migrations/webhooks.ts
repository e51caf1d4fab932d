import type { Migration } from './migration.ts';

/** Webhooks, and a row for each event that one of them is or was owed. */
export const webhooks: Migration = {
  name: 'webhooks',
  statements: [
    `create table webhooks (
      id text not null primary key,
      created_at bigint not null,
      updated_at bigint not null,
      service_id text not null references services (id),
      url text not null,
      types text not null,
      description text not null,
      is_enabled integer not null,
      disabled_at bigint,
      overlap_ends_at bigint,
      deleted_at bigint,
      sealed_secret text not null,
      previous_secret text,
      place bigint not null,
      replay text,
      lease integer not null,
      leased_until bigint not null
    )`,
    `create index webhooks_of_service on webhooks (service_id, id)`,
    `create index webhooks_enabled on webhooks (leased_until)
      where is_enabled = 1 and deleted_at is null`,
    `create index webhooks_disabled on webhooks (disabled_at)
      where is_enabled = 0 and deleted_at is null`,
    `create index webhooks_deleted on webhooks (deleted_at) where deleted_at is not null`,

    `create table webhook_deliveries (
      webhook_id text not null references webhooks (id),
      event_id text not null,
      sequence bigint not null,
      type text not null,
      created_at bigint not null,
      user_id text,
      attempts integer not null,
      due_at bigint,
      delivered_at bigint,
      failing_since bigint,
      failure text,
      status integer,
      duration_ms integer,
      primary key (webhook_id, event_id)
    )`,
    `create index webhook_deliveries_first on webhook_deliveries (webhook_id, due_at, sequence)
      where delivered_at is null and failing_since is null`,
    `create index webhook_deliveries_repeated on webhook_deliveries (webhook_id, due_at, sequence)
      where delivered_at is null and failing_since is not null`,
    `create index webhook_deliveries_of_user on webhook_deliveries (webhook_id, user_id, sequence)
      where delivered_at is null`,
    `create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, event_id)
      where delivered_at is null`,
    `create index webhook_deliveries_by_time on webhook_deliveries (created_at)`,
  ],
};
