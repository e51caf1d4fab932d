import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../apps/server/package.json' with { type: 'json' };
import { aFolder, image, runCli, runServer, sources, startServer } from '../harness.ts';

const keysOf = (folder: string) => path.join(folder, 'data/keys.json');
const databaseOf = (folder: string) => path.join(folder, 'data/rekey.db');

describe('the server', () => {
  test('makes its folder, database and key file for its owner alone', async () => {
    const folder = aFolder();
    await startServer(folder);
    const modeOf = (file: string) => statSync(file).mode & 0o777;
    expect(modeOf(path.join(folder, 'data'))).toBe(0o700);
    expect(modeOf(databaseOf(folder))).toBe(0o600);
    expect(modeOf(keysOf(folder))).toBe(0o600);
  });

  test('is alive, ready, answers a ping, and says its version', async () => {
    const { url, output } = await startServer(aFolder());
    const { version } = manifest;
    for (const [route, body] of [
      ['/health/live', `{"status":"live","version":"${version}"}`],
      ['/health/ready', `{"status":"ready","version":"${version}"}`],
      ['/ping', 'Pong'],
    ]) {
      const response = await fetch(`${url}${route}`);
      expect([response.status, await response.text()]).toEqual([200, body]);
    }
    expect(output()).toContain(`"version":"${version}","url":"${url}","msg":"listening"`);
  });

  test('publishes the public half of its signing keys, and nothing else of the key file', async () => {
    const folder = aFolder();
    const { url } = await startServer(folder);
    const response = await fetch(`${url}/.well-known/jwks.json`);
    const text = await response.text();
    const [published] = JSON.parse(text).keys;
    const [signing] = JSON.parse(readFileSync(keysOf(folder), 'utf8')).signing;
    expect(published).toMatchObject({
      kid: signing.kid,
      kty: 'OKP',
      crv: 'Ed25519',
      x: signing.jwk.x,
    });
    expect(text).not.toContain(signing.jwk.d);
  });

  test('reads a file .env, and lets the environment win', async () => {
    const folder = aFolder();
    writeFileSync(path.join(folder, '.env'), 'KEYS_FILE=./from-file.json\nPORT=1\n');
    await startServer(folder);
    expect(existsSync(path.join(folder, 'from-file.json'))).toBe(true);
  });

  test('reports every problem of its configuration at once, and exits with 1', async () => {
    const env = { PORT: 'planted-port', BCRYPT_COST: '99', DATABASE_URL: 'planted-url' };
    const { code, stdout, stderr } = await runServer(aFolder(), env);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(3);
    for (const name of Object.keys(env)) expect(stderr).toContain(name);
    expect(stderr).not.toContain('planted');
  });

  test('refuses a file that is no database, and leaves it as it is', async () => {
    const folder = aFolder();
    mkdirSync(path.join(folder, 'data'));
    writeFileSync(databaseOf(folder), 'a shopping list');
    const { code, stderr } = await runServer(folder, {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/not a database/);
    expect(readFileSync(databaseOf(folder), 'utf8')).toBe('a shopping list');
  });

  test('deletes the mails at its start whose links have expired, and nothing else of the folder', async () => {
    const folder = aFolder();
    const mails = path.join(folder, 'data/mail');
    mkdirSync(mails, { recursive: true });
    const idOf = (end: number) => `019a0000-0000-7000-8000-00000000000${end}`;
    const AN_HOUR_S = 3600;
    const writtenAgo = (name: string, seconds: number) => {
      const file = path.join(mails, name);
      writeFileSync(file, 'a mail');
      utimesSync(file, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
      return file;
    };
    const expired = writtenAgo(`${idOf(1)}.eml`, 2 * AN_HOUR_S);
    const live = writtenAgo(`${idOf(2)}.eml`, AN_HOUR_S / 2);
    const foreign = writtenAgo('letter.eml', 2 * AN_HOUR_S);
    await startServer(folder, { REVOKE_TOKEN_TTL: `${AN_HOUR_S}` });
    await expect.poll(() => existsSync(expired), { timeout: 60_000 }).toBe(false);
    expect([existsSync(live), existsSync(foreign)]).toEqual([true, true]);
  });

  test('stops when it is told to, as soon as it says that it listens', async () => {
    const server = await startServer(aFolder());
    server.signal('SIGINT');
    expect(await server.exit).toEqual({ code: 0, signal: null });
  });
});

describe('the key file', () => {
  async function aFolderWithUser(): Promise<string> {
    const folder = aFolder();
    const server = await startServer(folder);
    const body = new URLSearchParams({
      name: 'Ada',
      email: 'ada@example.com',
      password: 'long enough',
    });
    expect((await fetch(`${server.url}/users/create`, { method: 'POST', body })).status).toBe(200);
    server.signal('SIGTERM');
    await server.exit;
    return folder;
  }

  test('must not be missing once there are users', async () => {
    const folder = await aFolderWithUser();
    rmSync(keysOf(folder));
    const { code, stderr } = await runServer(folder, {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/keys\.json.*missing/);
    expect(existsSync(keysOf(folder))).toBe(false);
  });

  test('must not be readable by others', async () => {
    const folder = await aFolderWithUser();
    chmodSync(keysOf(folder), 0o640);
    const { code, stderr } = await runServer(folder, {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/keys\.json.*0600/);
  });

  test('must not be broken, and its contents are not shown', async () => {
    const folder = await aFolderWithUser();
    const keys = readFileSync(keysOf(folder), 'utf8');
    writeFileSync(keysOf(folder), keys.slice(0, -20));
    const { code, stderr } = await runServer(folder, {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/keys\.json/);
    expect(stderr).not.toContain(JSON.parse(keys).pepper[0].secret);
  });
});

describe('the command line', () => {
  test('says what it can do', async () => {
    const { code, stdout } = await runCli(aFolder(), ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('create-service-with-key');
    expect(stdout).toContain('create-root-key');
  });

  test('says its version, and is called by either name', async () => {
    const folder = aFolder();
    const { code, stdout } = await runCli(folder, ['--version']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${manifest.version}\n` });
    for (const name of ['rekey', 'sso-cli'] as const) {
      const { stderr } = await runCli(folder, ['no-such-command'], {}, sources[name]);
      expect(stderr).toBe(`${name}: unknown command 'no-such-command'\n`);
    }
  });

  test('says on the other channel that a command is missing', async () => {
    const { code, stdout, stderr } = await runCli(aFolder(), []);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('create-service-with-key');
  });

  test('registers a service and says that its key is shown once', async () => {
    const folder = aFolder();
    await runCli(folder, ['init']);
    const { code, stdout, stderr } = await runCli(folder, [
      'create-service-with-key',
      'Shop',
      'https://shop.example',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/rks_[\w-]{43}\n/);
    expect(stdout).toMatch(/shown only now/);
  });

  test('prints one JSON object where that is wanted', async () => {
    const { stdout } = await runCli(aFolder(), [
      'create-service-with-key',
      'Shop',
      'https://shop.example',
      '--local-url',
      'https://shop.example/account',
      '--allow-register',
      'false',
      '--email-text',
      'Call us.',
      '--json',
    ]);
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const { service, key } = JSON.parse(stdout);
    expect(service).toEqual({
      id,
      created_at: time,
      updated_at: time,
      is_enabled: true,
      name: 'Shop',
      url: 'https://shop.example',
      user_allow_register: false,
      user_email_text: 'Call us.',
      provider_local_url: 'https://shop.example/account',
      provider_github_oauth2_url: null,
      provider_microsoft_oauth2_url: null,
      provider_google_oauth2_url: null,
      sees_all_users: false,
      owner_recovery: false,
      require_factor: false,
      new_device_mail: false,
      support_url: null,
    });
    expect(key).toEqual({
      id,
      created_at: time,
      updated_at: time,
      is_enabled: true,
      is_revoked: false,
      type: 'KEY',
      name: 'Shop',
      service_id: service.id,
      user_id: null,
      prefix: key.value.slice(4, 12),
      scopes: [],
      expires_at: null,
      last_used_at: null,
      value: expect.stringMatching(/^rks_[\w-]{43}$/),
    });
  });

  test.each([
    ['create-service-with-key', 'Shop', 'https://shop.example'],
    ['create-root-key', 'ops'],
  ])('makes a database where there is none, and says where: %s', async (...args) => {
    const folder = aFolder();
    const first = await runCli(folder, args);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('key') });
    expect(first.stderr).toBe(
      `rekey: there was no Rekey here: made ${databaseOf(folder)} and ${keysOf(folder)}\n`,
    );
    expect(await runCli(folder, args)).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['migrate'],
    ['outbox', 'list'],
    ['audit', 'list'],
    ['keyring', 'rotate'],
    ['service', 'list'],
    ['root-key', 'create', 'ops'],
    ['user', 'find', 'ada'],
    ['backup', 'copy', '--keys-to', 'keys'],
  ])('founds no second Rekey in a folder without one: %s %s', async (...args) => {
    const folder = aFolder();
    const { code, stdout, stderr } = await runCli(folder, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`there is no database of Rekey at ${databaseOf(folder)}`);
    expect(stderr).toMatch(/DATABASE_URL.*rekey init\n$/);
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  });

  test('makes both where it is told to, once', async () => {
    const folder = aFolder();
    const first = await runCli(folder, ['init']);
    expect(first.stdout).toBe(`Made ${databaseOf(folder)} and ${keysOf(folder)}.\n`);
    const keys = readFileSync(keysOf(folder), 'utf8');
    const second = await runCli(folder, ['init', '--json']);
    expect(JSON.parse(second.stdout)).toEqual({
      database: databaseOf(folder),
      keys: keysOf(folder),
      is_new: false,
    });
    expect(readFileSync(keysOf(folder), 'utf8')).toBe(keys);
  });

  test('runs the server', async () => {
    const { url } = await startServer(aFolder(), {}, [image.cli, 'serve']);
    expect((await fetch(`${url}/ping`)).status).toBe(200);
  });

  test('makes root keys', async () => {
    const { stdout } = await runCli(aFolder(), ['create-root-key', 'ops', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      key: { service_id: null, user_id: null, value: expect.stringMatching(/^rkr_/) },
    });
  });

  test('works while the server runs, and its key is good at once', async () => {
    const folder = aFolder();
    const { url } = await startServer(folder);
    const { stdout } = await runCli(folder, [
      'create-service-with-key',
      'Shop',
      'https://shop.example',
      '--json',
    ]);
    const { key } = JSON.parse(stdout);
    const { status } = await fetch(`${url}/v1/key/${key.id}`, {
      headers: { authorization: `key ${key.value}` },
    });
    expect(status).toBe(200);
  });

  test.each([
    [['create-service-with-key']],
    [['create-service-with-key', 'Shop']],
    [['create-service-with-key', 'Shop', 'not a url']],
    [['create-service-with-key', '', 'https://shop.example']],
    [['create-service-with-key', 'Shop', 'https://shop.example', 'more']],
    [['create-service-with-key', 'Shop', 'https://shop.example', '--local-url', 'ftp://x']],
    [['create-service-with-key', 'Shop', 'https://shop.example', '--allow-register', 'maybe']],
    [['create-service-with-key', 'Shop', 'https://shop.example', '--unknown']],
    [['create-root-key']],
    [['create-root-key', 'a\nb']],
    [['no-such-command']],
  ])('refuses %j with one line, exit code 2, and nothing written', async (args) => {
    const folder = aFolder();
    const { code, stdout, stderr } = await runCli(folder, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rekey: .+\n$/);
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  });

  test('refuses the name of the built-in service', async () => {
    const args = ['create-service-with-key', 'users', 'https://shop.example'];
    const { code, stderr } = await runCli(aFolder(), args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/built-in service/);
  });

  test('says what is wrong with the configuration, and exits with 1', async () => {
    const { code, stderr } = await runCli(aFolder(), ['create-root-key', 'ops'], { PORT: 'x' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: PORT must be/);
  });
});
