import type { Id, SeenUser, User } from '@rekey/domain';
import type { Tables } from './tables.ts';

/** The place of what a service keeps with a user; null is the operator, who looks at what its maker keeps. */
export const attributesPlace = (user: User, by: Id | null): string =>
  `${user.id} ${by ?? user.createdBy ?? 'all'}`;

/** A user with what a service keeps with it. */
export const seenUser = (
  { userAttributes }: Pick<Tables, 'userAttributes'>,
  user: User,
  by: Id | null,
): SeenUser => ({
  ...user,
  attributes: userAttributes.get(attributesPlace(user, by))?.attributes ?? {},
});
