import {
  folded,
  type Id,
  type NamePlace,
  onUserPage,
  type SeenUser,
  type UserPage,
} from '@rekey/domain';
import type { UserQuery, Users } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, type Param } from '../query.ts';
import type { Schema } from '../schema.ts';
import { ALL, joinedSeenUser, keeperOf } from './user-rows.ts';
import { endOf, keyOf } from './visible-users.ts';

/**
 * A search that finds no more than so many names and addresses sorts what it found. One that finds more is common: it
 * walks the users in their order, and a page is full soon.
 */
const COMMON = 2000;

/** Whose users, and with whose attributes. */
type View = { readonly seenBy: string; readonly attributesOf: Id | null };

type Search = {
  readonly nameFrom: Buffer;
  readonly nameTo: Buffer;
  readonly emailFrom: Buffer;
  readonly emailTo: Buffer;
};

const searchOf = ({ name, email }: NonNullable<UserQuery['search']>): Search => {
  const [nameFrom, emailFrom] = [keyOf(name), keyOf(email)];
  return { nameFrom, nameTo: endOf(nameFrom), emailFrom, emailTo: endOf(emailFrom) };
};

const visible = (db: Kysely<Schema>, { seenBy, attributesOf }: Param<View>) =>
  db
    .selectFrom('visible_users')
    .innerJoin('users', 'users.id', 'visible_users.user_id')
    .leftJoin('user_attributes', (join) =>
      join
        .onRef('user_attributes.user_id', '=', 'users.id')
        .on('user_attributes.service_id', '=', keeperOf(attributesOf)),
    )
    .select(joinedSeenUser.columns)
    .where('visible_users.service_id', '=', seenBy);

const isLike = (search: Param<Search>) =>
  sql<boolean>`((name_key >= ${search.nameFrom} and name_key < ${search.nameTo})
    or (email_key >= ${search.emailFrom} and email_key < ${search.emailTo}))`;

const flag = (value: Param<boolean>) => value as unknown as Param<0 | 1>;

const idWalk = (direction: 'asc' | 'desc') =>
  all(
    (
      db,
      limit: Param<number>,
      view: Param<View>,
      isEnabled?: Param<boolean>,
      search?: Param<Search>,
      after?: Param<Id>,
      before?: Param<Id>,
    ) => {
      let found = visible(db, view);
      if (isEnabled) found = found.where('visible_users.is_enabled', '=', flag(isEnabled));
      if (search) found = found.where(isLike(search));
      if (after) found = found.where('visible_users.user_id', '>', after);
      if (before) found = found.where('visible_users.user_id', '<', before);
      return found.orderBy('visible_users.user_id', direction).limit(limit);
    },
    joinedSeenUser.of,
  );

type Place = { readonly key: Buffer; readonly id: Id };

const nameWalk = (direction: 'asc' | 'desc') =>
  all(
    (
      db,
      limit: Param<number>,
      view: Param<View>,
      isEnabled?: Param<boolean>,
      search?: Param<Search>,
      after?: Param<Place>,
      before?: Param<Place>,
    ) => {
      let found = visible(db, view);
      if (isEnabled) found = found.where('visible_users.is_enabled', '=', flag(isEnabled));
      if (search) found = found.where(isLike(search));
      const place = sql`(visible_users.name_key, visible_users.user_id)`;
      if (after) found = found.where(sql<boolean>`${place} > (${after.key}, ${after.id})`);
      if (before) found = found.where(sql<boolean>`${place} < (${before.key}, ${before.id})`);
      return found
        .orderBy('visible_users.name_key', direction)
        .orderBy('visible_users.user_id', direction)
        .limit(limit);
    },
    joinedSeenUser.of,
  );

const idWalks = { asc: idWalk('asc'), desc: idWalk('desc') };
const nameWalks = { asc: nameWalk('asc'), desc: nameWalk('desc') };

const placeOf = (place: NamePlace | undefined): Place | undefined =>
  place && { key: keyOf(place.name), id: place.id };

/** Walks the users in the order of the page. */
function walk(
  on: Connection,
  page: UserPage,
  view: View,
  isEnabled: boolean | undefined,
  search: Search | undefined,
): Promise<SeenUser[]> {
  const direction = page.beginsAtEnd ? 'desc' : 'asc';
  const { limit } = page;
  return page.by === 'id'
    ? idWalks[direction](on)(limit, view, isEnabled, search, page.after, page.before)
    : nameWalks[direction](on)(
        limit,
        view,
        isEnabled,
        search,
        placeOf(page.after),
        placeOf(page.before),
      );
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

const found = (column: 'name_key' | 'email_key') =>
  all(
    (
      db,
      seenBy: Param<string>,
      from: Param<Buffer>,
      to: Param<Buffer>,
      limit: Param<number>,
      isEnabled?: Param<boolean>,
    ) => {
      const found = db
        .selectFrom('visible_users')
        .select(['user_id as id', 'name_key as nameKey'])
        .where('service_id', '=', seenBy)
        .where(column, '>=', from)
        .where(column, '<', to)
        .limit(limit);
      return isEnabled ? found.where('is_enabled', '=', flag(isEnabled)) : found;
    },
  );
const foundByName = found('name_key');
const foundByEmail = found('email_key');

/** As many as the next power of two, some of them twice: a statement for each number would fill the memory. */
function padded<T>(items: readonly T[]): T[] {
  const size = 2 ** Math.ceil(Math.log2(items.length));
  return [...items, ...Array.from({ length: size - items.length }, () => items[0] as T)];
}

/** The places of all users that a search finds; null for a common one. */
async function placesOf(
  on: Connection,
  page: UserPage,
  { seenBy }: View,
  { nameFrom, nameTo, emailFrom, emailTo }: Search,
  isEnabled: boolean | undefined,
): Promise<NamePlace[] | null> {
  const limit = COMMON + 1;
  const byName = await foundByName(on)(seenBy, nameFrom, nameTo, limit, isEnabled);
  if (byName.length > COMMON) return null;
  const byEmail = await foundByEmail(on)(seenBy, emailFrom, emailTo, limit, isEnabled);
  if (byEmail.length > COMMON) return null;
  const keys = new Map([...byName, ...byEmail].map(({ id, nameKey }) => [id, nameKey]));
  return [...keys].map(([id, nameKey]) => ({
    id,
    name: page.by === 'name' ? Buffer.from(nameKey).toString() : '',
  }));
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

    const sought = search && searchOf(search);
    const places = sought && (await placesOf(on, page, view, sought, isEnabled));
    if (!places) return walk(on, page, view, isEnabled, sought);
    const ofPage = onUserPage(places, page);
    const users = await readAll(
      view,
      ofPage.map(({ id }) => id),
    );
    // In one query they come in any order.
    return onUserPage(placed(users, page), page).map(({ user }) => user);
  };
};
