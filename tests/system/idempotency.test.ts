import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { aFolder, createService, type Server, startServer } from '../harness.ts';

const LOCAL = '/v1/auth/provider/local';
const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple seven';

const databases = [
  ['SQLite', async (folder: string) => `sqlite:${folder}/data/rekey.db`],
  ['PostgreSQL', freshPostgres],
] as const;

type Context = { skip(note: string): never };

/** Servers on one empty database, and a service. */
async function aSystem(
  context: Context,
  open: (folder: string) => Promise<string | null>,
  count = 1,
) {
  const folder = aFolder();
  const url = await open(folder);
  if (url === null) return context.skip('PostgreSQL cannot run here');
  const env = { DATABASE_URL: url };
  const servers: Server[] = [];
  for (let i = 0; i < count; i += 1) servers.push(await startServer(folder, env));
  const { key } = await createService(folder, [], env);
  const database = await behind(url);
  onTestFinished(() => database.close());
  const rowsOf = async (table: string) => (await database.tables())[table] ?? [];
  return { servers, server: servers[0] as Server, key: key.value as string, rowsOf };
}

const send = async (
  server: Server,
  key: string,
  idempotencyKey: string,
  route: string,
  body: object,
) => {
  const response = await fetch(`${server.url}${route}`, {
    method: 'POST',
    headers: {
      authorization: key,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    body: JSON.parse(await response.text()),
    isReplayed: response.headers.get('idempotency-replayed') === 'true',
  };
};

/** Sends a request whose answer nobody reads; answers what cuts the connection. */
async function sendOnly(
  server: Server,
  key: string,
  idempotencyKey: string,
  route: string,
  body: object,
): Promise<() => void> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const text = JSON.stringify(body);
  const head = [
    `POST ${route} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: ${key}`,
    `idempotency-key: ${idempotencyKey}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  await new Promise<void>((resolve) =>
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`, () => resolve()),
  );
  return () => socket.destroy();
}

describe.each(databases)('on %s', (_name, open) => {
  test('a client whose connection is cut learns by a retry what was done, and it is done once', async (context) => {
    const { server, key, rowsOf } = await aSystem(context, open);
    const kept = async () => (await rowsOf('kept_answers')).length;
    const lose = async (idempotencyKey: string, route: string, body: object) => {
      const before = await kept();
      const cut = await sendOnly(server, key, idempotencyKey, route, body);
      await expect.poll(kept, { timeout: 30_000 }).toBe(before + 1);
      cut();
      const retry = () => send(server, key, idempotencyKey, route, body);
      // It is under way until its commit is on the disk.
      await expect.poll(async () => (await retry()).status).toBe(200);
      const { isReplayed, body: answer } = await retry();
      expect(isReplayed).toBe(true);
      expect(await kept()).toBe(before + 1);
      return answer;
    };

    const email = 'ada@example.com';
    const user = { name: 'Ada', email, is_enabled: true, password: PASSWORD };
    const { data } = await lose('create-user', '/v1/user', user);
    expect((await rowsOf('users')).map(({ id }) => id)).toEqual([data.id]);

    const token = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: data.id };
    await lose('create-token-key', '/v1/key', token);
    const made = await lose('create-key', '/v1/key', { ...token, type: 'KEY', name: 'program' });
    const keys = (await rowsOf('keys')).filter(({ user_id }) => user_id === data.id);
    expect(keys).toHaveLength(2);
    // The value that the first answer would have shown is the one that works.
    const { value } = made.data;
    const verified = await send(server, key, 'verify', '/v1/auth/key/verify', { key: value });
    expect([verified.status, verified.body.user.id]).toEqual([200, data.id]);

    const change = { email, password: PASSWORD, new_password: NEW_PASSWORD };
    await lose('update-password', `${LOCAL}/update-password`, change);
    const changes = (await rowsOf('one_time_tokens')).filter(
      ({ purpose }) => purpose === 'update_password',
    );
    expect(changes).toHaveLength(1);

    // Nothing of it is there to be read.
    const rows = JSON.stringify(await rowsOf('kept_answers'));
    for (const text of [email, PASSWORD, NEW_PASSWORD, value, 'create-user', '/v1/key']) {
      expect(rows).not.toContain(text);
    }
  });

  test('the answers about a person go with the person', async (context) => {
    const { server, key, rowsOf } = await aSystem(context, open);
    const user = { name: 'Ada', email: 'ada@example.com', is_enabled: true };
    const { body } = await send(server, key, 'a', '/v1/user', user);
    expect(await rowsOf('kept_answers')).toHaveLength(1);
    const response = await fetch(`${server.url}/v1/user/${body.data.id}`, {
      method: 'DELETE',
      headers: { authorization: key, 'idempotency-key': 'b' },
    });
    expect(response.status).toBe(200);
    expect((await rowsOf('kept_answers')).map(({ user_id }) => user_id)).toEqual([null]);
  });
});

test('of servers on one PostgreSQL that get a request at once, one does it', async (context) => {
  const { servers, key, rowsOf } = await aSystem(context, freshPostgres, 2);
  for (let round = 0; round < 10; round += 1) {
    const body = { type: 'shop:Order', subject: `order ${round}` };
    const answers = await Promise.all(
      [...servers, ...servers].map((server) =>
        send(server, key, `round-${round}`, '/v1/audit', body),
      ),
    );
    const done = answers.filter(({ status, isReplayed }) => status === 200 && !isReplayed);
    expect(done).toHaveLength(1);
    for (const { status, isReplayed, body: answer } of answers) {
      if (status === 200) expect(answer).toEqual(done[0]?.body);
      else
        expect([status, isReplayed, answer.code]).toEqual([409, false, 'idempotency_key_in_use']);
    }
    for (const server of servers) {
      const again = await send(server, key, `round-${round}`, '/v1/audit', body);
      expect([again.status, again.isReplayed, again.body]).toEqual([200, true, done[0]?.body]);
    }
  }
  await expect.poll(() => rowsOf('pending'), { timeout: 30_000 }).toEqual([]);
  const entries = (await rowsOf('audit_entries')).filter(({ type }) => type === 'shop:Order');
  expect(entries).toHaveLength(10);
});
