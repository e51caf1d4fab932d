import type { Id, Instant } from '@rekey/domain';
import type { CsrfTokens } from '@rekey/usecases';
import type { Connection } from '../dialects/dialect.ts';
import { counted, guarded, type Param, write } from '../query.ts';

type CsrfToken = Parameters<CsrfTokens['insert']>[0];

const insert = write((db, token: Param<CsrfToken>) =>
  db.insertInto('csrf_tokens').values({
    digest: token.digest,
    service_id: token.serviceId,
    expires_at: token.expiresAt,
  }),
);

const spend = guarded((db, digest: Param<string>, serviceId: Param<Id>, now: Param<Instant>) =>
  db
    .deleteFrom('csrf_tokens')
    .where('digest', '=', digest)
    .where('service_id', '=', serviceId)
    .where('expires_at', '>', now),
);

const prune = counted((db, now: Param<Instant>, limit: Param<number>) =>
  db
    .deleteFrom('csrf_tokens')
    .where('digest', 'in', (eb) =>
      eb.selectFrom('csrf_tokens').select('digest').where('expires_at', '<=', now).limit(limit),
    ),
);

/** The tokens that services put into forms. */
export const csrfTokensOn = (on: Connection): CsrfTokens => ({
  insert: insert(on),
  spend: spend(on),
  prune: prune(on),
});
