import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { secrets } from '@rekey/adapters-crypto';
import { openDatabase } from '@rekey/adapters-db';
import { serviceDefaults } from '../../packages/domain/src/index.ts';
import { type SequencedEvent, sealOwners } from '../../packages/usecases/src/index.ts';
import { type Benchmark, row } from './figures.ts';
import { id, prepare } from './filling.ts';
import { cpuOf, startHelper, startPostgres, startServer } from './processes.ts';

const MAIN = path.join(import.meta.dirname, '../../apps/server/src/main.ts');
/** Calls a second to a fast receiver: a goal. */
const GOAL = 1000;

type Sink = { readonly url: string; readonly pid: number; readonly taken: number };

/** How fast so many webhooks are called with all that they are owed, each event of another user. */
async function drain(url: string | null, webhooks: number, events: number) {
  const { databaseUrl, keys, env } = await prepare(url, 10);
  const sink = await startHelper<object, Sink>(path.join(import.meta.dirname, 'webhook-sink.ts'));
  const { url: receiver, pid } = await sink.ask({});
  const sealing = secrets(
    () => keys.seal,
    () => keys.throttle,
  );
  const opened = await openDatabase({ url: databaseUrl });
  const now = Date.now();
  const serviceId = id('service', 1);
  const feed = Array.from(
    { length: events },
    (_, n): SequencedEvent => ({
      id: id('audit', n + 1),
      createdAt: now,
      type: 'user.locked',
      serviceId,
      userId: id('user', n + 1),
      subjectId: null,
      data: {},
      sequence: n + 1,
    }),
  );
  await opened.database.transact(async (stores) => {
    await stores.services.insert({
      id: serviceId,
      createdAt: now,
      updatedAt: now,
      name: 'Shop',
      url: 'https://shop.example',
      ...serviceDefaults,
    });
    await stores.events.append(feed);
    for (let n = 1; n <= webhooks; n += 1) {
      const webhookId = id('key', n);
      const secret = sealing.seal(sealing.generateWebhookSecret(), sealOwners.webhook(webhookId));
      const webhook = {
        id: webhookId,
        createdAt: now,
        updatedAt: now,
        serviceId,
        url: receiver,
        types: [],
        description: '',
        isEnabled: true,
        disabledAt: null,
        overlapEndsAt: null,
      };
      await stores.webhooks.insert(webhook, secret, 0);
    }
  });
  await opened.close();
  const open = { WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' };
  const server = await startServer(MAIN, { ...env, ...open }, { ready: '/health/ready' });
  const all = webhooks * events;
  const at = async (least: number) => {
    for (;;) {
      const { taken } = await sink.ask({});
      if (taken >= least)
        return { taken, at: performance.now(), cpu: cpuOf(server.pid), of: cpuOf(pid) };
      await setTimeout(5);
    }
  };
  // The start of a server is no call of a webhook.
  const begin = await at(all / 10);
  const end = await at(all);
  await server.stop();
  sink.stop();
  const calls = end.taken - begin.taken;
  return {
    perSecond: (calls * 1000) / (end.at - begin.at),
    cpuMs: ((end.cpu - begin.cpu) * 1000) / calls,
    sinkMs: ((end.of - begin.of) * 1000) / calls,
  };
}

/** Calls of webhooks: how many a second, and what each costs in the server and in the receiver. */
export const webhooks: Benchmark = async ({ rounds, scale }) => {
  const postgres = await startPostgres();
  const events = Math.max(500, Math.round(5000 * scale));
  const rows = [];
  for (const name of ['SQLite', 'PostgreSQL']) {
    for (const count of [1, 10]) {
      const runs = [];
      for (let round = 0; round < rounds; round += 1) {
        const url = name === 'SQLite' ? null : await postgres.fresh();
        runs.push(await drain(url, count, Math.round(events / count)));
      }
      const what = `calls to ${count} webhook${count === 1 ? '' : 's'} (${name})`;
      const goal = runs.map(() => GOAL);
      const speeds = runs.map(({ perSecond }) => perSecond);
      rows.push(row(what, '1/s', speeds, 'goal', goal, { of: 'rekey', least: GOAL }));
      const cost = runs.map(({ cpuMs }) => cpuMs);
      const beside = runs.map(({ sinkMs }) => sinkMs);
      rows.push(row(`CPU of a call, ${what}`, 'ms', cost, 'the receiver', beside));
    }
  }
  await postgres.stop();
  return rows;
};
