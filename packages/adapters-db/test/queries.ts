import { noTries } from '@rekey/domain';
import {
  aChain,
  aChange,
  aKey,
  anAuditEntry,
  aService,
  aSession,
  aUser,
} from '@rekey/usecases/testing';
import { type CompiledQuery, type Dialect, DummyDriver, Kysely } from 'kysely';
import type { Schema } from '../src/schema.ts';
import { storesOn } from '../src/transact.ts';

/** Every query of the stores that a request can make, as `dialect` writes it: for tests that have them explained. */
export async function everyQuery(dialect: Omit<Dialect, 'createDriver'>): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const db = new Kysely<Schema>({
    dialect: Object.assign(dialect, { createDriver: () => new DummyDriver() }),
    log: ({ query }) => {
      queries.push(query);
    },
  });
  const { services, users, keys, sessions, changes, outbox, throttles, audit } = storesOn(db);

  const service = aService();
  const user = aUser({ createdBy: service.id });
  const key = aKey({ userId: user.id, serviceId: service.id });
  const session = aSession({ userId: user.id, serviceId: service.id, keyId: key.id });
  const change = aChange({ userId: user.id, serviceId: service.id });
  const entry = anAuditEntry({ serviceId: service.id });
  const chain = aChain({ serviceId: service.id });
  const claim = { changeId: change.id, attempt: 1 };
  const now = change.createdAt;

  await services.insert(service);
  await services.get(service.id);
  await users.insert(user, null);
  await users.get(user.id);
  await users.findByEmail(user.email);
  await users.changePassword(user.id, 1, 'hash', now);
  await users.upgradeHash(user.id, 'old', 'new');
  await users.keepQuality(user.id, 'sealed');
  await users.hold(user.id);
  await users.shut(user.id, now);
  await keys.insert(key, { digest: 'digest' });
  await keys.get(key.id);
  await keys.findByDigest('digest');
  await keys.findToken(user.id, service.id);
  await keys.linksUser(user.id, service.id);
  await keys.revoke(key.id, now);
  await keys.revokeAllOf(user.id, now);
  await keys.findTotp(user.id, service.id);
  await keys.spendTotpStep(key.id, 1);
  await sessions.insert(session);
  await sessions.findOpen(session.id);
  await sessions.end(session.id, now);
  await sessions.endAllOn({ id: key.id, userId: user.id }, now);
  await sessions.endAllOf(user.id, now);
  await sessions.endAllOf(user.id, now, session.id);
  await sessions.insertRefresh({ digest: 'd', sessionId: session.id, createdAt: 1, expiresAt: 2 });
  await sessions.findRefresh('d');
  await sessions.spendRefresh('d', now);
  await sessions.prune(now, 10);
  await changes.insert(change);
  await changes.get(change.id);
  await changes.spend(change.id, now);
  await changes.spendAllOf(user.id, now);
  await changes.nthLatest(user.id, 10);
  await changes.prune(now, 10);
  await outbox.add(change.id, now);
  await outbox.hasDue(now);
  await outbox.backlog();
  await outbox.claim(now, now + 1, 10);
  await outbox.recall(now, now);
  await outbox.markSent(claim, now);
  await outbox.putOff(claim, now, 'reason');
  await outbox.bury(claim, now, 'reason');
  await throttles.get('key');
  await throttles.hold(['key', 'other']);
  await throttles.put([{ key: 'key', tally: noTries, forgetAt: now }]);
  await throttles.prune(now, 10);
  await audit.hold(service.id);
  await audit.append(entry, chain);
  await audit.get(entry.id);
  for (const serviceId of [undefined, service.id]) {
    for (const userId of [undefined, user.id]) {
      for (const action of [undefined, 'login'] as const) {
        await audit.list({ serviceId, userId, action, from: 0, before: entry }, 10);
      }
    }
  }
  await audit.chain(service.id);
  await audit.follow(service.id, 0, 10);
  await audit.prune(chain);
  return queries;
}
