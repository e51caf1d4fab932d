import { type Actor, DAY_MS, HOUR_MS, MAX_WEBHOOKS, operator, type Webhook } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asNobody, asService, endOf, root, START, type World, world } from '../../testing/index.ts';
import type { CalledWebhook, OutgoingCall } from '../index.ts';

const URL = 'https://shop.example/hook';

/** A service with a webhook. */
async function hooked(w: World = world(), input: { types?: string[] } = {}) {
  const service = await w.addService();
  const by = asService(service);
  const { webhook, secret } = await w.useCases.webhooks.createWebhook.execute(by, {
    url: URL,
    ...input,
  });
  return { w, service, by, webhook, secret };
}

/** Makes a user of the service, which it is told of. */
const addUser = async (w: World, by: Actor, name = 'Ada') => {
  const email = `${name}-${w.ids.next()}@example.com`;
  const input = { isEnabled: true, name, email };
  return (await w.useCases.users.createUser.execute(by, input)).user;
};

/** Works like a server with one lane: calls one after the other, until nothing is due. */
async function work(w: World): Promise<CalledWebhook[]> {
  const { leaseWebhooks, advanceWebhook, callWebhook } = w.useCases.webhooks;
  const all: CalledWebhook[] = [];
  for (const lease of await leaseWebhooks.execute(operator, { limit: 100 })) {
    let done: CalledWebhook[] = [];
    for (;;) {
      const input = { lease, done, underWay: [], room: { first: 1, repeated: 1 } };
      const { calls, isHeld } = await advanceWebhook.execute(operator, input);
      done = [];
      for (const call of calls) {
        const { signal } = new AbortController();
        const called = await callWebhook.execute(operator, { call, signal });
        if (called) done.push(called);
      }
      all.push(...done);
      if (!isHeld) break;
    }
  }
  return all;
}
const typesOf = (calls: readonly OutgoingCall[]) => calls.map(({ event }) => event.type);

/** The types of what the audit has of webhooks. */
const auditOf = async (w: World) => {
  const entries: string[] = [];
  for await (const { type } of w.useCases.audit.exportAudit.execute(operator, {})) {
    if (type.startsWith('rekey:Webhook')) entries.push(type);
  }
  return entries;
};

