import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import PostalMime from 'postal-mime';
import { describe, expect, test, vi } from 'vitest';
import { keyPurposes } from '../../packages/adapters-crypto/src/index.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, runCli, type Server, startMailbox, startServer } from '../harness.ts';

// Many processes start here, and a busy machine takes its time for each.
vi.setConfig({ testTimeout: 90_000 });

const keysOf = (folder: string) => path.join(folder, 'data/keys.json');
const databaseOf = (folder: string) => path.join(folder, 'data/rekey.db');
const modeOf = (file: string) => statSync(file).mode & 0o777;

/** Runs the command line, which must succeed without a word on the other channel, and reads its JSON. */
async function cliJson(folder: string, args: string[], env?: Record<string, string>) {
  const { code, stdout, stderr } = await runCli(folder, [...args, '--json'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Changes the database behind Rekey's back. */
function alter(folder: string, statement: string): void {
  const database = new DatabaseSync(databaseOf(folder), { timeout: 5000 });
  database.exec(statement);
  database.close();
}

async function form(
  { url }: Server,
  method: string,
  route: string,
  fields: Record<string, string>,
  token?: string,
) {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const body = new URLSearchParams(fields);
  const response = await fetch(`${url}${route}`, { method, headers, body });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

const owner = { name: 'Orion', email: 'orion@test.com' };

async function signUp(server: Server, details = owner): Promise<void> {
  const fields = { ...details, password: 'first password' };
  expect(await form(server, 'POST', '/users/create', fields)).toMatchObject({ status: 200 });
}

async function logIn(server: Server, password: string): Promise<string> {
  const login = await form(server, 'POST', '/users/login', { email: owner.email, password });
  expect(login).toMatchObject({ status: 200 });
  return login.body.token;
}

/** Changes the password with a fresh session, and answers its token. */
async function change(server: Server, password: string, newPassword: string): Promise<string> {
  const token = await logIn(server, password);
  const fields = { email: owner.email, password, newPassword };
  const changed = await form(server, 'PUT', '/users/update/password', fields, token);
  expect(changed).toMatchObject({ status: 200 });
  return token;
}

const isLive = async (server: Server, token: string) => {
  // Refused for its new password, and not for its token.
  const fields = { email: owner.email, password: 'x', newPassword: 'short' };
  const { status } = await form(server, 'PUT', '/users/update/password', fields, token);
  return status === 400;
};

const tokenIn = (text: string | undefined) => /token=([\w.-]+)/.exec(text ?? '')?.[1] ?? '';

/** The texts of the mails in the folder, as soon as there are so many. */
async function mailsIn(folder: string, count: number): Promise<string[]> {
  const mails = path.join(folder, 'data/mail');
  const files = () =>
    existsSync(mails) ? readdirSync(mails).filter((name) => name.endsWith('.eml')) : [];
  await expect.poll(files, { timeout: 30_000 }).toHaveLength(count);
  const parsed = files().map((name) => PostalMime.parse(readFileSync(path.join(mails, name))));
  return (await Promise.all(parsed)).map(({ text = '' }) => text);
}

/** The token of the link in the mail about the change, beside which the folder has that of the sign-up alone. */
async function linkTokenOf(folder: string): Promise<string> {
  const tokens = (await mailsIn(folder, 2)).map(tokenIn).filter((token) => token !== '');
  expect(tokens).toEqual([expect.stringContaining('.update_password.')]);
  return tokens.join();
}

/** A mailbox that takes the mail of the owner's sign-up and refuses the one about the change, until it is told otherwise. */
async function startMailboxThatRefusesTheChange() {
  const refused = new Set<string>();
  const mailbox = await startMailbox(0, (address) => refused.has(address));
  const changeRefused = async (server: Server) => {
    await signUp(server);
    // The server has noted that it is sent, and will not try again.
    await expect.poll(() => server.output(), { timeout: 30_000 }).toContain('"outcome":"sent"');
    refused.add(owner.email);
    await change(server, 'first password', 'second password');
    await expect.poll(() => server.output(), { timeout: 30_000 }).toContain('"outcome":"dead"');
  };
  return { mailbox, changeRefused, accept: () => refused.clear() };
}

describe('rekey migrate', () => {
  test('says that there is nothing to do on a database of this version', async () => {
    const folder = aFolder();
    await runCli(folder, ['init']);
    expect(await cliJson(folder, ['migrate'])).toEqual({ steps: [] });
    const { stdout } = await runCli(folder, ['migrate']);
    expect(stdout).toBe('The schema is up to date.\n');
  });

  test('fails on a database of a newer Rekey', async () => {
    const folder = aFolder();
    await runCli(folder, ['init']);
    alter(folder, `insert into rekey_migrations values (999, 'of tomorrow')`);
    const { code, stderr } = await runCli(folder, ['migrate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: .*newer Rekey\n$/);
  });
});

describe('rekey doctor', () => {
  type Check = { name: string; status: string; detail: string };

  async function examine(folder: string, env: Record<string, string> = {}) {
    const { code, stdout, stderr } = await runCli(folder, ['doctor', '--json'], env);
    expect(stderr).toBe('');
    const { ok, checks } = JSON.parse(stdout);
    expect(code).toBe(ok ? 0 : 1);
    const status = (checks as Check[]).map(({ name, status }) => [name, status]);
    return { code, stdout, status: Object.fromEntries(status) };
  }

  test('before the first start warns of what is to come, and makes nothing', async () => {
    const folder = aFolder();
    const { code, stdout, stderr } = await runCli(folder, ['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['ok', 'configuration'],
      ['warn', 'key file'],
      ['warn', 'database'],
      ['warn', 'mail'],
      ['ok', 'clock'],
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('finds nothing to say about a server that is well', async () => {
    const folder = aFolder();
    const { url } = await startMailbox();
    const env = {
      SMTP_URL: url,
      PUBLIC_URL: 'http://rekey.test',
      MAIL_FROM: 'Rekey <no-reply@rekey.test>',
    };
    await startServer(folder, env);
    expect(await examine(folder, env)).toMatchObject({
      code: 0,
      status: {
        configuration: 'ok',
        'key file': 'ok',
        database: 'ok',
        durability: 'ok',
        schema: 'ok',
        mail: 'ok',
        clock: 'ok',
      },
    });
  });

  test('warns of database files that others can read, as the server does, with the command that ends it', async () => {
    const folder = aFolder();
    mkdirSync(path.join(folder, 'data'));
    chmodSync(path.join(folder, 'data'), 0o755);
    writeFileSync(databaseOf(folder), '');
    chmodSync(databaseOf(folder), 0o644);
    const server = await startServer(folder);
    const line = server
      .output()
      .split('\n')
      .find((each) => each.includes('open to others'));
    const { command, level } = JSON.parse(line ?? '{}');
    expect(level).toBe(40);
    const { stdout, status } = await examine(folder);
    expect(status['database files']).toBe('warn');
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({ detail: expect.stringContaining(command) }),
    );
    execFileSync('sh', ['-c', command]);
    expect((await examine(folder)).status).not.toHaveProperty('database files');
  });

  test('says what is encrypted on the way to the SMTP server, and which parameter does not change it', async () => {
    const folder = aFolder();
    const { port } = new URL((await startMailbox()).url);
    const mailOf = async (base: string, query: string) => {
      const env = { SMTP_URL: `smtp://${base}127.0.0.1:${port}${query}` };
      const { stdout } = await runCli(folder, ['doctor'], env);
      const line = stdout.split('\n').find((each) => / {2}mail {2}/.test(each)) ?? '';
      return line.replace(/ {2,}/g, ' ').replace(`127.0.0.1:${port}`, 'HOST');
    };
    expect(await mailOf('', '')).toBe('ok mail SMTP server HOST, TLS where it is offered');
    const demanded = 'nothing without TLS, as ignoreTLS=true is not written out';
    for (const [query, hint] of [
      ['', ''],
      ['?requireTLS=false', '; requireTLS does not change that'],
      ['?opportunisticTLS=true', '; opportunisticTLS does not change that'],
    ] as const) {
      expect(await mailOf('me:planted@', query)).toBe(
        `FAIL mail SMTP server HOST, ${demanded}${hint}: SMTP 500 at STARTTLS`,
      );
    }
    expect(await mailOf('', '?ignoreTLS=true')).toBe(
      'warn mail SMTP server HOST, everything in clear text: ignoreTLS=true',
    );
  });

  test('names every problem of the configuration, without its value', async () => {
    const env = { PORT: 'planted-port', BCRYPT_COST: 'planted-cost' };
    const { code, stdout } = await runCli(aFolder(), ['doctor'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}configuration {2}PORT must/m);
    expect(stdout).toMatch(/^FAIL {2}configuration {2}BCRYPT_COST must/m);
    expect(stdout).not.toContain('planted');
  });

  test('says which keys, files and services are out of order', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    await signUp(server);
    server.signal('SIGTERM');
    await server.exit;

    chmodSync(keysOf(folder), 0o644);
    writeFileSync(path.join(folder, 'in-the-way'), '');
    alter(folder, `insert into rekey_migrations values (999, 'of tomorrow')`);
    expect((await examine(folder, { MAIL_DIR: './in-the-way/mail' })).status).toMatchObject({
      'key file': 'FAIL',
      database: 'ok',
      schema: 'FAIL',
      mail: 'FAIL',
    });

    rmSync(keysOf(folder));
    alter(folder, `delete from rekey_migrations`);
    const smtp = `smtp://me:planted-1@127.0.0.1:${await aFreePort()}`;
    const second = await examine(folder, { SMTP_URL: smtp });
    expect(second.status).toMatchObject({ schema: 'warn', mail: 'FAIL' });
    expect(second.stdout).not.toContain('planted');
  });

  test('fails where users have lost their key file', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    await signUp(server);
    rmSync(keysOf(folder));
    expect((await examine(folder)).status).toMatchObject({ 'key file': 'FAIL', database: 'ok' });
    expect(existsSync(keysOf(folder))).toBe(false);
  });

  test('fails on a file that is no database, and leaves it as it is', async () => {
    const folder = aFolder();
    mkdirSync(path.join(folder, 'data'));
    writeFileSync(databaseOf(folder), 'a shopping list');
    expect((await examine(folder)).status).toMatchObject({ database: 'FAIL' });
    expect(readFileSync(databaseOf(folder), 'utf8')).toBe('a shopping list');
  });

  test('warns of a key from the future', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    server.signal('SIGTERM');
    await server.exit;
    const keys = JSON.parse(readFileSync(keysOf(folder), 'utf8'));
    keys.seal[0].createdAt += 86_400_000;
    writeFileSync(keysOf(folder), JSON.stringify(keys));
    expect((await examine(folder)).status).toMatchObject({ 'key file': 'warn' });
  });

  test('never shows the password of a database that does not answer', async () => {
    const url = `postgres://rekey:planted%25@127.0.0.1:${await aFreePort()}/rekey`;
    const { status, stdout } = await examine(aFolder(), { DATABASE_URL: url });
    expect(status).toMatchObject({ database: 'FAIL' });
    expect(stdout).toMatch(/ECONNREFUSED/);
    expect(stdout).not.toContain('planted');
  });
});

const hasPostgres = (await freshPostgres()) !== null;
describe.skipIf(skips(!hasPostgres, 'PostgreSQL cannot run here'))('on PostgreSQL', () => {
  const freshDatabase = async () => (await freshPostgres()) as string;

  test('doctor looks at the server, its schema and its clock, and makes nothing', async () => {
    const folder = aFolder();
    const env = { DATABASE_URL: await freshDatabase() };
    const run = async () => {
      const { stdout } = await runCli(folder, ['doctor', '--json'], env);
      const { checks } = JSON.parse(stdout) as {
        checks: { name: string; status: string; detail: string }[];
      };
      return Object.fromEntries(checks.map(({ name, ...check }) => [name, check]));
    };
    const before = await run();
    expect(before.database).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/PostgreSQL \d+.*, 127\.0\.0\.1:\d+\/rekey_test/),
    });
    // The server of the tests does not write to the disk, and must not be trusted with users.
    expect(before.durability).toMatchObject({ status: 'FAIL' });
    expect(before.clock).toMatchObject({ status: 'ok', detail: expect.stringMatching(/ ms /) });
    expect(before.schema).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^version 0 of/),
    });
    expect((await run()).schema).toEqual(before.schema);
    await cliJson(folder, ['init'], env);
    expect((await run()).schema).toMatchObject({ status: 'ok' });
  });

  test('dead deliveries are listed and requeued', async () => {
    const folder = aFolder();
    const refused = new Set([owner.email]);
    const mailbox = await startMailbox(0, (address) => refused.has(address));
    const env = { DATABASE_URL: await freshDatabase(), SMTP_URL: mailbox.url };
    const server = await startServer(folder, env);
    await signUp(server);
    await change(server, 'first password', 'second password');
    const dead = () => cliJson(folder, ['outbox', 'list', '--state', 'dead'], env);
    const kinds = async () => (await dead()).deliveries.map(({ kind }: { kind: string }) => kind);
    await expect.poll(kinds, { timeout: 60_000 }).toEqual(['update_password', 'validate_email']);
    refused.clear();
    expect(await cliJson(folder, ['outbox', 'requeue', '--all-dead'], env)).toEqual({
      requeued: 2,
    });
    for (const index of [0, 1]) {
      expect((await mailbox.mail(index)).recipients).toEqual([owner.email]);
    }
    expect(mailbox.mails.map(({ text }) => tokenIn(text) !== '').sort()).toEqual([false, true]);
  });

  test('backup says which tool to use', async () => {
    const folder = aFolder();
    const env = { DATABASE_URL: await freshDatabase() };
    await cliJson(folder, ['init'], env);
    const args = ['backup', 'copy', '--keys-to', 'keys'];
    const { code, stderr } = await runCli(folder, args, env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: .*pg_dump.*KEYS_FILE.*\n$/);
    expect(readdirSync(folder)).toEqual(['data']);
  });
});

