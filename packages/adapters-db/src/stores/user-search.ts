import { type Id, type NamePlace, onUserPage, type UserPage } from '@rekey/domain';
import type { UserQuery } from '@rekey/usecases';
import { type ExpressionBuilder, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, type Param } from '../query.ts';
import type { Schema } from '../schema.ts';
import { bySize, firstRows } from './ranges.ts';
import { asFlag, endOf, keyOf, type Place, placeOf } from './visible-users.ts';

/** A search that finds no more than so many is rare: all of them are sorted. */
const RARE = 100;
/** Users among which a search that is not rare looks for a full page, in the order of the page: it may be common. */
const NEAR = 2000;
/** A search that is neither is sorted as well, up to so many. Beyond that a page is not far, and is walked to. */
const MIDDLING = 5000;

/** What begins with a text has a key between these. */
type Range = { readonly from: Buffer; readonly to: Buffer };
/** Flat, for the parameters of queries have no others in them. */
type Search = {
  readonly nameFrom: Buffer;
  readonly nameTo: Buffer;
  readonly emailFrom: Buffer;
  readonly emailTo: Buffer;
};

const rangeOf = (text: string): Range => {
  const from = keyOf(text);
  return { from, to: endOf(from) };
};

type OnVisible = ExpressionBuilder<Schema, 'visible_users'>;
const columns = ['user_id as id', 'name_key as nameKey'] as const;
type Row = { readonly id: Id; readonly nameKey: Uint8Array };

const isLike = (search: Param<Search>) => (eb: OnVisible) =>
  eb.or([
    eb.and([eb('name_key', '>=', search.nameFrom), eb('name_key', '<', search.nameTo)]),
    eb.and([eb('email_key', '>=', search.emailFrom), eb('email_key', '<', search.emailTo)]),
  ]);

/** Up to `limit` users with a key in the range, in any order. */
const within = (key: 'name_key' | 'email_key') =>
  bySize((size) =>
    all(
      (
        db,
        seenBy: Param<string>,
        range: Param<Range>,
        limit: Param<number>,
        isEnabled?: Param<boolean>,
      ) => {
        const found = db
          .selectFrom('visible_users')
          .select(columns)
          .where('service_id', '=', seenBy)
          .where(key, '>=', range.from)
          .where(key, '<', range.to);
        const fitting = isEnabled ? found.where('is_enabled', '=', asFlag(isEnabled)) : found;
        return firstRows(db, fitting, size, limit);
      },
    ),
  );
const byName = within('name_key');
const byEmail = within('email_key');

type Between = { readonly after: Place | undefined; readonly before: Place | undefined };

/** Users that a search finds, in the order of a page: among those that are near, or among all. */
const inOrder = (by: UserPage['by'], direction: 'asc' | 'desc', looksNear: boolean) =>
  bySize((size) =>
    all(
      (
        db,
        seenBy: Param<string>,
        search: Param<Search>,
        limit: Param<number>,
        isEnabled?: Param<boolean>,
        after?: Param<Place>,
        before?: Param<Place>,
      ) => {
        let walked = db
          .selectFrom('visible_users')
          .select(['user_id', 'name_key', 'email_key'])
          .where('service_id', '=', seenBy);
        if (isEnabled) walked = walked.where('is_enabled', '=', asFlag(isEnabled));
        if (by === 'id') {
          if (after) walked = walked.where('user_id', '>', after.id);
          if (before) walked = walked.where('user_id', '<', before.id);
        } else {
          const place = sql`(name_key, user_id)`;
          if (after) walked = walked.where(sql<boolean>`${place} > (${after.key}, ${after.id})`);
          if (before) walked = walked.where(sql<boolean>`${place} < (${before.key}, ${before.id})`);
          walked = walked.orderBy('name_key', direction);
        }
        walked = walked.orderBy('user_id', direction);
        if (!looksNear) {
          return firstRows(
            db,
            walked.clearSelect().select(columns).where(isLike(search)),
            size,
            limit,
          );
        }
        // What comes out of it is in the order of what goes in, and it ends with the last row that is asked for.
        return db
          .selectFrom(walked.limit(sql.lit(NEAR)).as('visible_users'))
          .select(columns)
          .where(isLike(search) as never)
          .limit(limit);
      },
    ),
  );

const walks = (looksNear: boolean) => ({
  id: { asc: inOrder('id', 'asc', looksNear), desc: inOrder('id', 'desc', looksNear) },
  name: { asc: inOrder('name', 'asc', looksNear), desc: inOrder('name', 'desc', looksNear) },
});
const near = walks(true);
const far = walks(false);

/** Finds the places of a page among the users whose name or address begins with a text. */
export const searchOn =
  (on: Connection) =>
  async (
    page: UserPage,
    seenBy: string,
    text: NonNullable<UserQuery['search']>,
    isEnabled: boolean | undefined,
  ): Promise<NamePlace[]> => {
    const [names, emails] = [rangeOf(text.name), rangeOf(text.email)];
    const search: Search = {
      nameFrom: names.from,
      nameTo: names.to,
      emailFrom: emails.from,
      emailTo: emails.to,
    };
    const places = (rows: readonly Row[]) =>
      rows.map(({ id, nameKey }) => ({
        id,
        name: page.by === 'name' ? Buffer.from(nameKey).toString() : '',
      }));
    const sorted = (...rows: Row[]) =>
      onUserPage(places([...new Map(rows.map((row) => [row.id, row])).values()]), page);
    const findAll = async (most: number) => {
      const named = await byName(most + 1)(on)(seenBy, names, most + 1, isEnabled);
      if (named.length > most) return null;
      const addressed = await byEmail(most + 1)(on)(seenBy, emails, most + 1, isEnabled);
      return addressed.length > most ? null : sorted(...named, ...addressed);
    };
    const direction = page.beginsAtEnd ? 'desc' : 'asc';
    const go = (walk: typeof near, { after, before }: Between) =>
      walk[page.by][direction](page.limit)(on)(
        seenBy,
        search,
        page.limit,
        isEnabled,
        after,
        before,
      );
    const asPlace = (place: Id | NamePlace | undefined) =>
      typeof place === 'string' ? { id: place, key: keyOf('') } : placeOf(place);
    const between = { after: asPlace(page.after), before: asPlace(page.before) };

    // In the order of names, the names that begin with a text are beside each other.
    const findNamed = async (most: number) => {
      const addressed = await byEmail(most + 1)(on)(seenBy, emails, most + 1, isEnabled);
      if (addressed.length > most) return null;
      const named = await go(far, namesWithin(names, between));
      return sorted(...named, ...addressed);
    };
    const find = page.by === 'id' ? findAll : findNamed;

    const rare = await find(RARE);
    if (rare) return rare;
    const common = await go(near, between);
    if (common.length === page.limit) return places(common);
    return (await find(MIDDLING)) ?? places(await go(far, between));
  };

/** The part of a page by name in which names are in a range. */
function namesWithin({ from, to }: Range, { after, before }: Between): Between {
  const isLater = after && Buffer.compare(after.key, from) >= 0;
  const isEarlier = before && Buffer.compare(before.key, to) < 0;
  return {
    after: isLater ? after : { key: from, id: '' },
    before: isEarlier ? before : { key: to, id: '' },
  };
}