describe('a webhook', () => {
  test('is called with what happens after it was registered, once, signed with its secret', async () => {
    const w = world();
    const service = await w.addService();
    const by = asService(service);
    await addUser(w, by, 'Before');
    const { webhook, secret } = await w.useCases.webhooks.createWebhook.execute(by, { url: URL });
    const { id: userId } = await addUser(w, by);
    expect(typesOf(await work(w))).toEqual(['user.created']);
    expect(w.webhookCaller.calls).toMatchObject([
      { url: URL, secrets: [secret], message: { type: 'user.created', userId, data: {} } },
    ]);
    expect(await work(w)).toEqual([]);
    const page = { limit: 10 };
    const { listWebhookDeliveries } = w.useCases.webhooks;
    expect(await listWebhookDeliveries.execute(by, { id: webhook.id, page })).toMatchObject([
      { type: 'user.created', state: 'delivered', attempts: 1, deliveredAt: START },
    ]);
  });

  test('is called with the types that it takes alone', async () => {
    const { w, by } = await hooked(world(), { types: ['user.disabled'] });
    const { id } = await addUser(w, by);
    await w.useCases.users.updateUser.execute(by, { id, isEnabled: false });
    expect(typesOf(await work(w))).toEqual(['user.disabled']);
  });

  test('is told of nothing that another service may know alone', async () => {
    const { w } = await hooked();
    await addUser(w, asService(await w.addService()));
    expect(await work(w)).toEqual([]);
  });

  test('that fails is called again, later each time, and others of the user wait', async () => {
    const { w, by } = await hooked();
    const ada = await addUser(w, by, 'Ada');
    await w.useCases.users.updateUser.execute(by, { id: ada.id, name: 'Countess' });
    const eve = await addUser(w, by, 'Eve');
    w.webhookCaller.manners = ({ message }) =>
      message.userId === ada.id ? { failure: 'status', status: 500 } : {};
    const first = await work(w);
    expect(first.map(({ event }) => event.userId)).toEqual([ada.id, eve.id]);
    // Milliseconds from one call to the next.
    const waits: number[] = [];
    let waited = 0;
    while (waits.length < 15) {
      w.clock.set(w.clock.now() + 500);
      waited += 500;
      const calls = await work(w);
      expect(calls.every(({ event }) => event.userId === ada.id)).toBe(true);
      expect(typesOf(calls).every((type) => type === 'user.created')).toBe(true);
      if (calls.length === 0 && waited < HOUR_MS) continue;
      waits.push(waited);
      waited = 0;
    }
    expect(waits.slice(0, 6)).toEqual([1000, 1000, 2000, 4000, 8000, 16_000]);
    expect(waits.at(-1)).toBe(HOUR_MS);

    w.webhookCaller.manners = () => ({});
    w.clock.set(w.clock.now() + HOUR_MS);
    expect(typesOf(await work(w))).toEqual(['user.created', 'user.updated']);
  });

  test('that fails for three days is disabled, which is told and recorded, and goes on where it stopped', async () => {
    const { w, by, service, webhook } = await hooked();
    const { webhook: other } = await w.useCases.webhooks.createWebhook.execute(by, {
      url: 'https://other.example/hook',
      types: ['webhook.disabled'],
    });
    w.webhookCaller.manners = ({ url }) =>
      url === URL ? { failure: 'timeout', status: null } : {};
    await addUser(w, by);
    await work(w);
    const read = () => w.useCases.webhooks.readWebhook.execute(by, { id: webhook.id });
    while (w.clock.now() < START + 3 * DAY_MS) {
      expect(await read()).toMatchObject({ isEnabled: true, disabledAt: null });
      w.clock.set(w.clock.now() + HOUR_MS);
      await work(w);
    }
    expect(await read()).toMatchObject({ isEnabled: false, disabledAt: w.clock.now() });
    await work(w);
    const told = w.webhookCaller.calls.find(({ url }) => url === other.url);
    expect(told?.message).toMatchObject({
      type: 'webhook.disabled',
      serviceId: service.id,
      subjectId: webhook.id,
    });
    expect(await auditOf(w)).toContain('rekey:WebhookDisable');

    w.clock.set(w.clock.now() + DAY_MS);
    await addUser(w, by);
    expect(await work(w)).toEqual([]);
    w.webhookCaller.manners = () => ({});
    await w.useCases.webhooks.updateWebhook.execute(by, { id: webhook.id, isEnabled: true });
    expect(await read()).toMatchObject({ isEnabled: true, disabledAt: null });
    // Its own end comes before the user who was made meanwhile; the first is one that failed.
    const types = typesOf(await work(w));
    expect(types.toSorted()).toEqual(['user.created', 'user.created', 'webhook.disabled']);
  });

  test('whose receiver is gone is disabled at once', async () => {
    const { w, by, webhook } = await hooked();
    w.webhookCaller.manners = () => ({ failure: 'status', status: 410 });
    await addUser(w, by);
    await work(w);
    const { readWebhook } = w.useCases.webhooks;
    expect(await readWebhook.execute(by, { id: webhook.id })).toMatchObject({ isEnabled: false });
  });

  test('that is rotated signs with both secrets for a day', async () => {
    const { w, by, webhook, secret: old } = await hooked();
    const rotate = () => w.useCases.webhooks.rotateWebhook.execute(by, { id: webhook.id });
    const { secret, webhook: rotated } = await rotate();
    expect(rotated.overlapEndsAt).toBe(START + DAY_MS);
    const secretsOf = async () => {
      await addUser(w, by);
      await work(w);
      return w.webhookCaller.calls.at(-1)?.secrets;
    };
    expect(await secretsOf()).toEqual([secret, old]);
    w.clock.set(w.clock.now() + DAY_MS - 1);
    expect(await secretsOf()).toEqual([secret, old]);
    w.clock.set(w.clock.now() + 1);
    expect(await secretsOf()).toEqual([secret]);
    const next = await rotate();
    const last = await rotate();
    expect(await secretsOf()).toEqual([last.secret, next.secret]);
  });

  test('is called again with the events of a while, with their ids, in their order', async () => {
    const { w, by, webhook } = await hooked();
    const users = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      users.push(await addUser(w, by, name));
      w.clock.set(w.clock.now() + HOUR_MS);
    }
    const before = await work(w);
    const replay = (from: number, to: number) =>
      w.useCases.webhooks.replayWebhook.execute(by, {
        id: webhook.id,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
      });
    await replay(START + HOUR_MS, START + 2 * HOUR_MS);
    expect(await endOf(replay(START, START))).toMatchObject({ code: 'invalid_argument' });
    const again = await work(w);
    expect(again.map(({ event }) => event.id)).toEqual(
      before.slice(1, 3).map(({ event }) => event.id),
    );
    expect(await work(w)).toEqual([]);
    await replay(0, START + DAY_MS);
    expect(await work(w)).toHaveLength(4);
    expect(await endOf(replay(START + 1, START))).toMatchObject({ code: 'invalid_argument' });
  });

  test('that is disabled or deleted is not called, nor one of a service that is', async () => {
    const { w, by, webhook, service } = await hooked();
    const { updateWebhook, deleteWebhook, readWebhook } = w.useCases.webhooks;
    await updateWebhook.execute(by, { id: webhook.id, isEnabled: false });
    await addUser(w, by);
    expect(await work(w)).toEqual([]);
    await updateWebhook.execute(by, { id: webhook.id, isEnabled: true });
    await w.useCases.services.updateService.execute(root, { id: service.id, isEnabled: false });
    expect(await work(w)).toEqual([]);
    await w.useCases.services.updateService.execute(root, { id: service.id, isEnabled: true });
    await deleteWebhook.execute(by, { id: webhook.id });
    expect(await work(w)).toEqual([]);
    expect(await endOf(readWebhook.execute(by, { id: webhook.id }))).toMatchObject({
      code: 'not_found',
    });
  });

  test('goes with its service', async () => {
    const { w, webhook, service } = await hooked();
    await w.useCases.services.deleteService.execute(root, { id: service.id });
    const gone = w.useCases.webhooks.readWebhook.execute(root, { id: webhook.id });
    expect(await endOf(gone)).toMatchObject({ code: 'not_found' });
    expect(JSON.stringify(w.database.snapshot('audit'))).not.toContain(URL);
  });

  test('that somebody else leased meanwhile is not marked', async () => {
    const { w, by } = await hooked();
    await addUser(w, by);
    const { leaseWebhooks, advanceWebhook } = w.useCases.webhooks;
    const lease = async () => (await leaseWebhooks.execute(operator, { limit: 1 }))[0]!;
    const room = { first: 1, repeated: 1 };
    const late = await lease();
    const { calls } = await advanceWebhook.execute(operator, {
      lease: late,
      done: [],
      underWay: [],
      room,
    });
    w.clock.set(w.clock.now() + 30_000);
    const next = await lease();
    const answer = { failure: null, status: 200, durationMs: 1 };
    const done = calls.map((call) => ({ ...call, answer }));
    expect(
      await advanceWebhook.execute(operator, { lease: late, done, underWay: [], room }),
    ).toEqual({ calls: [], isHeld: false, isDisabled: false });
    expect(
      await advanceWebhook.execute(operator, { lease: next, done: [], underWay: [], room }),
    ).toMatchObject({ calls: [{ event: { id: calls[0]?.event.id } }] });
  });
});