describe('rekey outbox', () => {
  test('lists a dead delivery, and requeues it with the link that it always had', async () => {
    const folder = aFolder();
    const { mailbox, changeRefused, accept } = await startMailboxThatRefusesTheChange();
    const env = { SMTP_URL: mailbox.url };
    const server = await startServer(folder, env);
    await changeRefused(server);

    const { deliveries } = await cliJson(folder, ['outbox', 'list'], env);
    const common = {
      id: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      channel: 'mail',
      to: owner.email,
      deadline: expect.stringMatching(/Z$/),
      attempts: 1,
      due_at: expect.stringMatching(/Z$/),
      closed_at: expect.stringMatching(/Z$/),
    };
    expect(deliveries).toEqual([
      { ...common, kind: 'update_password', state: 'dead', reason: 'SMTP 550 at RCPT TO' },
      { ...common, kind: 'validate_email', state: 'sent', reason: null },
    ]);
    const { id } = deliveries[0];
    expect((await runCli(folder, ['outbox', 'list', '--limit', '1'], env)).stdout).toMatch(
      new RegExp(
        `^ID .*\n${id}  update_password  dead +1 .* ${owner.email}  SMTP 550 at RCPT TO\n$`,
      ),
    );
    for (const [state, those] of [
      ['dead', deliveries.slice(0, 1)],
      ['sent', deliveries.slice(1)],
      ['waiting', []],
    ] as const) {
      const listed = await cliJson(folder, ['outbox', 'list', '--state', state], env);
      expect(listed).toEqual({ deliveries: those });
    }

    accept();
    const requeue = (...args: string[]) => runCli(folder, ['outbox', 'requeue', ...args], env);
    expect(await requeue(id)).toEqual({ code: 0, stdout: `${id} is due again\n`, stderr: '' });
    const mail = await mailbox.mail(1);
    expect(mail.messageId).toContain(id);
    expect(await form(server, 'POST', '/local', { token: tokenIn(mail.text) })).toMatchObject({
      status: 200,
    });

    const unknown = id.replace(/^.{8}/, '00000000');
    const again = await requeue(id, unknown);
    expect(again).toEqual({
      code: 1,
      stdout: `${id} stays as it is: it is not dead\n${unknown} is not known\n`,
      stderr: '',
    });
  });

  test('leaves a dead delivery alone whose link has expired, and says so', async () => {
    const folder = aFolder();
    const { mailbox, changeRefused } = await startMailboxThatRefusesTheChange();
    const env = { SMTP_URL: mailbox.url };
    await changeRefused(await startServer(folder, env));
    alter(folder, 'update deliveries set deadline = 1');
    const { deliveries } = await cliJson(folder, ['outbox', 'list'], env);
    const { id } = deliveries[0];
    const { code, stdout } = await runCli(folder, ['outbox', 'requeue', id, '--json'], env);
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 1,
      deliveries: [{ id, outcome: 'too late' }],
    });
    expect((await runCli(folder, ['outbox', 'requeue', '--all-dead'], env)).stdout).toMatch(/^0 /);
  });
});

