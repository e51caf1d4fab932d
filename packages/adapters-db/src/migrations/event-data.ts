import type { Migration } from './migration.ts';

/** What an event says beside its ids. */
export const eventData: Migration = {
  name: 'event data',
  statements: ['alter table events add column data text'],
};
