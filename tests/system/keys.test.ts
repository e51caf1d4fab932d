import { expect, test } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { aFolder, call, runCli, type Server, startServer } from '../harness.ts';

const postgres = await freshPostgres();
const databases = [{ name: 'SQLite', databaseUrl: 'sqlite:./data/rekey.db' }];
if (postgres !== null) databases.push({ name: 'PostgreSQL', databaseUrl: postgres });

test.each(databases)(
  'a key of a user from the first to the last day, with two servers on $name',
  { timeout: 60_000 },
  async ({ databaseUrl }) => {
    const folder = aFolder();
    const env = { DATABASE_URL: databaseUrl };
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, [...args, '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    await cli('init');
    const shop = await cli('create-service-with-key', 'Shop', 'https://shop.example');
    const store = await cli('create-service-with-key', 'Store', 'https://store.example');
    const servers = [await startServer(folder, env), await startServer(folder, env)] as const;
    const [first, second] = servers;
    const ask = (server: Server, by: string, method: string, path: string, sent?: object) =>
      call(server, method, path, {
        headers: { authorization: by, ...(sent && { 'content-type': 'application/json' }) },
        ...(sent && { body: JSON.stringify(sent) }),
      });
    const asShop = async (method: string, path: string, sent?: object) =>
      ask(first, shop.key.value, method, path, sent);
    /** The codes of the verifications of a value on each server, where it is not good. */
    const verified = (key: string, scopes: string[] = []) =>
      Promise.all(
        servers.map(async (server) => {
          const path = '/v1/auth/key/verify';
          const { status, body } = await ask(server, shop.key.value, 'POST', path, { key, scopes });
          return status === 200 ? body.user.id : body.code;
        }),
      );

    /** At once where it was changed, and a moment later on the other server. */
    const becomes = async (key: string, outcome: string) => {
      expect((await verified(key))[0]).toBe(outcome);
      await expect.poll(() => verified(key), { timeout: 10_000 }).toEqual([outcome, outcome]);
    };

    const person = { is_enabled: true, name: 'Ada', email: 'ada@example.com' };
    const { id: user_id } = (await asShop('POST', '/v1/user', person)).body.data;
    const sent = { name: 'backup', user_id, scopes: ['orders:read'] };
    const { key, value } = (await asShop('POST', '/v1/key', sent)).body.data;
    expect(await verified(value, ['orders:read'])).toEqual([user_id, user_id]);
    expect(await verified(value, ['orders:write'])).toEqual(['forbidden', 'forbidden']);

    // It leaked, and its owner has an hour to install another value.
    const path = `/v1/key/${key.id}`;
    const rotated = await asShop('POST', `${path}/rotate`, { overlap_s: 3600 });
    const next: string = rotated.body.data.value;
    await becomes(value, user_id);
    await becomes(next, user_id);
    const last: string = (await cli('key', 'rotate', key.id)).value;
    // The command line is a process of its own.
    const gone = ['invalid_token', 'invalid_token'];
    for (const old of [value, next]) {
      await expect.poll(() => verified(old), { timeout: 10_000 }).toEqual(gone);
    }
    await becomes(last, user_id);

    expect((await asShop('PATCH', path, { is_enabled: false })).status).toBe(200);
    await becomes(last, 'invalid_token');
    await asShop('PATCH', path, { is_enabled: true });
    await becomes(last, user_id);

    const asStore = (method: string, url: string) => ask(second, store.key.value, method, url);
    expect((await asStore('DELETE', path)).status).toBe(404);
    expect((await asStore('GET', `/v1/key?user_id=${user_id}`)).body.data).toEqual([]);

    // What nobody wrote down yet is written down by the servers when they stop.
    for (const server of servers) server.signal('SIGTERM');
    for (const server of servers) expect(await server.exit).toMatchObject({ code: 0 });
    const { key: kept } = await cli('key', 'show', key.id);
    expect(Date.parse(kept.last_used_at)).toBeGreaterThanOrEqual(Date.parse(kept.created_at));
    const { key: own } = await cli('key', 'show', shop.key.id);
    expect(own.last_used_at).not.toBeNull();

    const third = await startServer(folder, env);
    const deleted = await ask(third, shop.key.value, 'DELETE', path);
    expect(deleted).toMatchObject({ status: 200, body: {} });
    const { keys } = await cli('key', 'list', '--user', 'ada@example.com');
    expect(keys).toEqual([]);
    const { ok } = await cli('audit', 'verify');
    expect(ok).toBe(true);
  },
);
