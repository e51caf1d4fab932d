import type { Migration } from './migration.ts';

/** The channel on which PostgreSQL tells of services whose feeds have something new. */
export const SEQUENCED = 'rekey_sequenced';

/**
 * What is told is pending first, without a place, and gets its place in the feed of its service when it is committed. The
 * events that are there get theirs in the order of their time.
 */
export const sequences: Migration = {
  name: 'sequences',
  statements: [
    `create table feeds (
      service_id text not null primary key,
      last bigint not null
    )`,
    'alter table events rename to unsequenced_events',
    `create table events (
      service_id text not null,
      sequence bigint not null,
      id text not null,
      created_at bigint not null,
      type text not null,
      user_id text,
      subject_id text,
      data text,
      primary key (service_id, sequence)
    )`,
    `insert into events (service_id, sequence, id, created_at, type, user_id, subject_id, data)
      select service_id, row_number() over (partition by service_id order by created_at, id),
        id, created_at, type, user_id, subject_id, data from unsequenced_events`,
    'drop table unsequenced_events',
    'create index events_by_time on events (created_at)',
    `insert into feeds (service_id, last)
      select service_id, max(sequence) from events group by service_id`,
  ],
  sqlite: [
    `create table pending (
      position integer not null primary key,
      kind text not null,
      owner text not null,
      content text not null
    )`,
  ],
  postgres: [
    `create table pending (
      position bigint generated always as identity primary key,
      kind text not null,
      owner text not null,
      content text not null
    )`,
    // The lock of its one row is the turn of giving places.
    'create table turns (id integer not null primary key)',
    'insert into turns (id) values (1)',
    `create function rekey_tell_sequenced() returns trigger
      language plpgsql as $$
      begin
        perform pg_notify('${SEQUENCED}', new.service_id);
        return null;
      end $$`,
    `create trigger feeds_sequenced after insert or update on feeds for each row
      execute function rekey_tell_sequenced()`,
  ],
};
