import { emptyBucket } from '@rekey/domain';
import type { Stores } from '@rekey/usecases';
import {
  aChain,
  aChallenge,
  aDelivery,
  aKey,
  anAuditEntry,
  anEvent,
  aOneTimeToken,
  aPasskey,
  aPendingEntry,
  aProviderLink,
  aService,
  aSession,
  aTotpSeed,
  aUser,
  aWebhook,
} from '@rekey/usecases/testing';
import type { Grammar, Value } from '../src/dialects/dialect.ts';
import { storesOn } from '../src/transact.ts';

/** These run at a start, at an operator's word or once a minute, and may walk a table. */
export const walking = [
  'services.ids',
  'users.exist',
  'audit.count',
  'audit.owners',
  'deliveries.list',
  'factors.countUsers',
  // What is pending is a moment's worth, and is taken from its beginning.
  'pending.take',
  'pending.entriesOf',
  'pending.isEmpty',
];

export type Ran = { readonly verb: string; readonly sql: string; readonly values: Value[] };

/** The queries of every verb of every store: for tests that have them explained. */
export async function everyQuery(grammar: Grammar): Promise<Ran[]> {
  const queries: Ran[] = [];
  const unasked = new Set<string>();
  let verb = '';
  let isEmpty = false;
  const note = ({ sql }: { readonly sql: string }, values: readonly Value[]) =>
    queries.push({ verb, sql, values: [...values] });
  const stores = storesOn({
    ...grammar,
    // One row of nothing, so that a second query is asked that follows from a first.
    async find({ statement, as }, text) {
      note(statement, statement.sql.includes('any(') ? [[text]] : [text]);
      return isEmpty ? null : asNothing(as);
    },
    rows: (statement, values, as = (row) => row as never) => {
      note(statement, values);
      if (isEmpty) return [];
      const row = {
        id: '',
        // Of the audit, whose entries have octets.
        ...(statement.sql.includes('"audit_') && {
          chain: values[0],
          name: values[0],
          number: 1,
          createdAt: 0,
          id: Buffer.alloc(10),
          user_key_id: null,
        }),
      };
      return [asNothing(as, row)];
    },
    changes: (statement, values) => {
      note(statement, values);
      return 1;
    },
    run: (statement, values) => void note(statement, values),
  });
  for (const [name, store] of Object.entries(stores)) {
    for (const [key, run] of Object.entries(store)) {
      unasked.add(`${name}.${key}`);
      Object.assign(store, {
        [key]: (...args: unknown[]) => {
          verb = `${name}.${key}`;
          unasked.delete(verb);
          return run(...args);
        },
      });
    }
  }
  await askAll(stores);
  isEmpty = true;
  // The digest before a rotation is asked for where there is none that is current.
  await stores.keys.findByDigest('digest', 1);
  if (unasked.size > 0) throw new Error(`these are not asked: ${[...unasked]}`);
  return queries;
}

/** What a store makes of a row of nothing: nothing, where it looks for texts. */
function asNothing<Row, Answer>(as: (row: Row) => Answer, row: object = {}): Answer {
  try {
    return as(row as Row);
  } catch {
    return {} as Answer;
  }
}