describe('rekey mail last', () => {
  test('shows the latest mail that the server wrote, and its link, which locks the account', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const before = await runCli(folder, ['mail', 'last', '--link']);
    expect(before).toMatchObject({ code: 1, stdout: '' });
    expect(before.stderr).toMatch(/^rekey: no mail is in .*data\/mail yet\n$/);

    const latestLink = async () => {
      const { code, stdout, stderr } = await runCli(folder, ['mail', 'last', '--link']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return new URL(stdout.trim());
    };
    await signUp(server);
    await mailsIn(folder, 1);
    const first = await latestLink();
    expect(`${first.origin}${first.pathname}`).toBe('http://rekey.test/users/validateEmail');
    expect(Object.fromEntries(first.searchParams)).toEqual({
      code: expect.stringContaining('.validate_email.'),
      email: owner.email,
    });

    await change(server, 'first password', 'second password');
    const token = await linkTokenOf(folder);
    const link = await latestLink();
    expect(`${link.origin}${link.pathname}`).toBe('http://rekey.test/local');
    expect(Object.fromEntries(link.searchParams)).toEqual({
      type: 'update_password',
      email: owner.email,
      token,
    });
    const latest = await cliJson(folder, ['mail', 'last']);
    expect(latest).toMatchObject({ to: expect.stringContaining(owner.email), link: link.href });
    expect(await form(server, 'POST', '/local', { token })).toMatchObject({ status: 200 });
  });

  test('says that nothing is kept where mails are sent', async () => {
    const env = { SMTP_URL: 'smtp://127.0.0.1:1' };
    const { code, stderr } = await runCli(aFolder(), ['mail', 'last'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: SMTP_URL is set/);
  });
});

describe('rekey keyring', () => {
  const kidOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
  const read = (folder: string) => JSON.parse(readFileSync(keysOf(folder), 'utf8'));
  /** For the keys: all of them are older now. */
  function aMinutePasses(folder: string): void {
    const { version, ...lists } = read(folder);
    for (const key of Object.values<{ createdAt: number }[]>(lists).flat()) key.createdAt -= 60_000;
    writeFileSync(keysOf(folder), JSON.stringify({ version, ...lists }));
  }
  const publishedBy = async ({ url }: Server) => {
    const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string }[];
    };
    return keys.map(({ kid }) => kid);
  };

  test('rotate: running servers learn of the new keys; old tokens, links and passwords stay good', async () => {
    const folder = aFolder();
    const [one, two] = [await startServer(folder), await startServer(folder)];
    await signUp(one);
    const token = await change(one, 'first password', 'second password');
    const linkToken = await linkTokenOf(folder);
    const before = read(folder);

    const rotated: Record<string, string> = (await cliJson(folder, ['keyring', 'rotate'])).rotated;
    // The second is not there before somebody asks for it.
    const kept = ['pepper', 'signingRsa', 'throttle'];
    expect(Object.keys(rotated)).toEqual(keyPurposes.filter((each) => !kept.includes(each)));
    const after = read(folder);
    for (const [purpose, kid] of Object.entries(rotated)) {
      expect(after[purpose]).toEqual([expect.objectContaining({ kid }), ...before[purpose]]);
    }
    expect(after.pepper).toEqual(before.pepper);
    expect(modeOf(keysOf(folder))).toBe(0o600);
    for (const server of [one, two]) {
      await expect.poll(() => publishedBy(server), { timeout: 30_000 }).toContain(rotated.signing);
      expect(await isLive(server, token)).toBe(true);
      // Not yet: another server might not know it.
      expect(kidOf(await logIn(server, 'second password'))).toBe(before.encryption[0].kid);
    }

    aMinutePasses(folder);
    for (const server of [one, two]) {
      const newest = async () => kidOf(await logIn(server, 'second password'));
      await expect.poll(newest, { timeout: 30_000 }).toBe(rotated.encryption);
      expect(await isLive(server, token)).toBe(true);
    }
    expect(await form(two, 'POST', '/local', { token: linkToken })).toMatchObject({
      status: 200,
    });
    expect(one.output()).toContain('"msg":"keys changed"');
  });

  test('rotate of the pepper: hashes move to the new one at login, and the old password stays good', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    await signUp(server);
    const { rotated } = await cliJson(folder, ['keyring', 'rotate', '--purpose', 'pepper']);
    expect(Object.keys(rotated)).toEqual(['pepper']);
    aMinutePasses(folder);
    const hash = async () => {
      await logIn(server, 'first password');
      const database = new DatabaseSync(databaseOf(folder), { readOnly: true, timeout: 5000 });
      const row = database.prepare('select password_hash as hash from users').get();
      database.close();
      return String(row?.hash).split('$')[1];
    };
    await expect.poll(hash, { timeout: 30_000 }).toBe(rotated.pepper);
    await logIn(server, 'first password');
  });

  test('rotate twice at once loses no key', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const before = read(folder);
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => cliJson(folder, ['keyring', 'rotate', '--purpose', 'seal'])),
    );
    const kids = read(folder).seal.map(({ kid }: { kid: string }) => kid);
    const made = runs.map(({ rotated }) => rotated.seal);
    expect(kids.toSorted()).toEqual([...made, before.seal[0].kid].sort());
    expect(readdirSync(path.join(folder, 'data'))).not.toContain('keys.json.new');
    expect(server.output()).not.toContain('refused');
  });

  test('a file that breaks while servers run changes nothing but the log', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    await signUp(server);
    const good = readFileSync(keysOf(folder), 'utf8');
    writeFileSync(keysOf(folder), good.slice(0, 100));
    await expect
      .poll(() => server.output(), { timeout: 30_000 })
      .toMatch(/keys\.json: is not JSON.*"msg":"key file refused"/);
    await logIn(server, 'first password');
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect(server.output()).not.toContain(JSON.parse(good).pepper[0].secret);
  });

  test('list shows ids and ages, and no secret', async () => {
    const folder = aFolder();
    await startServer(folder);
    const { rotated } = await cliJson(folder, ['keyring', 'rotate', '--purpose', 'seal', 'link']);
    const { keys } = await cliJson(folder, ['keyring', 'list']);
    const of = (purpose: string) =>
      keys.filter((key: { purpose: string }) => key.purpose === purpose);
    expect(of('seal')).toEqual([
      {
        purpose: 'seal',
        kid: rotated.seal,
        created_at: expect.stringMatching(/Z$/),
        is_current: false,
      },
      expect.objectContaining({ is_current: true }),
    ]);
    expect(of('pepper')).toHaveLength(1);
    const { stdout } = await runCli(folder, ['keyring', 'list']);
    // A line for each key, under the names of the columns; two purposes have an older one, and one has none.
    expect(stdout.trim().split('\n')).toHaveLength(1 + keyPurposes.length - 1 + 2);
    const text = readFileSync(keysOf(folder), 'utf8');
    const secrets = [...text.matchAll(/"(?:secret|d|p|q)": "([^"]+)"/g)];
    expect(secrets.length).toBeGreaterThan(5);
    for (const [, secret] of secrets) {
      expect(stdout + JSON.stringify(keys)).not.toContain(secret);
    }
  });

  test('rotate never makes the file', async () => {
    const folder = aFolder();
    await runCli(folder, ['init']);
    rmSync(keysOf(folder));
    const { code, stderr } = await runCli(folder, ['keyring', 'rotate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: key file .* is missing\b.*\n$/);
    expect(existsSync(keysOf(folder))).toBe(false);
  });
});