describe('a test', () => {
  test('calls a webhook once, and tells what was answered', async () => {
    const { w, by, webhook, secret } = await hooked();
    const run = () => w.useCases.webhooks.testWebhook.execute(by, { id: webhook.id });
    expect(await run()).toEqual({ failure: null, status: 200, durationMs: 1 });
    w.webhookCaller.manners = () => ({ failure: 'tls', status: null });
    expect(await run()).toMatchObject({ failure: 'tls' });
    expect(w.webhookCaller.calls[0]).toMatchObject({
      url: URL,
      secrets: [secret],
      message: { type: 'webhook.test', subjectId: webhook.id, userId: null },
    });
    expect(await work(w)).toEqual([]);
  });

  test('is one at a time for each webhook', async () => {
    const { w, by, webhook } = await hooked();
    const run = () => w.useCases.webhooks.testWebhook.execute(by, { id: webhook.id });
    const ends = await Promise.all([endOf(run()), endOf(run())]);
    expect(ends).toContain('done');
    expect(ends).toContainEqual(expect.objectContaining({ code: 'too_many_requests' }));
    expect(await endOf(run())).toBe('done');
  });
});

describe('registering', () => {
  test.each([
    ['ftp://shop.example/', 'malformed'],
    ['http://shop.example/', 'malformed'],
    ['https://user:pass@shop.example/', 'malformed'],
    ['https://shop.example/#a', 'malformed'],
    ['https://shop.example:22/', 'not_allowed'],
    ['http://localhost:25/', 'not_allowed'],
    ['https://private.example/', 'not_allowed'],
  ])('%s is refused', async (url, code) => {
    const w = world();
    const by = asService(await w.addService());
    const { createWebhook, updateWebhook } = w.useCases.webhooks;
    const refused = { violations: [{ field: 'url', code }] };
    expect(await endOf(createWebhook.execute(by, { url }))).toMatchObject(refused);
    const { webhook } = await createWebhook.execute(by, { url: URL });
    const change = updateWebhook.execute(by, { id: webhook.id, url });
    expect(await endOf(change)).toMatchObject(refused);
  });

  test.each(['https://shop.example:8443/a?b', 'http://localhost:3000/', 'http://[::1]:3000/'])(
    '%s is taken',
    async (url) => {
      const w = world();
      const by = asService(await w.addService());
      const { webhook } = await w.useCases.webhooks.createWebhook.execute(by, { url });
      expect(webhook.url).toBe(url);
    },
  );

  test('refuses types that are none, or come twice', async () => {
    const w = world();
    const by = asService(await w.addService());
    const { createWebhook } = w.useCases.webhooks;
    for (const types of [['user.exploded'], ['user.locked', 'user.locked']]) {
      expect(await endOf(createWebhook.execute(by, { url: URL, types }))).toMatchObject({
        violations: [{ field: 'types' }],
      });
    }
  });

  test('goes as far as a service may have webhooks', async () => {
    const w = world();
    const by = asService(await w.addService());
    const create = () => w.useCases.webhooks.createWebhook.execute(by, { url: URL });
    const created: Webhook[] = [];
    for (let i = 0; i < MAX_WEBHOOKS; i += 1) created.push((await create()).webhook);
    expect(await endOf(create())).toMatchObject({ violations: [{ code: 'out_of_range' }] });
    await w.useCases.webhooks.deleteWebhook.execute(by, { id: created[0]!.id });
    expect(await endOf(create())).toBe('done');
  });

  test('is for a service itself, and for any by the operator, who names it', async () => {
    const w = world();
    const [service, other] = [await w.addService(), await w.addService()];
    const { createWebhook, listWebhooks } = w.useCases.webhooks;
    const named = { url: URL, serviceId: other.id };
    expect(await endOf(createWebhook.execute(asService(service), named))).toMatchObject({
      code: 'root_key_required',
    });
    expect(await endOf(createWebhook.execute(root, { url: URL }))).toMatchObject({
      violations: [{ field: 'serviceId', code: 'required' }],
    });
    expect(await endOf(createWebhook.execute(asNobody(), { url: URL }))).toMatchObject({
      code: 'unauthorized',
    });
    const unknown = { url: URL, serviceId: w.ids.next() };
    expect(await endOf(createWebhook.execute(root, unknown))).toMatchObject({
      violations: [{ field: 'serviceId', code: 'unknown' }],
    });
    const { webhook } = await createWebhook.execute(root, named);
    const listed = (actor: Actor) => listWebhooks.execute(actor, { page: { limit: 10 } });
    expect(await listed(asService(other))).toEqual([webhook]);
    expect(await listed(asService(service))).toEqual([]);
    expect(await listed(root)).toEqual([webhook]);
  });

  test('keeps the secret sealed, and every act in the audit without the URL', async () => {
    const { w, by, webhook, secret } = await hooked();
    const { updateWebhook, rotateWebhook, testWebhook, replayWebhook, deleteWebhook } =
      w.useCases.webhooks;
    const { id } = webhook;
    await updateWebhook.execute(by, { id, url: 'https://shop.example/secret-path', types: [] });
    await rotateWebhook.execute(by, { id });
    await testWebhook.execute(by, { id });
    const moment = new Date(START).toISOString();
    await replayWebhook.execute(by, { id, from: moment, to: moment });
    await deleteWebhook.execute(by, { id });
    expect(await auditOf(w)).toEqual([
      'rekey:WebhookCreate',
      'rekey:WebhookUpdate',
      'rekey:WebhookRotate',
      'rekey:WebhookTest',
      'rekey:WebhookReplay',
      'rekey:WebhookDelete',
    ]);
    const kept = JSON.stringify(w.database.snapshot());
    for (const said of [secret, 'secret-path', '/hook']) expect(kept).not.toContain(said);
  });
});

