import type { Id, Identity, Instant, ProviderLink } from '@rekey/domain';
import type { ProviderLinks } from '@rekey/usecases';
import type { Connection } from '../dialects/dialect.ts';
import { all, guarded, one, type Param, write } from '../query.ts';

const columns = [
  'id',
  'created_at as createdAt',
  'last_used_at as lastUsedAt',
  'user_id as userId',
  'provider',
  'issuer',
  'subject',
] as const;

const insert = guarded((db, link: Param<ProviderLink>) =>
  db
    .insertInto('provider_links')
    .values({
      id: link.id,
      created_at: link.createdAt,
      last_used_at: link.lastUsedAt,
      user_id: link.userId,
      provider: link.provider,
      issuer: link.issuer,
      subject: link.subject,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const find = one((db, of: Param<Pick<Identity, 'provider' | 'issuer' | 'subject'>>) =>
  db
    .selectFrom('provider_links')
    .select(columns)
    .where('provider', '=', of.provider)
    .where('issuer', '=', of.issuer)
    .where('subject', '=', of.subject),
);

const ofUser = all((db, userId: Param<Id>) =>
  db.selectFrom('provider_links').select(columns).where('user_id', '=', userId),
);

const touch = write((db, id: Param<Id>, now: Param<Instant>) =>
  db.updateTable('provider_links').set({ last_used_at: now }).where('id', '=', id),
);

const remove = one((db, id: Param<Id>, userId: Param<Id>) =>
  db
    .deleteFrom('provider_links')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('provider'),
);

const removeAllOf = all((db, userId: Param<Id>) =>
  db.deleteFrom('provider_links').where('user_id', '=', userId).returning(columns),
);

/** Which account at a provider opens which account here. */
export const providerLinksOn = (on: Connection): ProviderLinks => {
  const removed = remove(on);
  const allOf = ofUser(on);
  return {
    insert: insert(on),
    find: find(on),
    // There is one for each provider at most: sorting them here is cheaper than an index.
    ofUser: async (userId) => (await allOf(userId)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    touch: touch(on),
    remove: async (id, userId) => (await removed(id, userId))?.provider ?? null,
    removeAllOf: removeAllOf(on),
  };
};
