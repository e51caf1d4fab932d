import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, createService, type Server, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

// Servers are killed and started again.
vi.setConfig({ testTimeout: 180_000 });

/** Of the backends that `deploy/balancers` believes. */
const BACKEND = '127.0.0.2';
const STRANGER = '127.0.0.3';
const PERSON = '203.0.113.66';

type Balancer = {
  readonly program: string;
  readonly file: string;
  args(file: string): string[];
  /** As the file has it, and as a test on one machine needs it. */
  readonly changes: (folder: string) => readonly (readonly [string, string])[];
};

const balancers: Record<string, Balancer> = {
  HAProxy: {
    program: '/usr/sbin/haproxy',
    file: 'deploy/balancers/haproxy.cfg',
    args: (file) => ['-f', file],
    changes: () => [],
  },
  nginx: {
    program: '/usr/sbin/nginx',
    file: 'deploy/balancers/nginx.conf',
    args: (file) => ['-c', file, '-g', 'daemon off;'],
    changes: (folder) => [
      [
        'worker_processes auto;',
        `worker_processes 1;\npid "${folder}/pid";\nerror_log "${folder}/log";`,
      ],
      ['http {', `http {\n  access_log off;\n${temporary(folder)}`],
      ['worker_connections 8192', 'worker_connections 512'],
    ],
  },
};

