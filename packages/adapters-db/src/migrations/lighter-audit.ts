import type { Migration } from './migration.ts';

/**
 * Indexes of the audit that hold no more than finds an entry and puts it in the order of time: the few entries of one
 * millisecond are sorted as they are read, and what else is asked of an entry is looked at in its row.
 */
export const lighterAudit: Migration = {
  name: 'lighter audit',
  statements: [
    'drop index audit_entries_of_chain',
    'create index audit_entries_of_chain on audit_entries (chain, created_at)',
    'drop index audit_entries_of_user',
    `create index audit_entries_of_user on audit_entries (user_id, created_at)
      where user_id is not null`,
    'drop index audit_entries_of_subject',
    `create index audit_entries_of_subject on audit_entries (subject, created_at)
      where subject is not null`,
    'drop index audit_entries_by_time',
    'create index audit_entries_by_time on audit_entries (created_at)',
  ],
};
