import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { aReceiver as aPlainReceiver } from '../../packages/adapters-webhooks/test/receivers.ts';
import {
  aFolder,
  call,
  createService,
  runCli,
  runCommands,
  type Server,
  startServer,
} from '../harness.ts';
import { root, textOf } from '../sources.ts';

const OPEN = { WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' };

/** Waits for a state: a machine may be slow. */
const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 30_000 });

const ask = async (server: Server, key: string, method: string, route: string, body?: object) =>
  call(server, method, route, {
    headers: { authorization: key, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });

test('a webhook is called with the events of the feed, byte by byte, signed by old and new secrets, and shown at the command line', async () => {
  const folder = aFolder();
  const server = await startServer(folder, OPEN);
  const { key } = await createService(folder);
  const asService = (method: string, route: string, body?: object) =>
    ask(server, key.value, method, route, body);
  const receiver = await aPlainReceiver((_request, response) => response.writeHead(204).end());
  const made = await asService('POST', '/v1/webhook', { url: receiver.url });
  expect(made).toMatchObject({ status: 200 });
  const { data, secret: old } = made.body;
  const route = `/v1/webhook/${data.id}`;
  await asService('POST', '/v1/user', { name: 'Ada', email: 'ada@example.com' });
  await eventually(() => receiver.requests.length).toBe(1);
  const rotated = await asService('POST', `${route}/rotate`);
  await asService('POST', '/v1/user', { name: 'Eve', email: 'eve@example.com' });
  await eventually(() => receiver.requests.length).toBe(2);
  const feed = (await asService('GET', '/v1/event?limit=10')).body.data;
  const verify = (secret: string, at: number) => {
    const { body, headers } = receiver.requests[at] ?? { body: '', headers: {} };
    return new Webhook(secret).verify(body, headers);
  };
  expect(verify(old, 0)).toEqual(feed[0]);
  expect(verify(old, 1)).toEqual(feed[1]);
  expect(verify(rotated.body.secret, 1)).toEqual(feed[1]);
  expect(() => verify(rotated.body.secret, 0)).toThrow();

  const listed = async () => (await asService('GET', `${route}/delivery`)).body.data;
  await eventually(listed).toMatchObject([
    { id: feed[0].id, state: 'delivered', status: 204, attempts: 1, error: null },
    { id: feed[1].id, state: 'delivered' },
  ]);
  expect(await asService('POST', `${route}/test`)).toMatchObject({
    body: { data: { is_delivered: true, status: 204, error: null } },
  });
  const replay = { from: feed[0].created_at, to: feed[0].created_at };
  expect(await asService('POST', `${route}/replay`, replay)).toMatchObject({ status: 200 });
  await eventually(() => receiver.requests.length).toBe(4);
  expect(receiver.requests[3]?.headers['webhook-id']).toBe(feed[0].id);

  const cli = async (...args: string[]) => runCli(folder, ['webhook', ...args], OPEN);
  expect((await cli('list')).stdout).toContain(data.id);
  expect((await cli('deliveries', data.id)).stdout).toMatch(/user\.created +delivered/);
  expect((await cli('test', data.id)).stdout).toMatch(/^delivered, status 204, \d+ ms$/m);
  expect((await cli('disable', data.id, '--json')).code).toBe(0);
  expect((await asService('GET', route)).body.data).toMatchObject({ is_enabled: false });
  expect((await cli('enable', data.id)).code).toBe(0);
  const moments = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
  expect((await cli('replay', data.id, ...moments)).code).toBe(0);
  expect((await cli('replay', data.id, 'yesterday', 'today')).code).toBe(2);
  expect((await cli('rotate', data.id)).stdout).toMatch(/whsec_/);
  expect((await cli('delete', data.id, '--yes')).code).toBe(0);
  expect((await cli('test', data.id)).code).toBe(1);
  expect(server.output()).not.toMatch(/whsec_/);
  for (const secret of [old, rotated.body.secret]) expect(server.output()).not.toContain(secret);
});

test('a receiver that hangs keeps neither another one nor a stop of the server waiting', async () => {
  const folder = aFolder();
  const server = await startServer(folder, OPEN);
  const { key } = await createService(folder);
  const hanging = await aPlainReceiver(() => undefined);
  const fine = await aPlainReceiver((_request, response) => response.end());
  for (const { url } of [hanging, fine]) {
    expect(await ask(server, key.value, 'POST', '/v1/webhook', { url })).toMatchObject({
      status: 200,
    });
  }
  for (let i = 0; i < 20; i += 1) {
    const user = { name: 'Ada', email: `ada-${i}@example.com` };
    await ask(server, key.value, 'POST', '/v1/user', user);
  }
  await eventually(() => fine.requests.length).toBe(20);
  await eventually(() => hanging.requests.length).toBeGreaterThan(0);
  // One call of it is under way, and the others wait for that one.
  expect(hanging.connections()).toBe(1);
  server.signal('SIGTERM');
  expect(await server.exit).toEqual({ code: 0, signal: null });
});

test('a private address is refused when it is registered, and called by no other server that keeps it closed', async () => {
  const folder = aFolder();
  const server = await startServer(folder, OPEN);
  const { key } = await createService(folder);
  const receiver = await aPlainReceiver((_request, response) => response.end());
  const made = await ask(server, key.value, 'POST', '/v1/webhook', { url: receiver.url });
  expect(made.status).toBe(200);
  server.signal('SIGTERM');
  await server.exit;
  const closed = await startServer(folder);
  const again = await ask(closed, key.value, 'POST', '/v1/webhook', { url: receiver.url });
  expect(again).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'url', code: 'not_allowed' }] },
  });
  await ask(closed, key.value, 'POST', '/v1/user', { name: 'Ada', email: 'ada@example.com' });
  const route = `/v1/webhook/${made.body.data.id}/delivery`;
  const listed = async () => (await ask(closed, key.value, 'GET', route)).body.data;
  await eventually(listed).toMatchObject([{ state: 'waiting', error: 'refused_address' }]);
  expect(receiver.connections()).toBe(0);
});