async function askAll(stores: Stores): Promise<void> {
  const { services, users, keys, sessions, factors, csrfTokens } = stores;
  const { oneTimeTokens, passkeys } = stores;
  const { deliveries, throttles, audit, events, pending, keptAnswers, imports } = stores;
  const { providerLinks, providerStates } = stores;
  const service = aService();
  const user = aUser({ createdBy: service.id });
  const key = aKey({ userId: user.id, serviceId: service.id });
  const session = aSession({ userId: user.id, serviceId: service.id, keyId: key.id });
  const token = aOneTimeToken({ userId: user.id, serviceId: service.id });
  const passkey = aPasskey({ userId: user.id });
  const delivery = aDelivery(token);
  const claim = { id: delivery.id, attempt: 1 };
  const entry = anAuditEntry({ serviceId: service.id, keyId: key.id });
  const chain = aChain({ serviceId: service.id });
  const now = token.createdAt;

  await services.insert(service);
  await services.get(service.id);
  await services.find(service.id);
  await services.lock(service.id);
  await services.keep(service.id);
  await services.update(service);
  await services.hasUserKeys(service.id);
  for (const ids of [undefined, [service.id, user.id]]) {
    for (const isEnabled of [undefined, true]) {
      for (const page of [{}, { after: user.id }, { before: user.id }]) {
        await services.list({ ids, isEnabled }, { limit: 10, ...page });
      }
    }
  }
  await services.delete(service);
  await services.ids();
  await services.knowing(user.id);
  await services.seeing(user.id);
  await users.insert(user, null);
  await users.get(user.id);
  await users.isThere(user.id);
  await users.exist();
  await users.findByEmail(user.email);
  await users.changePassword(user.id, 1, 'hash', now);
  await users.remake(user, 'hash');
  await users.upgradeHash(user.id, 'old', 'new');
  await users.keepQuality(user.id, 'sealed');
  await users.keepNetworks(user.id, '[]');
  await users.lock(user.id);
  await users.lockOut(user.id, now);
  await users.lockOut(user.id, now, { serviceId: service.id, recoverTo: user.email });
  await users.lockOf(user.id);
  await users.keepDisabled(user.id);
  await users.changeEmail(user.id, user.email, now);
  await users.giveBackAddress(user.id, user.email, now);
  await users.unlock(user.id, 1, { passwordHash: 'hash', email: user.email, now });
  for (const from of ['latest', 'earliest'] as const) {
    await users.pastPasswords(user.id, { from, limit: 10 });
  }
  await users.prunePastPasswords(now, 4, 10);
  await users.setFactors(user.id, user.factors, now);
  await users.forgetDevices(user.id);
  await users.setAdmin(user.id, true, now);
  await users.lockAdmins();
  await users.lockIdle(now, 10);
  await users.useOf(user.id);
  await users.setIdle(user.id, null);
  await users.see(user.id, service.id);
  await users.noteLogin(user.id, now, service.id);
  await users.update(user);
  await users.markValid(user.id, true, now);
  await users.setAttributes(user.id, service.id, {});
  await users.attributesOf(user.id);
  await users.isKeptBeside(user.id, service.id);
  const view = { seenBy: service.id, attributesOf: service.id };
  for (const isEnabled of [undefined, true]) {
    for (const beginsAtEnd of [false, true]) {
      const of = { limit: 10, beginsAtEnd };
      for (const [after, before] of [[], [user.id], [undefined, user.id]]) {
        await users.list({ ...view, isEnabled, page: { ...of, by: 'id', after, before } });
      }
      const place = { name: 'ada', id: user.id };
      for (const [after, before] of [[], [place], [undefined, place]]) {
        await users.list({ ...view, isEnabled, page: { ...of, by: 'name', after, before } });
      }
      const page = { ...of, by: 'id' } as const;
      await users.list({ ...view, isEnabled, page, search: { name: 'a', email: 'a' } });
      await users.list({ ...view, isEnabled, page, ids: [user.id] });
      await users.list({ ...view, isEnabled, page, emails: [user.email] });
    }
  }
  await users.delete(user.id, now, now);
  await keys.insert(key, { digest: 'digest' });
  await keys.get(key.id);
  for (const ids of [undefined, [key.id, user.id]]) {
    for (const serviceIds of [undefined, [service.id]]) {
      for (const userIds of [undefined, [user.id]]) {
        for (const isRevoked of [undefined, true]) {
          for (const page of [{}, { after: key.id }, { before: key.id }]) {
            await keys.list({ ids, serviceIds, userIds, isRevoked }, { limit: 10, ...page });
          }
        }
      }
    }
  }
  await keys.findByDigest('digest', now);
  await keys.findToken(user.id, service.id, now);
  await keys.linksUser(user.id, service.id);
  await keys.lock(key.id);
  await keys.lockOwn(service.id);
  await keys.lockOwn(null);
  await keys.update(key);
  await keys.rotate(key.id, { secret: { digest: 'd' }, prefix: null, overlapEndsAt: now }, now);
  await keys.revoke(key.id, now);
  await keys.revokeAllOf(user.id, now);
  await keys.delete(key.id);
  await keys.expiring(now, now, 10);
  await keys.noteExpiryTold(key.id);
  await keys.touch([{ id: key.id, at: now }]);
  await keys.findTotp(user.id, service.id, now);
  await keys.spendTotpStep(key.id, 1);
  await sessions.insert(session);
  await sessions.findOpen(session.id);
  await sessions.ofUser(user.id, '', 10);
  for (const serviceId of [undefined, service.id]) {
    for (const userIds of [undefined, [user.id]]) {
      for (const after of [undefined, session.id]) {
        for (const before of [undefined, session.id]) {
          await sessions.list({ serviceId, userIds }, { after, before, limit: 10 }, now);
        }
      }
    }
  }
  await sessions.end(session.id, now);
  await sessions.endAllAt(user.id, service.id, now);
  await sessions.endExpired(now, 10);
  await sessions.renew(session.id, now, now);
  await sessions.strengthen(session.id, session);
  await sessions.touch([{ id: session.id, at: now }]);
  await sessions.endAllOn({ id: key.id, userId: user.id }, now);
  await sessions.endAllOf(user.id, now);
  await sessions.endAllOf(user.id, now, session.id);
  await sessions.insertRefresh({ digest: 'd', sessionId: session.id, createdAt: 1, expiresAt: 2 });
  await sessions.findRefresh('d');
  await sessions.spendRefresh('d', now);
  await sessions.prune(now, 10);
  const seed = aTotpSeed({ userId: user.id });
  const challenge = aChallenge({ userId: user.id });
  await factors.insertSeed(seed);
  await factors.seedsOf(user.id, now);
  await factors.confirmSeed(seed.id, 1, now);
  await factors.spendStep(seed.id, 2, now);
  await factors.deleteSeeds(user.id);
  await factors.replaceCodes(user.id, ['digest']);
  await factors.countCodes(user.id);
  await factors.hasCode(user.id, 'digest');
  await factors.spendCode(user.id, 'digest');
  await factors.insertChallenge(challenge);
  await factors.findChallenge('digest', now);
  await factors.latestChallenge(challenge, now);
  await factors.spendChallenge('digest', now);
  await factors.endChallenges(user.id);
  await factors.countUsers();
  await factors.prune(now, 10);
  await passkeys.insert(passkey);
  await passkeys.find(passkey.credentialId);
  await passkeys.ofUser(user.id);
  await passkeys.use(passkey.id, { at: now, counter: 1, isBackedUp: true });
  await passkeys.delete(passkey.id, user.id);
  await passkeys.deleteAllOf(user.id);
  await passkeys.spendChallenge('challenge', now);
  await passkeys.pruneChallenges(now, 10);
  await csrfTokens.insert({ digest: 'd', serviceId: service.id, expiresAt: now });
  await csrfTokens.spend('d', service.id, now);
  await csrfTokens.prune(now, 10);
  const awaited = {
    digest: 'd',
    provider: 'google',
    serviceId: service.id,
    userId: null,
    binding: null,
  } as const;
  await providerStates.insert({ ...awaited, expiresAt: now, sealed: 's' });
  await providerStates.find(awaited, now);
  await providerStates.spend(awaited, now);
  await providerStates.endAllOf(user.id);
  await providerStates.prune(now, 10);
  const link = aProviderLink({ userId: user.id });
  await providerLinks.insert(link);
  await providerLinks.find(link);
  await providerLinks.ofUser(user.id);
  await providerLinks.touch(link.id, now);
  await providerLinks.remove(link.id, user.id);
  await providerLinks.removeAllOf(user.id);
  await oneTimeTokens.insert(token);
  await oneTimeTokens.findGood(token.id, now);
  await oneTimeTokens.findSpent(token.id, now);
  await oneTimeTokens.isOfDeleted(token.id, now);
  await oneTimeTokens.spend(token.id, now);
  await oneTimeTokens.use(token.id, now);
  await oneTimeTokens.haveGood(user.id, ['update_password', 'update_email'], now);
  await oneTimeTokens.endAll(user.id, ['reset_password'], now);
  await oneTimeTokens.endRegistrations(user.email, now);
  await oneTimeTokens.isReserved(user.email, now);
  await oneTimeTokens.reservedFor(user.email, now);
  await oneTimeTokens.earliest(user.id, ['update_password'], now);
  await oneTimeTokens.endElsewhere(user.id, user.email, now);
  await oneTimeTokens.nthLatest(user.id, 'update_password', 10);
  await oneTimeTokens.prune(now, 10);
  await deliveries.insert(delivery);
  await deliveries.get(delivery.id);
  for (const attempts of ['first', 'repeated'] as const) {
    await deliveries.waiting(attempts, 'example.com', [], 10);
    await deliveries.waiting(attempts, 'example.com', [user.id], 10);
  }
  await deliveries.stray(now, 10);
  await deliveries.lease([delivery.id], now, now + 2, now + 1);
  await deliveries.markSent(claim, now);
  await deliveries.putOff(claim, now, 'reason');
  await deliveries.giveUp(claim, now, 'reason');
  for (const state of [null, 'waiting', 'sent', 'dead'] as const) await deliveries.list(state, 10);
  await deliveries.backlog();
  await deliveries.requeue(delivery.id, now);
  await deliveries.redirect(delivery.id, user.email, now);
  await deliveries.requeueDead(now, 10);
  await deliveries.ofUser(user.id, '', 10);
  await deliveries.pruneOrphans(now, 10);
  await throttles.get(['key', 'other']);
  await throttles.lock(['key', 'other']);
  await throttles.put([{ key: 'key', bucket: emptyBucket, forgetAt: now }]);
  await throttles.prune(now, 10);
  await audit.insert([aPendingEntry(null)]);
  await audit.append([entry], [chain]);
  await audit.chains([service.id]);
  await audit.lock(entry.id);
  await audit.get(entry.id);
  const some = [undefined, ['a', 'b']];
  for (const isDescending of [true, false]) {
    for (const serviceIds of some) {
      for (const userIds of some) {
        for (const subjects of some) {
          for (const types of some) {
            for (const ids of [undefined, [entry.id, user.id]]) {
              // A list of all chains goes by time or ids alone.
              if (!serviceIds && !ids && (userIds || subjects || types)) continue;
              const filter = { serviceIds, ids, types, subjects, userIds, from: 0, to: now };
              await audit.list({ ...filter, after: entry, isDescending }, 10);
            }
          }
        }
      }
    }
  }
  await audit.getAll([entry.id]);
  await audit.amendments([entry.id, user.id]);
  await audit.erase(user.id);
  await audit.eraseAgain([user.id]);
  await audit.erased([user.id, service.id]);
  await audit.count();
  await audit.owners();
  await audit.chain(service.id);
  await audit.follow(service.id, 0, 10);
  await audit.prune(chain);
  await audit.keys('', 10);
  const sum = { endsAt: now, serviceId: null, type: 'sso:AuthLocalLogin', count: 1 } as const;
  await audit.addToSum({ ...sum, network: '192.0.2.7' });
  await audit.takeSums(now, 10);
  await events.insert(anEvent({ serviceId: service.id }));
  await events.prune(now, 10);
  await events.append([{ ...anEvent({ serviceId: service.id }), sequence: 1 }]);
  await events.ends([service.id]);
  for (const types of [undefined, ['user.created'] as const]) {
    await events.follow(service.id, 0, 10, types);
  }
  await events.bounds(service.id);
  await pending.takeTurn({ isPatient: true });
  await pending.take(10);
  await pending.entriesOf(service.id);
  for (const owners of [undefined, [null, service.id]]) await pending.isEmpty(owners);

  const answer = {
    id: 'answer',
    fingerprint: 'fingerprint',
    createdAt: now,
    userId: user.id,
    sessionId: session.id,
    sealed: 'sealed',
  };
  await keptAnswers.get(answer.id);
  await keptAnswers.insert(answer);
  await keptAnswers.delete(answer);
  await keptAnswers.prune(now, 10);
  await imports.usersWith([user.id], [user.email]);
  await imports.reserved([user.email], now);
  await imports.keysWith([key.id], ['digest']);
  await imports.insertUsers([{ user, passwordHash: null, idleSince: null, attributes: { a: 1 } }]);
  const given = { key, secret: { digest: 'digest' } };
  await imports.insertKeys([given]);
  // A plan may be another one for many.
  await imports.insertKeys(Array.from({ length: 64 }, () => given));
  await imports.insertEvents([anEvent({ serviceId: service.id })]);
  await imports.unfinished('users');
  const counts = { users: 0, services: 0, keys: 0, updated: 0, skipped: 0, refused: 0 };
  const progress = { fingerprint: 'f', line: 1, counts, startedAt: now, updatedAt: now };
  await imports.keepState({ source: 'users', ...progress });
  await imports.forget('users');

  const { webhooks, webhookDeliveries } = stores;
  const webhook = aWebhook({ serviceId: service.id });
  const { id: webhookId } = webhook;
  await webhooks.insert(webhook, 'sealed', 0);
  await webhooks.get(webhookId);
  await webhooks.lock(webhookId);
  for (const serviceIds of [undefined, [service.id]]) {
    for (const page of [{}, { after: webhookId }, { before: webhookId }]) {
      await webhooks.list({ serviceIds }, { limit: 10, ...page });
    }
  }
  await webhooks.countOf(service.id);
  await webhooks.update(webhook);
  await webhooks.rotate(webhookId, 'sealed', now, now);
  await webhooks.replay(webhookId, { after: 0, until: 1, from: now, to: now });
  await webhooks.delete(webhookId, now);
  await webhooks.deleteAllOf(service.id, now);
  await webhooks.withWork(now, 10);
  await webhooks.lease([webhookId], now, now);
  await webhooks.hold({ id: webhookId, number: 1 }, now);
  await webhooks.release({ id: webhookId, number: 1 });
  await webhooks.isBehind(webhookId);
  await webhooks.move(webhookId, { after: 1, replay: null });
  await webhooks.prune(10);
  await webhooks.countDisabled();
  const call = { webhookId, eventId: token.id };
  const taken = { failure: null, status: 200, durationMs: 1 };
  for (const until of [undefined, 5]) {
    for (const types of [[], ['user.locked'] as const]) {
      const range = { serviceId: service.id, types, after: 1, until };
      await webhookDeliveries.owe(webhookId, range, now, 10);
    }
  }
  for (const without of [[], [token.id]]) {
    await webhookDeliveries.due(webhookId, now, without, { first: 1, repeated: 1 });
    await webhookDeliveries.isDue(webhookId, now, without);
  }
  await webhookDeliveries.markDelivered(call, taken, now);
  await webhookDeliveries.putOff(call, taken, { dueAt: now, failingSince: now });
  await webhookDeliveries.restart(webhookId, now);
  for (const state of [null, 'waiting', 'delivered'] as const) {
    for (const page of [{}, { after: token.id }, { before: token.id }]) {
      await webhookDeliveries.list(webhookId, state, { limit: 10, ...page });
    }
  }
  await webhookDeliveries.prune(now, 10);
  await webhookDeliveries.backlog();
}
