import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Client, rekeyClient } from '../../packages/client/src/index.ts';
import { messagesOf } from '../../packages/client/src/messages.ts';
import { createService, runCli, type Server } from '../harness.ts';
import { aWorld, eventually, isLong, PATIENCE_MS, type World } from './world.ts';

// Very many readers in one process beside their server.
vi.setConfig({ testTimeout: 3 * PATIENCE_MS });

/** Readers of a server, and of one service. The long form has as many as there are unless somebody sets them. */
const PLACES = isLong ? 1000 : 200;
const SHARE = PLACES / 2;
/** Readers who take nothing. */
const STALLED = PLACES / 20;
/** Users before the streams are opened, and twice as many events: more than the network holds for a reader who takes nothing. */
const USERS = 15_000;
/** What happens while the streams are open. */
const CHANGES = 20;
/** What a server may grow by: garbage, and several times what is written at once to each stream. */
const MOST_BYTES = 120e6 + PLACES * 200e3;

const PASSWORD = 'correct horse';

type Asked = {
  readonly server: Server;
  readonly key: string;
  /** The address that it comes from: no network has more than a quarter of all connections. */
  readonly from: string;
  readonly query?: string | undefined;
};

/** Asks for a stream on a connection of its own, and answers what is there of the answer. */
async function ask({ server, key, from, query = '' }: Asked): Promise<IncomingMessage> {
  const sent = request(`${server.url}/v1/event${query}`, {
    headers: { authorization: key, accept: 'text/event-stream' },
    agent: false,
    localAddress: from,
  });
  onTestFinished(() => void sent.destroy());
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  // A stream that the server cuts is what is looked at.
  for (const each of [sent, response]) each.on('error', () => undefined);
  return response;
}

/** Opens a stream, and keeps the ids of the events that come, and how often it was told that there are none. */
async function follow(asked: Asked) {
  const response = await ask(asked);
  expect(response.statusCode).toBe(200);
  const heard: string[] = [];
  const beats: string[] = [];
  const ended = (async () => {
    for await (const { id, data } of messagesOf(Readable.toWeb(response) as ReadableStream)) {
      if (data !== '') heard.push((JSON.parse(data) as { id: string }).id);
      else if (id !== '') beats.push(id);
    }
    return 'ended' as const;
  })().catch(() => 'cut' as const);
  return { heard, beats, ended };
}

/** Opens a stream of all events, and takes none of it. */
async function stall(asked: Asked) {
  const response = await ask(asked);
  expect(response.statusCode).toBe(200);
  response.pause();
  const closed = new Promise<void>((resolve) => {
    response.once('close', resolve);
  });
  /** Takes what is left, and answers whether it was the whole answer. */
  const isWhole = async () => {
    response.resume();
    await closed;
    return response.complete;
  };
  return { isWhole };
}

/** Whether there is a place for one more stream, which takes it. */
async function isAdmitted(asked: Asked): Promise<boolean> {
  const response = await ask(asked);
  if (response.statusCode !== 200) response.resume();
  return response.statusCode === 200;
}

async function refusal(asked: Asked) {
  const response = await ask(asked);
  const { code } = JSON.parse(await text(response));
  const { 'retry-after': retryAfter = '' } = response.headers;
  return { status: response.statusCode, code, retryAfter };
}

const REFUSED = {
  status: 429,
  code: 'too_many_requests',
  retryAfter: expect.stringMatching(/^\d+$/),
};

/** The keys of three services, of which the first has many events. */
async function services({ folder, env }: World): Promise<[string, string, string]> {
  const users = Array.from({ length: USERS }, (_, n) =>
    JSON.stringify({ name: 'Ada', email: `ada${n}@example.com` }),
  );
  writeFileSync(path.join(folder, 'users.jsonl'), users.join('\n'));
  const shop = await createService(folder, [], env);
  const args = ['import', 'users', '--from', 'users.jsonl', '--service', shop.service.id];
  expect(await runCli(folder, args, env)).toMatchObject({ code: 0 });
  const others = [await createService(folder, [], env), await createService(folder, [], env)];
  return [shop, ...others].map(({ key }) => key.value) as [string, string, string];
}

/** Resident memory of a server, in bytes. */
async function memoryOf(server: Server): Promise<number> {
  const [, url = ''] = /"url":"(http:[^"]+)","msg":"metrics"/.exec(server.output()) ?? [];
  const metrics = await (await fetch(url)).text();
  return Number(/^process_resident_memory_bytes (.+)$/m.exec(metrics)?.[1]);
}