test('the guide takes a receiver from its registration to its first events', async () => {
  const page = textOf('docs/guides/webhooks.md');
  const example = textOf('examples/webhooks/server.ts');
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``);
  const [register = '', use = '', look = ''] = [...page.matchAll(/```bash\n(.*?)```/gs)].map(
    ([, text]) => text,
  );
  const folder = aFolder();
  const server = await startServer(folder, OPEN);
  const { key } = await createService(folder);
  const port = await aFreePort();
  const variables = (more = '') =>
    `REKEY='${server.url}' KEY='${key.value}' HOOK='http://127.0.0.1:${port}/hook' ${more}\n`;
  const made = await runCommands(folder, variables() + register);
  const { data, secret } = JSON.parse(made.stdout);

  const child = spawn(process.execPath, [path.join(root, 'examples/webhooks/server.ts')], {
    env: { PATH: process.env.PATH, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = linesOf(child);
  await eventually(() => lines).toContain(`http://127.0.0.1:${port}`);
  const used = await runCommands(
    folder,
    `${variables(`WEBHOOK='${data.id}'`)}curl() { command curl "$@"; echo; }\n${use}`,
  );
  const [tested = '', user = ''] = used.stdout.trim().split('\n');
  expect(JSON.parse(tested).data).toMatchObject({ is_delivered: true });
  await eventually(() => lines).toEqual([
    `http://127.0.0.1:${port}`,
    'webhook.test ',
    `user.created ${JSON.parse(user).data.id}`,
  ]);
  const looked = () => runCommands(folder, variables(`WEBHOOK='${data.id}'`) + look);
  await eventually(async () => JSON.parse((await looked()).stdout).data).toMatchObject([
    { type: 'user.created', state: 'delivered' },
  ]);
  const forged = await fetch(`http://127.0.0.1:${port}/hook`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'x',
      'webhook-timestamp': '1',
      'webhook-signature': 'v1,x',
    },
    body: '{}',
  });
  expect(forged.status).toBe(401);
});

/** What a program prints, as it comes. */
function linesOf({ stdout }: ChildProcess): string[] {
  if (!stdout) throw new Error('nobody reads it');
  const lines: string[] = [];
  createInterface({ input: stdout }).on('line', (line) => lines.push(line));
  return lines;
}

async function aFreePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
