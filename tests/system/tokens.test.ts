import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import {
  aFolder,
  call,
  codeAt,
  createService,
  linkIn,
  post as postTo,
  startMailbox,
  startServer,
} from '../harness.ts';

const LOCAL = '/v1/auth/provider/local';
const email = 'ada@example.com';

const refused = { status: 400, body: { code: 'invalid_token' } };
const postgres = await freshPostgres();
const databases = [{ name: 'SQLite', databaseUrl: 'sqlite:./data/rekey.db' }];
if (postgres !== null) databases.push({ name: 'PostgreSQL', databaseUrl: postgres });

test.each(databases)(
  'tokens, keys and codes from end to end, on $name',
  // Three processes and a dozen hashes, on machines that do other things too.
  { timeout: 60_000 },
  async ({ name, databaseUrl }) => {
    const folder = aFolder();
    const mailbox = await startMailbox();
    const env = { DATABASE_URL: databaseUrl };
    const created = await createService(folder, ['--local-url', 'https://shop.example/a'], env);
    const foreign = await createService(folder, [], env);
    const server = await startServer(folder, { SMTP_URL: mailbox.url, ...env });
    const key: string = created.key.value;
    const secrets: string[] = [];
    const post = (route: string, body: object, by = key) => postTo(server, by, route, body);

    const { id: user_id } = (
      await post('/v1/user', { is_enabled: true, name: 'Ada', email, password: 'correct horse' })
    ).body.data;
    const newKey = async (type: string) => {
      const made = await post('/v1/key', { is_enabled: true, type, name: 'web', user_id });
      secrets.push(made.body.data.value);
      return made.body.data.value as string;
    };
    const logIn = async (password: string) => {
      const { status, body } = await post(`${LOCAL}/login`, { email, password });
      expect(status).toBe(200);
      secrets.push(body.access.token, body.refresh.token);
      return { user: body.user, access: body.access, refresh: body.refresh };
    };
    const verify = (token: string, by = key) => post('/v1/auth/token/verify', { token }, by);
    const refresh = (token: string, by = key) => post('/v1/auth/token/refresh', { token }, by);

    // A token is good for its own service, which refreshes it once.
    await newKey('TOKEN');
    const first = await logIn('correct horse');
    const { user, access } = first;
    const proof = { amr: ['pwd'], acr: 'aal1', auth_time: expect.any(Number) };
    expect(await verify(access.token)).toEqual({
      status: 200,
      body: { user, access, audit: null, ...proof },
    });
    expect(await verify(access.token, foreign.key.value)).toMatchObject(refused);
    expect(await refresh(first.refresh.token, foreign.key.value)).toMatchObject(refused);
    const racers = Array.from({ length: 16 }, () => refresh(first.refresh.token));
    const ends = await Promise.all(racers);
    const won = ends.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(ends.filter(({ body }) => body.code === 'invalid_token')).toHaveLength(15);
    // Presented again, it ended the session for all of them.
    const { body: fresh } = won[0] ?? { body: null };
    secrets.push(fresh.access.token, fresh.refresh.token);
    expect(await verify(access.token)).toMatchObject(refused);
    expect(await verify(fresh.access.token)).toMatchObject(refused);
    expect(await refresh(fresh.refresh.token)).toMatchObject(refused);

    // A thief who knows the password changes it, and then calls everything there is.
    const value = await newKey('KEY');
    const seed = await newKey('TOTP');
    const change = { email, password: 'correct horse', new_password: 'battery staple' };
    expect((await post(`${LOCAL}/update-password`, change)).status).toBe(200);
    const thief = await logIn('battery staple');
    const next = await refresh(thief.refresh.token);
    expect(next).toMatchObject({ status: 200, body: { user: { id: user_id } } });
    expect((await verify(next.body.access.token)).status).toBe(200);

    const totp = codeAt(seed, Date.now());
    const taken = await post('/v1/auth/totp', { user_id, totp });
    expect(taken).toEqual({ status: 200, body: { audit: expect.any(String) } });
    expect(await post('/v1/auth/totp', { user_id, totp })).toMatchObject({
      status: 400,
      body: { code: 'invalid_credentials' },
    });

    expect(await post('/v1/auth/key/verify', { key: value })).toMatchObject({
      status: 200,
      body: { user: { id: user_id }, key: { type: 'KEY', is_revoked: false } },
    });
    expect(await post('/v1/auth/key/revoke', { key: value })).toEqual({
      status: 200,
      body: { audit: null },
    });
    expect(await post('/v1/auth/key/verify', { key: value })).toMatchObject(refused);

    const { token } = next.body.refresh;
    expect(await post('/v1/auth/token/revoke', { token })).toEqual({
      status: 200,
      body: { audit: null },
    });
    expect(await verify(next.body.access.token)).toMatchObject(refused);
    expect(await post('/v1/auth/token/revoke', { token })).toMatchObject(refused);
    expect(await post(`${LOCAL}/login`, { email, password: 'battery staple' })).toMatchObject({
      status: 400,
    });
    await newKey('TOKEN');
    const again = await logIn('battery staple');

    // The owner's link works all the same.
    await mailbox.mail(1);
    const mail = mailbox.mails.find(({ text }) => text?.includes('type=update_password'));
    const link = linkIn(mail?.text).searchParams.get('token') ?? '';
    secrets.push(link);
    expect(await post(`${LOCAL}/update-password/revoke`, { token: link })).toEqual({
      status: 200,
      body: { audit: null, ended: { sessions: 1, keys: 1, factors: 1 } },
    });
    expect(await verify(again.access.token)).toMatchObject(refused);
    expect(await refresh(again.refresh.token)).toMatchObject(refused);
    const read = await call(server, 'GET', `/v1/user/${user_id}`, {
      headers: { authorization: key },
    });
    expect(read.body.data.is_enabled).toBe(false);

    // None of this is written down in clear.
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 0, signal: null });
    const files = readdirSync(path.join(folder, 'data'), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.startsWith('rekey.db'))
      .map(({ name }) => readFileSync(path.join(folder, 'data', name), 'latin1'));
    expect(files).toHaveLength(name === 'SQLite' ? 1 : 0);
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of secrets) {
      for (const text of [server.output(), ...files]) expect(text).not.toContain(secret);
    }
  },
);
