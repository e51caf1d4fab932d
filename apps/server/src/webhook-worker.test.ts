import { type Id, operator, type WebhookAnswer } from '@rekey/domain';
import type { WebhookCall } from '@rekey/usecases';
import { asService, type World, world } from '@rekey/usecases/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startWebhookWorker } from './webhook-worker.ts';

const TAKEN: WebhookAnswer = { failure: null, status: 204, durationMs: 1 };
const FAILED: WebhookAnswer = { failure: 'status', status: 500, durationMs: 1 };

/** A call that is under way until it is answered. */
type Open = { readonly call: WebhookCall; answer(answer: WebhookAnswer | null): void };

/** A service with webhooks, whose calls are answered by hand, and a worker. */
async function working(hosts: readonly string[], events: number) {
  const open: Open[] = [];
  const w: World = world();
  const caller = w.webhookCaller;
  caller.call = (call, signal) => {
    const { promise, resolve } = Promise.withResolvers<WebhookAnswer | null>();
    const one: Open = {
      call,
      answer: (answer) => {
        open.splice(open.indexOf(one), 1);
        resolve(answer);
      },
    };
    open.push(one);
    signal.addEventListener('abort', () => one.answer(null));
    return promise;
  };
  const service = await w.addService();
  for (const host of hosts) {
    const input = { url: `https://${host}/hook` };
    await w.useCases.webhooks.createWebhook.execute(asService(service), input);
  }
  for (let n = 0; n < events; n += 1) {
    const user = { isEnabled: true, name: 'Ada', email: `ada-${n}@example.com` };
    await w.useCases.users.createUser.execute(asService(service), user);
  }
  const failures: unknown[] = [];
  const disabled: Id[] = [];
  const worker = startWebhookWorker(
    w.useCases.webhooks,
    w.news,
    {
      called: () => undefined,
      disabled: (id) => disabled.push(id),
      failed: (error) => failures.push(error),
    },
    5,
  );
  onTestFinished(async () => {
    for (const { answer } of [...open]) answer(null);
    await worker.stop();
    expect(failures).toEqual([]);
  });
  const openAt = (host: string) => open.filter(({ call }) => call.url.includes(host));
  const delivered = () => {
    const { webhookDeliveries } = w.database.snapshot() as {
      webhookDeliveries: [string, { deliveredAt: number | null }][];
    };
    return webhookDeliveries.filter(([, { deliveredAt }]) => deliveredAt !== null).length;
  };
  return { w, worker, open, openAt, delivered, disabled };
}

test('a receiver that hangs holds one call of its own, and delays no other', async () => {
  const { openAt, delivered } = await working(['hanging.example', 'fine.example'], 10);
  await expect.poll(() => openAt('hanging.example').length).toBe(1);
  while (delivered() < 10) {
    for (const { answer } of openAt('fine.example')) answer(TAKEN);
    await new Promise(setImmediate);
  }
  expect(openAt('hanging.example')).toHaveLength(1);
});

test('a receiver that takes calls is sent up to sixteen at a time, and a single one after a failure', async () => {
  const { openAt } = await working(['shop.example'], 100);
  for (const expected of [1, 2, 8, 16, 16]) {
    await expect.poll(() => openAt('shop.example').length).toBe(expected);
    for (const { answer } of openAt('shop.example')) answer(TAKEN);
  }
  await expect.poll(() => openAt('shop.example').length).toBe(16);
  const [last, ...others] = openAt('shop.example').toReversed();
  for (const { answer } of others) answer(TAKEN);
  last?.answer(FAILED);
  await expect.poll(() => openAt('shop.example').length).toBe(1);
});

test('a stop marks the calls that are answered in time, and lets the webhook go', async () => {
  const { w, worker, open, delivered } = await working(['shop.example'], 5);
  await expect.poll(() => open.length).toBe(1);
  const stopped = worker.stop();
  open[0]?.answer(TAKEN);
  await stopped;
  expect(delivered()).toBe(1);
  expect(open).toHaveLength(0);
  const { leaseWebhooks } = w.useCases.webhooks;
  expect(await leaseWebhooks.execute(operator, { limit: 1 })).toHaveLength(1);
});

test('a webhook that is given up is told of', async () => {
  const { open, disabled } = await working(['shop.example'], 1);
  await expect.poll(() => open.length).toBe(1);
  open[0]?.answer({ failure: 'status', status: 410, durationMs: 1 });
  await expect.poll(() => disabled.length).toBe(1);
});
