import { expect, test } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import {
  type Answer,
  aFolder,
  call,
  createService,
  linkIn,
  runCli,
  type Server,
  startMailbox,
  startServer,
} from '../harness.ts';

const postgres = await freshPostgres();
const databases = [{ name: 'SQLite', databaseUrl: 'sqlite:./data/rekey.db' }];
if (postgres !== null) databases.push({ name: 'PostgreSQL', databaseUrl: postgres });

test.each(databases)(
  'a service from the first to the last day, with two servers on $name',
  { timeout: 60_000 },
  async ({ databaseUrl }) => {
    const folder = aFolder();
    const mailbox = await startMailbox();
    const env = { DATABASE_URL: databaseUrl, SMTP_URL: mailbox.url };
    const cli = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, [...args, '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const { service, key } = await createService(
      folder,
      ['--local-url', 'https://shop.example/a'],
      env,
    );
    const rootKey: string = (await cli('create-root-key', 'operations')).key.value;
    const servers = [await startServer(folder, env), await startServer(folder, env)] as const;
    const [first, second] = servers;
    const ask = (server: Server, by: string, method: string, path: string, sent?: object) =>
      call(server, method, path, {
        headers: { authorization: by, ...(sent && { 'content-type': 'application/json' }) },
        ...(sent && { body: JSON.stringify(sent) }),
      });
    const asRoot = (method: string, path: string, sent?: object) =>
      ask(first, rootKey, method, path, sent);
    const path = `/v1/service/${service.id}`;
    /** How the servers answer to that key: what one of them changed, the other one hears of a moment later. */
    const becomes = (value: string, status: number) =>
      expect
        .poll(
          () =>
            Promise.all(
              servers.map(async (server) => (await ask(server, value, 'GET', path)).status),
            ),
          { timeout: 10_000 },
        )
        .toEqual([status, status]);

    // Two people change their passwords, and are mailed.
    const people = [];
    for (const email of ['ada@example.com', 'bob@example.com']) {
      const asService = (route: string, sent: object) => ask(first, key.value, 'POST', route, sent);
      const person = { is_enabled: true, name: 'Ada', email, password: 'correct horse' };
      const { id } = (await asService('/v1/user', person)).body.data;
      const token = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: id };
      const made = (await asService('/v1/key', token)).body.data;
      const change = { email, password: 'correct horse', new_password: 'battery staple' };
      const local = '/v1/auth/provider/local/update-password';
      expect((await asService(local, change)).status).toBe(200);
      const { text } = await mailbox.mail(people.length);
      const link = linkIn(text).searchParams.get('token') ?? '';
      people.push({ id, keyId: made.key.id, link });
    }
    const [ada, bob] = people;
    const press = (link = ''): Promise<Answer> =>
      call(second, 'POST', '/local', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token: link }).toString(),
      });
    const isLocked = async (id: string) =>
      (await asRoot('GET', `/v1/user/${id}`)).body.data.is_enabled === false;

    // Disabled, it is refused at once where it was, and by the other; its links work where Rekey hosts the page.
    await becomes(key.value, 200);
    await ask(first, key.value, 'PATCH', path, { is_enabled: false });
    expect((await ask(first, key.value, 'GET', path)).status).toBe(401);
    await becomes(key.value, 401);
    expect((await press(ada?.link)).status).toBe(200);
    expect(await isLocked(ada?.id)).toBe(true);
    await cli('service', 'enable', service.id);
    await becomes(key.value, 200);

    // Its key leaked: one command, or one call.
    const { value } = await cli('service', 'rotate-key', service.id);
    await becomes(key.value, 401);
    await becomes(value, 200);
    const rotated = await asRoot('POST', `/v1/key/${key.id}/rotate`, {});
    await becomes(value, 401);
    await becomes(rotated.body.data.value, 200);

    // Deleted, once nobody has a key of it, it leaves its name and its links.
    const refused = await runCli(folder, ['service', 'delete', service.id, '--yes'], env);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('users have keys') });
    expect((await asRoot('DELETE', `/v1/key/${bob?.keyId}`)).status).toBe(200);
    expect(await asRoot('DELETE', path)).toMatchObject({ status: 200, body: {} });
    await becomes(rotated.body.data.value, 401);
    await becomes(rootKey, 404);
    const page = await call(second, 'GET', `/local?type=update_password&token=${bob?.link}`);
    expect(page.body).toContain('Shop');
    expect((await press(bob?.link)).status).toBe(200);
    expect(await isLocked(bob?.id)).toBe(true);
    expect(await cli('audit', 'verify')).toMatchObject({ ok: true });
  },
);
