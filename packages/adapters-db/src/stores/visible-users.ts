import { folded, type Id, type NamePlace, type User } from '@rekey/domain';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { type Param, write } from '../query.ts';
import { ALL } from './user-rows.ts';

/** The octets that the order of folded texts is of. */
export const keyOf = (text: string): Buffer => Buffer.from(text);

/** After everything that begins with such octets: UTF-8 has no octet like that. */
export const endOf = (key: Buffer): Buffer => Buffer.concat([key, Buffer.of(0xff)]);

/** A place in the order of names. */
export type Place = { readonly key: Buffer; readonly id: Id };

export const placeOf = (place: NamePlace | undefined): Place | undefined =>
  place && { key: keyOf(place.name), id: place.id };

/** A flag in a condition. */
export const asFlag = (value: Param<boolean>) => value as unknown as Param<0 | 1>;

type Row = {
  readonly serviceId: string;
  readonly userId: Id;
  readonly isEnabled: boolean;
  readonly nameKey: Buffer;
  readonly emailKey: Buffer;
};

export const insertVisible = write((db, rows: Param<readonly Row[]>) =>
  db.insertInto('visible_users').values(
    rows.map((row) => ({
      service_id: row.serviceId,
      user_id: row.userId,
      is_enabled: row.isEnabled,
      name_key: row.nameKey,
      email_key: row.emailKey,
    })),
  ),
);

const update = write((db, row: Param<Omit<Row, 'serviceId'>>) =>
  db
    .updateTable('visible_users')
    .set({ is_enabled: row.isEnabled, name_key: row.nameKey, email_key: row.emailKey })
    .where('user_id', '=', row.userId),
);

const disable = write((db, userId: Param<Id>) =>
  db
    .updateTable('visible_users')
    .set({ is_enabled: sql.lit(0) })
    .where('user_id', '=', userId),
);

/** With the address, and enabled or not, as the user is now. */
const move = write((db, userId: Param<Id>, emailKey: Param<Buffer>) =>
  db
    .updateTable('visible_users')
    .set({
      email_key: emailKey,
      is_enabled: sql<0 | 1>`(select is_enabled from users where id = ${userId})`,
    })
    .where('user_id', '=', userId),
);

const show = write((db, userId: Param<Id>, serviceId: Param<Id>) =>
  db
    .insertInto('visible_users')
    .columns(['service_id', 'user_id', 'is_enabled', 'name_key', 'email_key'])
    .expression((eb) =>
      eb
        .selectFrom('visible_users as known')
        .select([
          sql<string>`cast(${serviceId} as text)`.as('service_id'),
          'known.user_id',
          'known.is_enabled',
        ])
        .select(['known.name_key', 'known.email_key'])
        .where('known.service_id', '=', sql.lit(ALL))
        .where('known.user_id', '=', userId),
    )
    .onConflict((conflict) => conflict.columns(['service_id', 'user_id']).doNothing()),
);

/** The sight that rests on a key alone. */
const leave = write((db, keyId: Param<Id>) =>
  db
    .deleteFrom('visible_users')
    .where(
      sql<boolean>`(service_id, user_id) in (select service_id, user_id from keys where id = ${keyId})`,
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('keys')
            .select('id')
            .whereRef('keys.user_id', '=', 'visible_users.user_id')
            .where(sql<boolean>`keys.service_id || '' = visible_users.service_id`)
            .where(sql<boolean>`keys.type || '' <> 'TOTP'`)
            .where('keys.id', '<>', keyId),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('users')
            .select('users.id')
            .whereRef('users.id', '=', 'visible_users.user_id')
            .whereRef('users.created_by', '=', 'visible_users.service_id'),
        ),
      ),
    ),
);

/** The sight that rests on no key. */
const keyless = write((db, userId: Param<Id>) =>
  db
    .deleteFrom('visible_users')
    .where('user_id', '=', userId)
    .where('service_id', '<>', sql.lit(ALL))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('keys')
            .select('id')
            .whereRef('keys.user_id', '=', 'visible_users.user_id')
            .whereRef('keys.service_id', '=', 'visible_users.service_id')
            .where('keys.type', '<>', sql.lit('TOTP')),
        ),
      ),
    ),
);

const rowOf = ({ id: userId, isEnabled, name, email }: User) => ({
  userId,
  isEnabled,
  nameKey: keyOf(folded(name)),
  emailKey: keyOf(folded(email)),
});

/** The users that each service sees, with all that lists look for: they change with the users and keys. */
export const visibleUsersOn = (on: Connection) => ({
  add(user: User): Promise<void> {
    const viewers = user.createdBy === null ? [ALL] : [ALL, user.createdBy];
    return insertVisible(on)(viewers.map((serviceId) => ({ serviceId, ...rowOf(user) })));
  },
  update: (user: User): Promise<void> => update(on)(rowOf(user)),
  /** As new: for the service that made the user, and those that have a key of it. */
  async remake(user: User): Promise<void> {
    await keyless(on)(user.id);
    if (user.createdBy !== null) await show(on)(user.id, user.createdBy);
    await update(on)(rowOf(user));
  },
  disable: disable(on),
  /** To another address, as the user was. */
  move: (userId: Id, email: string): Promise<void> => move(on)(userId, keyOf(folded(email))),
  /** The service sees the user from now on. */
  show: show(on),
  /** To be called before a key is deleted: what the service saw by it alone, it sees no longer. */
  leave: leave(on),
});