describe('rekey backup', () => {
  test('restored into an empty folder, old logins, links and tokens work', async () => {
    const folder = aFolder();
    const env = { PUBLIC_URL: 'http://rekey.test' };
    const server = await startServer(folder, env);
    await signUp(server);
    const token = await change(server, 'first password', 'second password');
    const linkToken = await linkTokenOf(folder);
    await runCli(folder, ['keyring', 'rotate']);

    // Online: others write all the while.
    let isDone = false;
    const signUps = (async () => {
      for (let i = 0; !isDone; i += 1) {
        await signUp(server, { name: 'Other', email: `other-${i}@test.com` });
      }
    })();
    const target = path.join(folder, 'backups of today');
    const keys = path.join(folder, 'keys of today');
    const { stdout, stderr } = await runCli(folder, ['backup', target, '--keys-to', keys]);
    isDone = true;
    await signUps;
    expect(stderr).toBe('');
    for (const [place, name] of [
      [target, 'rekey.db'],
      [keys, 'keys.json'],
    ] as const) {
      expect(stdout).toContain(place);
      expect(readdirSync(place)).toEqual([name]);
      expect([modeOf(place), modeOf(path.join(place, name))]).toEqual([0o700, 0o600]);
    }
    expect(readdirSync(folder).sort()).toEqual(['backups of today', 'data', 'keys of today']);
    server.signal('SIGKILL');
    await server.exit;

    // As docs/operations.md says.
    const elsewhere = aFolder();
    for (const place of [target, keys]) {
      cpSync(place, path.join(elsewhere, 'data'), { recursive: true });
    }
    const restored = await startServer(elsewhere, env);
    await logIn(restored, 'second password');
    expect(await isLive(restored, token)).toBe(true);
    expect(await form(restored, 'POST', '/local', { token: linkToken })).toMatchObject({
      status: 200,
    });
    const { status } = await form(restored, 'POST', '/users/login', {
      email: owner.email,
      password: 'second password',
    });
    expect(status).toBe(401);
  });

  test.each([
    ['copy', 'keys'],
    ['database', 'copy'],
  ])('never touches what is there: %s, --keys-to %s', async (...places) => {
    const folder = aFolder();
    await startServer(folder);
    writeFileSync(path.join(folder, 'copy'), 'precious');
    const [database, keys] = places;
    const { code, stderr } = await runCli(folder, ['backup', database, '--keys-to', keys]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: .*copy is there already\n$/);
    expect(readFileSync(path.join(folder, 'copy'), 'utf8')).toBe('precious');
    expect(readdirSync(folder).sort()).toEqual(['copy', 'data']);
  });

  test.each([
    ['copy', 'copy'],
    ['copy', './data/../copy/'],
    ['copy', 'copy/keys'],
    ['keys/copy', 'keys'],
    ['copy', 'link/copy'],
  ])('never puts the key file beside the database: %s, --keys-to %s', async (...places) => {
    const folder = aFolder();
    const server = await startServer(folder);
    server.signal('SIGTERM');
    await server.exit;
    symlinkSync(folder, path.join(folder, 'link'));
    const [database, keys] = places;
    const { code, stderr } = await runCli(folder, ['backup', database, '--keys-to', keys]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rekey: .*apart.*\n$/);
    expect(readdirSync(folder).sort()).toEqual(['data', 'link']);
  });

  test.each<[string, (folder: string) => unknown, RegExp]>([
    ['there is no database', (folder) => rmSync(databaseOf(folder)), /rekey\.db/],
    ['there is no key file', (folder) => rmSync(keysOf(folder)), /keys\.json: is missing/],
    ['it is not a database', (f) => writeFileSync(databaseOf(f), 'a list'), /not a database/],
  ])('leaves nothing behind where %s', async (_why, harm, message) => {
    const folder = aFolder();
    const server = await startServer(folder);
    server.signal('SIGTERM');
    await server.exit;
    harm(folder);
    const { code, stderr } = await runCli(folder, ['backup', 'copy', '--keys-to', 'keys']);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['data']);
  });
});