/** All events of a service after a cursor, or all of them. */
async function read(client: Client, cursor?: string) {
  const events = [];
  for (let after = cursor; ; ) {
    const page = await client.followEvents({
      limit: '1000',
      ...(after !== undefined && { after }),
    });
    if (page.data.length === 0) return { events, next: page.next };
    events.push(...page.data);
    after = page.next;
  }
}

const times = <T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

test('as many streams as a server takes, of which some are never read, cost nobody else anything; those are cut, and all others end when the server stops', async (context) => {
  const world = await aWorld(context, 'SQLite');
  const [shop, bank, library] = await services(world);
  const server = await world.start({
    METRICS_PORT: '0',
    ...(!isLong && { EVENT_STREAMS: `${PLACES}`, EVENT_STREAMS_PER_SERVICE: `${SHARE}` }),
  });
  const clientOf = (key: string) => rekeyClient({ url: server.url, key });
  const [atShop, atBank] = [clientOf(shop), clientOf(bank)];
  const email = 'grace@example.com';
  await atBank.createUser({ name: 'Grace', email, password: PASSWORD, token_key: true });
  const missed = await read(atShop);
  const start = { shop: missed.next, bank: (await read(atBank)).next };
  const before = await memoryOf(server);

  // Half of the connections that a network may have.
  const asked = (key: string, n: number, query?: string) => {
    return { server, key, from: `127.0.0.${2 + (n % 4)}`, query };
  };
  const bankReaders = await times(SHARE, (n) => follow(asked(bank, n, `?after=${start.bank}`)));
  expect(await refusal(asked(bank, 0))).toEqual(REFUSED);
  const shopReaders = await times(PLACES - SHARE - STALLED, (n) =>
    follow(asked(shop, n, `?after=${start.shop}`)),
  );
  const stalled = await times(STALLED, (n) => stall(asked(shop, n)));
  expect(await refusal(asked(library, 0))).toEqual(REFUSED);

  for (let n = 0; n < CHANGES; n += 1) {
    await atShop.createUser({ name: 'Ada', email: `ada@${n}.shop.example` });
    await atBank.createUser({ name: 'Ada', email: `ada@${n}.bank.example` });
  }
  expect(await atBank.login({ email, password: PASSWORD })).toMatchObject({ user: { email } });
  for (const [client, from, readers] of [
    [atShop, start.shop, shopReaders],
    [atBank, start.bank, bankReaders],
  ] as const) {
    const told = (await read(client, from)).events.map(({ id }) => id);
    expect(told.length).toBeGreaterThanOrEqual(CHANGES);
    await eventually(() => readers.filter(({ heard }) => heard.length < told.length)).toEqual([]);
    for (const { heard } of readers) expect(heard).toEqual(told);
  }
  const readers = [...shopReaders, ...bankReaders];
  await eventually(() => readers.filter(({ beats }) => beats.length === 0)).toEqual([]);
  // Nobody else left, so each place that is free was that of one who takes nothing.
  let most = 0;
  const guests: IncomingMessage[] = [];
  const cut = async () => {
    most = Math.max(most, await memoryOf(server));
    const guest = await ask(asked(library, 0));
    if (guest.statusCode === 200) guests.push(guest);
    else guest.resume();
    return guests.length;
  };
  await eventually(cut).toBe(STALLED);
  expect(most - before).toBeLessThan(MOST_BYTES);
  const rests = await Promise.all(stalled.map(({ isWhole }) => isWhole()));
  expect(rests.filter(Boolean)).toEqual([]);
  // Some are late, and take nothing either.
  for (const guest of guests) guest.destroy();
  for (let n = 0; n < STALLED / 10; n += 1) {
    await eventually(() => isAdmitted(asked(shop, n))).toBe(true);
  }

  server.signal('SIGTERM');
  expect(await server.exit).toEqual({ code: 0, signal: null });
  expect(server.output()).not.toMatch(/stopped with work under way|Warning/);
  const ends = await Promise.all(readers.map(({ ended }) => ended));
  expect(ends.filter((end) => end !== 'ended')).toEqual([]);
  const owed = STALLED * JSON.stringify(missed.events).length;
  world.record({
    fault: `${PLACES} streams of events, of which ${STALLED} are never read`,
    rounds: 1,
    figure: `each event came to each reader once and in order; the server grew by ${((most - before) / 1e6).toFixed(0)} MB, and ${(owed / 1e6).toFixed(0)} MB waited for those who take nothing`,
  });
});
