import { type Purpose, purposeRules, purposes } from './one-time-token.ts';

/** Every kind of mail: one for each purpose of a link, and one that says it otherwise. */
export const noticeKinds = [
  ...purposes,
  /** A `register` link for an address that has an account: the link only joins the service. */
  'register_known',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** The kinds whose link locks the account. */
export type LockKind = {
  [Each in Purpose]: (typeof purposeRules)[Each]['locks'] extends true ? Each : never;
}[Purpose];

export const isLockKind = (kind: NoticeKind): kind is LockKind =>
  Object.hasOwn(purposeRules, kind) && purposeRules[kind as Purpose].locks;

/** The kinds without a link. */
const newsKinds = ['key_expiring', 'account_deleted'] as const;
export type NewsKind = (typeof newsKinds)[number];

export const hasLink = (kind: NoticeKind): kind is LockKind | GrantKind =>
  !newsKinds.some((news) => news === kind);

/** The kinds whose link gives something that was asked for. */
export type GrantKind = Exclude<NoticeKind, LockKind | NewsKind>;

/**
 * Whether a mail of that kind may go to the address that the account has since: not one that is about the address which it
 * went to, or that gives something to whoever has that mailbox.
 */
export const isCorrectable = (kind: NoticeKind): boolean =>
  kind === 'key_expiring' || (isLockKind(kind) && kind !== 'update_email');
