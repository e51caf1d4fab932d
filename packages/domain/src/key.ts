import type { Id, Instant } from './ids.ts';

export const keyTypes = ['KEY', 'TOKEN', 'TOTP'] as const;
export type KeyType = (typeof keyTypes)[number];

/**
 * A key of a service (no user), of a user at a service, or of the operator (neither: a root key).
 * A user needs a usable TOKEN key of a service to log in there or to change a password through it.
 */
export type Key = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  readonly isRevoked: boolean;
  readonly type: KeyType;
  readonly name: string;
  readonly serviceId: Id | null;
  readonly userId: Id | null;
};

/** Whether a key may be used. */
export const isUsable = (key: Key): boolean => key.isEnabled && !key.isRevoked;