test('a server that starts deletes an account that nobody proved and nobody uses', async () => {
  const folder = aFolder();
  const server = await startServer(folder);
  await signUp(server);
  // An account is kept for as long as a link that was mailed to it works.
  const kept = { name: 'Rigel', email: 'rigel@test.com' };
  await signUp(server, kept);
  server.signal('SIGTERM');
  await server.exit;
  alter(folder, 'update users set idle_since = 1, updated_at = 1');
  alter(folder, `update one_time_tokens set expires_at = 1 where email = '${owner.email}'`);
  const next = await startServer(folder);
  const entries = async () =>
    (await cliJson(folder, ['audit', 'list', '--type', 'rekey:UserExpire'])).entries;
  await expect.poll(entries, { timeout: 30_000 }).toHaveLength(1);
  expect(
    await form(next, 'POST', '/users/login', { ...kept, password: 'first password' }),
  ).toMatchObject({ status: 200 });
  await signUp(next);
});

describe('the command line', () => {
  const anId = '01900000-0000-7000-8000-000000000001';
  test.each([
    [['migrate', 'more']],
    [['doctor', '--unknown']],
    [['outbox', 'no-such-command']],
    [['outbox', 'list', '--state', 'lost']],
    [['outbox', 'list', '--limit', '0']],
    [['outbox', 'list', '--limit', 'many']],
    [['outbox', 'requeue']],
    [['outbox', 'requeue', 'no-id']],
    [['outbox', 'requeue', anId, '--all-dead']],
    [['keyring', 'no-such-command']],
    [['keyring', 'rotate', '--purpose', 'all']],
    [['keyring', 'rotate', 'pepper']],
    [['keyring', 'prune', 'pepper']],
    [['mail', 'last', '--link', '--json']],
    [['backup']],
    [['backup', 'one']],
    [['backup', '--keys-to', 'one']],
    [['backup', 'one', 'two', '--keys-to', 'three']],
  ])('refuses %j with one line, exit code 2, and nothing written', async (args) => {
    const folder = aFolder();
    const { code, stdout, stderr } = await runCli(folder, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rekey: .+\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