test('foreign webhooks look like unknown ones, whatever is done with them', async () => {
  const { w, webhook } = await hooked();
  const stranger = asService(await w.addService());
  const all = w.useCases.webhooks;
  const { id } = webhook;
  const moment = new Date(START).toISOString();
  const acts = (of: string) => [
    all.readWebhook.execute(stranger, { id: of }),
    all.updateWebhook.execute(stranger, { id: of, isEnabled: false }),
    all.updateWebhook.execute(stranger, { id: of, url: URL }),
    all.deleteWebhook.execute(stranger, { id: of }),
    all.rotateWebhook.execute(stranger, { id: of }),
    all.testWebhook.execute(stranger, { id: of }),
    all.replayWebhook.execute(stranger, { id: of, from: moment, to: moment }),
    all.listWebhookDeliveries.execute(stranger, { id: of, page: { limit: 1 } }),
  ];
  for (const of of [id, w.ids.next()]) {
    for (const act of acts(of)) expect(await endOf(act)).toMatchObject({ code: 'not_found' });
  }
});

test('the operator alone works for webhooks', async () => {
  const { w, by } = await hooked();
  const { leaseWebhooks, countWebhooks } = w.useCases.webhooks;
  for (const act of [leaseWebhooks.execute(by, { limit: 1 }), countWebhooks.execute(root)]) {
    expect(await endOf(act)).toMatchObject({ code: 'unauthorized' });
  }
  expect(await countWebhooks.execute(operator)).toEqual({
    failing: 0,
    failingSince: null,
    disabled: 0,
  });
});
