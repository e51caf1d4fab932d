import { folded, type Id, onUserPage, type SeenUser, type UserPage } from '@rekey/domain';
import type { Users } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, type Param } from '../query.ts';
import type { Schema } from '../schema.ts';
import { bySize, firstRows, rangeOf } from './ranges.ts';
import { ALL, joinedSeenUser, keeperOf } from './user-rows.ts';
import { searchOn } from './user-search.ts';
import { asFlag, type Place, placeOf } from './visible-users.ts';

/** Whose users, and with whose attributes. */
type View = { readonly seenBy: string; readonly attributesOf: Id | null };

/** All users, as each service sees them. */
const seen = (db: Kysely<Schema>, { attributesOf }: Param<View>) =>
  db
    .selectFrom('visible_users')
    .innerJoin('users', 'users.id', 'visible_users.user_id')
    .leftJoin('user_attributes', (join) =>
      join
        .onRef('user_attributes.user_id', '=', 'users.id')
        .on('user_attributes.service_id', '=', keeperOf(attributesOf)),
    )
    .select(joinedSeenUser.columns);

const visible = (db: Kysely<Schema>, view: Param<View>) =>
  seen(db, view).where('visible_users.service_id', '=', view.seenBy);

const idWalk = (direction: 'asc' | 'desc') =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        view: Param<View>,
        isEnabled?: Param<boolean>,
        after?: Param<Id>,
        before?: Param<Id>,
      ) => {
        const { conditions, order } = rangeOf(
          [
            ['visible_users.service_id', view.seenBy],
            ['visible_users.is_enabled', isEnabled],
          ],
          { after, before },
          'visible_users.user_id',
        );
        let found = seen(db, view);
        for (const condition of conditions) found = found.where(condition);
        for (const column of order) found = found.orderBy(column, direction);
        return firstRows(db, found, size, limit);
      },
      joinedSeenUser.of,
    ),
  );

const nameWalk = (direction: 'asc' | 'desc') =>
  bySize((size) =>
    all(
      (
        db,
        limit: Param<number>,
        view: Param<View>,
        isEnabled?: Param<boolean>,
        after?: Param<Place>,
        before?: Param<Place>,
      ) => {
        let found = visible(db, view);
        if (isEnabled) found = found.where('visible_users.is_enabled', '=', asFlag(isEnabled));
        const place = sql`(visible_users.name_key, visible_users.user_id)`;
        if (after) found = found.where(sql<boolean>`${place} > (${after.key}, ${after.id})`);
        if (before) found = found.where(sql<boolean>`${place} < (${before.key}, ${before.id})`);
        const inOrder = found
          .orderBy('visible_users.name_key', direction)
          .orderBy('visible_users.user_id', direction);
        return firstRows(db, inOrder, size, limit);
      },
      joinedSeenUser.of,
    ),
  );

const idWalks = { asc: idWalk('asc'), desc: idWalk('desc') };
const nameWalks = { asc: nameWalk('asc'), desc: nameWalk('desc') };

/** Walks the users in the order of the page. */
function walk(
  on: Connection,
  page: UserPage,
  view: View,
  isEnabled: boolean | undefined,
): Promise<SeenUser[]> {
  const direction = page.beginsAtEnd ? 'desc' : 'asc';
  if (page.by === 'id') {
    return idWalks[direction](page.limit)(on)(page.limit, view, isEnabled, page.after, page.before);
  }
  const [after, before] = [placeOf(page.after), placeOf(page.before)];
  return nameWalks[direction](page.limit)(on)(page.limit, view, isEnabled, after, before);
}

const byIds = all(
  (db, view: Param<View>, ids: Param<readonly Id[]>) =>
    visible(db, view).where('visible_users.user_id', 'in', [...ids]),
  joinedSeenUser.of,
);

const byEmails = all(
  (db, view: Param<View>, emails: Param<readonly string[]>) =>
    visible(db, view).where('users.email', 'in', [...emails]),
  joinedSeenUser.of,
);

/** As many as the next power of two, some of them twice: a statement for each number would fill the memory. */
function padded<T>(items: readonly T[]): T[] {
  const size = 2 ** Math.ceil(Math.log2(items.length));
  return [...items, ...Array.from({ length: size - items.length }, () => items[0] as T)];
}

/** On a page by id the names are of no interest. */
const placed = (users: readonly SeenUser[], { by }: UserPage) =>
  users.map((user) => ({ id: user.id, name: by === 'name' ? folded(user.name) : '', user }));

/** No query reads more rows than it needs for a page, or than it was given ids and addresses. */
export const listUsersOn = (on: Connection): Users['list'] => {
  const readAll = async (view: View, ids: readonly Id[]) =>
    ids.length === 0 ? [] : byIds(on)(view, padded(ids));

  return async ({ page, seenBy, attributesOf, ids, emails, isEnabled, search }) => {
    const view = { seenBy: seenBy ?? ALL, attributesOf };
    if (ids !== undefined || emails !== undefined) {
      if (ids?.length === 0 || emails?.length === 0) return [];
      const picked = ids
        ? await readAll(view, ids)
        : await byEmails(on)(view, padded(emails ?? []));
      const fitting = picked.filter(
        (user) =>
          (emails?.includes(user.email) ?? true) &&
          (isEnabled === undefined || user.isEnabled === isEnabled) &&
          (search === undefined ||
            folded(user.name).startsWith(search.name) ||
            folded(user.email).startsWith(search.email)),
      );
      return onUserPage(placed(fitting, page), page).map(({ user }) => user);
    }

    if (!search) return walk(on, page, view, isEnabled);
    const places = await searchOn(on)(page, view.seenBy, search, isEnabled);
    const users = await readAll(
      view,
      places.map(({ id }) => id),
    );
    // In one query they come in any order.
    return onUserPage(placed(users, page), page).map(({ user }) => user);
  };
};
