import type { Id } from '@rekey/domain';
import type { ImportCounts } from '../ports/index.ts';
import type { Entry } from './entries.ts';

/** All that is wrong with a line. */
export type Fault = { readonly line: number; readonly reasons: readonly string[] };

/** Entries that are written together, and what is wrong with others between them. */
export type Batch = {
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
  /** The services that see all users. */
  readonly watchers: readonly Id[];
  /** The last line of it. */
  readonly line: number;
};

export const nothing: ImportCounts = {
  users: 0,
  services: 0,
  keys: 0,
  updated: 0,
  skipped: 0,
  refused: 0,
};

export const sum = (one: ImportCounts, other: Partial<ImportCounts>): ImportCounts => {
  const { users, services, keys, updated, skipped, refused } = { ...nothing, ...other };
  return {
    users: one.users + users,
    services: one.services + services,
    keys: one.keys + keys,
    updated: one.updated + updated,
    skipped: one.skipped + skipped,
    refused: one.refused + refused,
  };
};
