import type { Instant } from '@rekey/domain';
import type { KeptAnswer, KeptAnswers } from '@rekey/usecases';
import type { Connection } from '../dialects/dialect.ts';
import { counted, one, type Param, write } from '../query.ts';

const get = one((db, id: Param<string>) =>
  db
    .selectFrom('kept_answers')
    .select([
      'id',
      'fingerprint',
      'created_at as createdAt',
      'user_id as userId',
      'session_id as sessionId',
      'sealed',
    ])
    .where('id', '=', id),
);

const insert = write((db, answer: Param<KeptAnswer>) =>
  db.insertInto('kept_answers').values((eb) => ({
    id: answer.id,
    fingerprint: answer.fingerprint,
    created_at: answer.createdAt,
    user_id: eb.selectFrom('users').select('id').where('id', '=', answer.userId),
    session_id: answer.sessionId,
    sealed: answer.sealed,
  })),
);

const remove = write((db, { id, createdAt }: Param<Pick<KeptAnswer, 'id' | 'createdAt'>>) =>
  db.deleteFrom('kept_answers').where('id', '=', id).where('created_at', '=', createdAt),
);

const prune = counted((db, before: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('kept_answers')
    .where('id', 'in', (eb) =>
      eb.selectFrom('kept_answers').select('id').where('created_at', '<', before).limit(limit),
    ),
);

/** Answers to requests that may come again. */
export const keptAnswersOn = (on: Connection): KeptAnswers => ({
  get: get(on),
  insert: insert(on),
  delete: remove(on),
  prune: prune(on),
});
