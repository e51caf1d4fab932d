import type { Id, Instant } from '@rekey/domain';
import type { Awaited, ProviderState, ProviderStates } from '@rekey/usecases';
import { type Kysely, sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { counted, guarded, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';

const insert = write((db, state: Param<ProviderState>) =>
  db.insertInto('provider_states').values({
    digest: state.digest,
    expires_at: state.expiresAt,
    provider: state.provider,
    service_id: state.serviceId,
    user_id: state.userId,
    binding: state.binding,
    sealed: state.sealed,
  }),
);

/** The one state that is for all of that. */
const isAwaited = (awaited: Param<Awaited>, now: Param<Instant>) =>
  sql<boolean>`digest = ${awaited.digest} and provider = ${awaited.provider}
    and service_id = ${awaited.serviceId} and expires_at > ${now}
    and coalesce(user_id, '') = coalesce(${awaited.userId}, '')
    and coalesce(binding, '') = coalesce(${awaited.binding}, '')`;

const find = one(
  (db: Kysely<Schema>, awaited: Param<Awaited>, now: Param<Instant>) =>
    db.selectFrom('provider_states').select('sealed').where(isAwaited(awaited, now)),
  ({ sealed }) => sealed,
);

const spend = guarded((db, awaited: Param<Awaited>, now: Param<Instant>) =>
  db.deleteFrom('provider_states').where(isAwaited(awaited, now)),
);

const endAllOf = write((db, userId: Param<Id>) =>
  db.deleteFrom('provider_states').where('user_id', '=', userId),
);

const prune = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('provider_states')
    .where('digest', 'in', (eb) =>
      eb.selectFrom('provider_states').select('digest').where('expires_at', '<=', now).limit(limit),
    ),
);

/** The sign-ins with a provider that are under way. */
export const providerStatesOn = (on: Connection): ProviderStates => ({
  insert: insert(on),
  find: find(on),
  spend: spend(on),
  endAllOf: endAllOf(on),
  prune: prune(on),
});