/** It would write where it was installed. */
const temporary = (folder: string) =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path "${folder}/${name}";\n`)
    .join('');

const hasPostgres = (await freshPostgres()) !== null;

describe.each(Object.entries(balancers))('behind %s', (name, { program, file, args, changes }) => {
  const isMissing = process.platform !== 'linux' || !existsSync(program) || !hasPostgres;
  const why = `${name} or PostgreSQL is not installed`;

  /** Two servers on one PostgreSQL with one key file, behind the configuration that is handed out. */
  async function world() {
    const folder = aFolder();
    const env = {
      DATABASE_URL: (await freshPostgres()) ?? '',
      TRUST_PROXY: `127.0.0.1,${BACKEND}`,
      USERS_PER_HOUR: '1000000',
    };
    const ports = [await aFreePort(), await aFreePort()];
    const start = (index: number) =>
      startServer(folder, { ...env, PORT: String(ports[index]) }) as Promise<Server>;
    const servers = [await start(0), await start(1)];
    const { key } = await createService(folder, [], env);
    const port = await aFreePort();
    const configuration = path.join(folder, 'balancer');
    const filled = [
      ...changes(folder),
      ['0.0.0.0:80', `127.0.0.1:${port}`],
      ['10.0.0.11:8042', `127.0.0.1:${ports[0]}`],
      ['10.0.0.12:8042', `127.0.0.1:${ports[1]}`],
      ['10.0.1.0/24', `${BACKEND}/32`],
    ].reduce((rest, [from = '', to = '']) => {
      if (!rest.includes(from)) throw new Error(`${file} has no ${from}`);
      return rest.replaceAll(from, to);
    }, textOf(file));
    writeFileSync(configuration, filled);
    chmodSync(folder, 0o755);
    const balancer = spawn(program, args(configuration), { stdio: 'ignore' });
    const exit = once(balancer, 'exit');
    onTestFinished(async () => {
      balancer.kill('SIGTERM');
      // Until then it makes folders in one that is to go.
      await exit;
    });

    const ask = (method: string, route: string, asked: Asked = {}) =>
      open({ port, key: key.value, method, route, ...asked });
    const call = async (method: string, route: string, asked?: Asked) => {
      const { response } = await ask(method, route, asked);
      const body = await text(response);
      return { status: response.statusCode ?? 0, body: body && JSON.parse(body) };
    };
    await expect
      .poll(
        () =>
          call('GET', '/v1/user').then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 30_000 },
      )
      .toBe(200);
    return { servers, start, ask, call };
  }

  test.skipIf(skips(isMissing, why))(
    'one of two servers that is killed costs nobody anything who asks again with the key of the request',
    async () => {
      const { servers, start, call } = await world();
      const [doomed] = servers;
      let isOver = false;
      let [created, again] = [0, 0];
      const emails: string[] = [];
      const create = async () => {
        const email = `${randomUUID()}@example.com`;
        const headers = { 'idempotency-key': randomUUID() };
        for (;;) {
          const { status } = await call('POST', '/v1/user', {
            headers,
            json: { name: 'Ada', email },
          }).catch(() => ({ status: 0 }));
          if (status === 200) break;
          // Cut off, refused by the balancer, or another server is at it still.
          expect([0, 409, 502, 503, 504]).toContain(status);
          again += 1;
          await setTimeout(50);
        }
        emails.push(email);
        created += 1;
      };
      const clients = Array.from({ length: 8 }, async () => {
        while (!isOver) await create();
      });
      await expect.poll(() => created, { timeout: 60_000 }).toBeGreaterThan(40);
      doomed?.signal('SIGKILL');
      await doomed?.exit;
      const alone = created;
      await expect.poll(() => created, { timeout: 60_000 }).toBeGreaterThan(alone + 40);
      const revived = await start(0);
      const both = created;
      await expect.poll(() => created, { timeout: 60_000 }).toBeGreaterThan(both + 40);
      // Health checks let it in again.
      await expect
        .poll(() => revived.output(), { timeout: 60_000 })
        .toMatch(/"route":"\/v1\/user","status":200/);
      isOver = true;
      await Promise.all(clients);
      // Each was created once.
      for (const email of emails) {
        const { body } = await call('GET', `/v1/user?email=${encodeURIComponent(email)}`);
        expect(body.data).toHaveLength(1);
      }
      expect(again).toBeLessThan(created);
    },
  );

  test.skipIf(skips(isMissing, why))('a server that stops fails no request', async () => {
    const { servers, call } = await world();
    const statuses: number[] = [];
    let isOver = false;
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const answered = await call('GET', '/v1/user?limit=1').catch(() => ({ status: 0 }));
        statuses.push(answered.status);
        await setTimeout(5);
      }
    });
    await expect.poll(() => statuses.length, { timeout: 30_000 }).toBeGreaterThan(50);
    servers[1]?.signal('SIGTERM');
    expect(await servers[1]?.exit).toEqual({ code: 0, signal: null });
    const stopped = statuses.length;
    await expect.poll(() => statuses.length, { timeout: 30_000 }).toBeGreaterThan(stopped + 50);
    isOver = true;
    await Promise.all(clients);
    expect([...new Set(statuses)]).toEqual([200]);
  });

  test.skipIf(skips(isMissing, why))(
    'a request comes from its sender, or from the address that a backend names, and nobody else is believed',
    async () => {
      const { call } = await world();
      const from = async (localAddress: string, headers: Record<string, string>) => {
        const json = { name: 'Ada', email: `${randomUUID()}@example.com` };
        await call('POST', '/v1/user', { localAddress, headers, json });
        const { body } = await call('GET', '/v1/audit?type=sso:UserCreate&limit=1&order=desc');
        return body.data[0].remote;
      };
      expect(await from(STRANGER, { 'x-forwarded-for': PERSON })).toBe(STRANGER);
      expect(await from(STRANGER, { forwarded: `for=${PERSON}` })).toBe(STRANGER);
      expect(await from(BACKEND, { 'x-forwarded-for': PERSON })).toBe(PERSON);
    },
  );

  test.skipIf(skips(isMissing, why))(
    'a long poll and a stream have an event as it happens, whichever server it happened on',
    async () => {
      const { ask, call } = await world();
      const { body } = await call('GET', '/v1/event?limit=100');
      const polls = Array.from({ length: 4 }, () =>
        call('GET', `/v1/event?wait_s=30&after=${body.next}`),
      );
      const accept = 'text/event-stream';
      const streams = await Promise.all(
        Array.from({ length: 4 }, () =>
          ask('GET', `/v1/event?after=${body.next}`, { headers: { accept } }),
        ),
      );
      const firsts = streams.map(async ({ response }) => {
        let seen = '';
        for await (const chunk of response) {
          seen += chunk;
          if (/^data: .*\n\n/m.test(seen)) break;
        }
        return seen;
      });
      const json = { name: 'Ada', email: 'ada@example.com' };
      const { body: user } = await call('POST', '/v1/user', { json });
      for (const first of await Promise.all(firsts)) expect(first).toContain(user.data.id);
      for (const poll of await Promise.all(polls)) {
        expect(poll.body.data[0]).toMatchObject({ type: 'user.created' });
      }
      for (const { sent } of streams) sent.destroy();
    },
  );
});

type Asked = {
  readonly headers?: Record<string, string>;
  readonly json?: object;
  /** The address that it comes from. */
  readonly localAddress?: string;
};
type Sent = Asked & { port: number; key: string; method: string; route: string };

/** Sends a request on a connection of its own; answers when the head of the answer is there. */
function open({ port, key, method, route, headers, json, localAddress }: Sent) {
  return new Promise<{ response: IncomingMessage; sent: ClientRequest }>((resolve, reject) => {
    const sent: ClientRequest = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: route,
        localAddress,
        headers: {
          authorization: key,
          ...(json && { 'content-type': 'application/json' }),
          ...headers,
        },
        agent: false,
      },
      (response) => resolve({ response, sent }),
    );
    sent.on('error', reject);
    sent.end(json && JSON.stringify(json));
  });
}
