import type { Id } from '@rekey/domain';
import { type Param, write } from '../query.ts';

const tokensOf = (column: 'user_id' | 'key_id') =>
  write((db, id: Param<Id>) =>
    db
      .deleteFrom('refresh_tokens')
      .where('session_id', 'in', (eb) =>
        eb.selectFrom('sessions').select('id').where(column, '=', id),
      ),
  );

/**
 * Deletes all sessions of a user or on a key, with their refresh tokens. A refresh that is under way locks its token, then
 * its session, and adds a token: so the tokens go, the sessions are locked, and the tokens that came meanwhile go.
 */
export const sessionDeletions = (column: 'user_id' | 'key_id') => [
  tokensOf(column),
  write((db, id: Param<Id>) =>
    db
      .updateTable('sessions')
      .set((eb) => ({ ended_at: eb.ref('ended_at') }))
      .where(column, '=', id),
  ),
  tokensOf(column),
  write((db, id: Param<Id>) => db.deleteFrom('sessions').where(column, '=', id)),
];
