import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  call,
  createService,
  image,
  linkIn,
  post,
  type Run,
  runCli,
  startMailbox,
  startServer,
} from '../harness.ts';

// Each command is a process, and a busy machine takes its time for each.
vi.setConfig({ testTimeout: 300_000 });

const PASSWORD = 'the old password';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const idOf = (n: number) => `0a000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const aRow = (n: number, details: object = {}) => ({
  id: idOf(n),
  name: `User ${n}`,
  email: `user${n}@example.com`,
  password_hash: sha256(PASSWORD),
  password_hash_format: 'sha256-hex',
  ...details,
});
const linesOf = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const many = (count: number, details: object = {}) =>
  linesOf(Array.from({ length: count }, (_, n) => aRow(n, details)));

/** Runs the command line with something on its standard input. */
async function piped(cwd: string, args: string[], input: string): Promise<Run> {
  const child = start(cwd, args, 'pipe');
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

const start = (cwd: string, args: string[], stdin: 'ignore' | 'pipe' = 'ignore') =>
  spawn(process.execPath, [image.cli, ...args], {
    cwd,
    env: { PATH: process.env.PATH, BCRYPT_COST: '10' },
    stdio: [stdin, 'pipe', 'pipe'],
  });

const databaseIn = (folder: string) => path.join(folder, 'data/rekey.db');
function ask<T>(folder: string, query: string): T {
  const database = new DatabaseSync(databaseIn(folder), { readOnly: true });
  try {
    return database.prepare(query).get() as T;
  } finally {
    database.close();
  }
}
const usersIn = (folder: string) => ask<{ n: number }>(folder, 'select count(*) n from users').n;

test('people of another system log in with the old password, while the server runs; what is wrong is told by line', async () => {
  const folder = aFolder();
  const { key } = await createService(folder);
  const server = await startServer(folder);
  const file = path.join(folder, 'users.jsonl');
  writeFileSync(
    file,
    linesOf([aRow(1), aRow(2, { name: '', locale: 5 }), aRow(3, { email: 'USER1@example.com' })]),
  );
  appendFileSync(file, '{"not json\n');
  const args = ['import', 'users', '--from', 'users.jsonl', '--service', 'Shop'];
  const { code, stdout, stderr } = await runCli(folder, args);
  expect(code).toBe(1);
  expect(stdout).toBe(
    '1 users, 0 services and 1 keys are imported.\n3 lines are left out: see above.\n',
  );
  expect(stderr.split('\n').filter((line) => line.startsWith('line'))).toEqual([
    'line 2: name must be 1 to 100 characters on one line; locale must be a string',
    'line 4: is not JSON',
    'line 3: email is that of line 1 but for its spelling, which is the older account',
  ]);
  const claim = { email: 'User1@example.com', password: PASSWORD };
  const login = await post(server, key.value, '/v1/auth/provider/local/login', claim);
  expect(login).toMatchObject({ status: 200, body: { user: { id: idOf(1) } } });
  const again = await runCli(folder, [...args, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({
    users: 0,
    skipped: 1,
    refused: 3,
    written: true,
  });
  const audit = await runCli(folder, ['audit', 'verify']);
  expect(audit.code).toBe(0);
});

test('rows come on standard input as well, nothing of them stays on the disk, and a dry run or a conflict writes nothing', async () => {
  const folder = aFolder();
  await createService(folder);
  const args = ['import', 'users', '--service', 'Shop'];
  const dry = await piped(folder, [...args, '--dry-run'], many(3));
  expect(dry).toMatchObject({
    code: 0,
    stdout: '3 users, 0 services and 3 keys would be imported.\n',
  });
  expect(usersIn(folder)).toBe(0);
  const good = await piped(folder, args, many(2));
  expect(good.code).toBe(0);
  const fail = await piped(folder, [...args, '--on-conflict', 'fail'], many(4));
  expect(fail).toMatchObject({
    code: 1,
    stdout:
      'Nothing was written, because not all of it is good.\n2 lines are left out: see above.\n',
  });
  expect(fail.stderr).toBe('line 1: is there already\nline 2: is there already\n');
  expect(usersIn(folder)).toBe(2);
  const unasked = await piped(folder, [...args, '--on-conflict', 'update'], many(2));
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  const update = [...args, '--on-conflict', 'update', '--yes'];
  const changed = await piped(folder, update, many(2, { name: 'Ada' }));
  expect(changed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('2 that were there are changed'),
  });
  expect(ask(folder, `select count(*) n from users where name = 'Ada'`)).toEqual({ n: 2 });
  const wrong = [
    ['import', 'myspace'],
    ['import', 'users', '--from', folder],
    ['import', 'users', '--on-conflict', 'x'],
  ];
  for (const line of wrong) expect((await runCli(folder, line)).code).toBe(2);
  expect(readdirSync('/tmp').filter((name) => /^rekey-[0-9a-f]{16}$/.test(name))).toEqual([]);
});

test.each(['SIGKILL', 'SIGINT'] as const)(
  'an import that ends by %s goes on with --resume and doubles nothing',
  async (signal) => {
    const folder = aFolder();
    await createService(folder);
    const count = 4000;
    writeFileSync(path.join(folder, 'users.jsonl'), many(count));
    const args = ['import', 'users', '--from', 'users.jsonl', '--service', 'Shop'];
    const child = start(folder, args);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = once(child, 'close');
    const isOver = { now: false };
    void ended.then(() => {
      isOver.now = true;
    });
    while (!isOver.now && usersIn(folder) < 300)
      await new Promise((resolve) => setImmediate(resolve));
    child.kill(signal);
    const [code, by] = await ended;
    expect([code, by]).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [1, null]);
    if (signal === 'SIGINT')
      expect(stderr).toMatch(/interrupted after line \d+: the same command with --resume/);
    const done = usersIn(folder);
    expect(done).toBeGreaterThanOrEqual(300);
    expect(done).toBeLessThan(count);

    const other = await piped(
      folder,
      ['import', 'users', '--resume', '--service', 'Shop'],
      many(5),
    );
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('the same again') });
    const resumed = await runCli(folder, [...args, '--resume', '--json']);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      users: count,
      keys: count,
      skipped: 0,
      refused: 0,
    });
    expect(usersIn(folder)).toBe(count);
    expect(ask(folder, 'select count(*) n from keys where user_id is not null')).toEqual({
      n: count,
    });
    expect((await runCli(folder, ['audit', 'verify'])).code).toBe(0);
    const over = await runCli(folder, [...args, '--resume']);
    expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing to resume') });
  },
);

test('memory does not grow with the file', async () => {
  const folder = aFolder();
  await createService(folder);
  const note = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS))`;
  // A heap that may grow is emptied late.
  const env = {
    NODE_OPTIONS: `--max-old-space-size=64 --import=data:text/javascript,${encodeURIComponent(note)}`,
  };
  const peakMb = async (count: number) => {
    writeFileSync(
      path.join(folder, 'users.jsonl'),
      many(count, { attributes: { text: 'x'.repeat(2000) } }),
    );
    const args = ['import', 'users', '--from', 'users.jsonl', '--dry-run'];
    const { code, stderr } = await runCli(folder, args, env);
    expect(code).toBe(0);
    return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
  };
  const [few, lots] = [await peakMb(20_000), await peakMb(100_000)];
  // The file has grown by 170 MB.
  expect(lots - few).toBeLessThan(60);
});

const isMissing = (await freshPostgres()) === null;

test.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))(
  'all of it goes from SQLite to PostgreSQL and back: logins, keys, the audit and links of mails work, and the exports are equal',
  async () => {
    const [a, b, c] = [aFolder(), aFolder(), aFolder()];
    const { key } = await createService(a, ['--local-url', 'https://shop.example/account']);
    const rows = many(120, { attributes: { a: 1 } });
    const imported = await piped(a, ['import', 'users', '--service', 'Shop'], rows);
    expect(imported.code).toBe(0);
    const mailbox = await startMailbox();
    const first = await startServer(a, { SMTP_URL: mailbox.url });
    const change = {
      email: 'user7@example.com',
      password: PASSWORD,
      new_password: 'a new password',
    };
    expect(
      (await post(first, key.value, '/v1/auth/provider/local/update-password', change)).status,
    ).toBe(200);
    const token = linkIn((await mailbox.mail(0)).text).searchParams.get('token');
    first.signal('SIGTERM');
    await first.exit;

    const exported = path.join(a, 'export');
    expect((await runCli(a, ['export', '--to', 'export'])).code).toBe(0);
    expect(statSync(exported).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(exported))
      expect(statSync(path.join(exported, name)).mode & 0o777).toBe(0o600);
    const files = readdirSync(exported).map((name) =>
      readFileSync(path.join(exported, name), 'utf8'),
    );
    for (const secret of [key.value, PASSWORD, token ?? '', sha256(PASSWORD)]) {
      expect(files.some((text) => text.includes(secret))).toBe(false);
    }

    const url = (await freshPostgres()) ?? '';
    const inB = { DATABASE_URL: url };
    await runCli(b, ['init'], inB);
    const into = ['import', 'rekey', '--from', exported, '--yes'];
    const wrongKeys = await runCli(b, into, inB);
    expect(wrongKeys).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not that of the export: it lacks the key \w+ for signing/),
    });
    rmSync(path.join(b, 'data/keys.json'));
    const noKeys = await runCli(b, into, inB);
    expect(noKeys).toMatchObject({ code: 1, stderr: expect.stringContaining('is missing') });
    copyFileSync(path.join(a, 'data/keys.json'), path.join(b, 'data/keys.json'));
    const changed = path.join(a, 'changed');
    mkdirSync(changed);
    for (const name of readdirSync(exported))
      copyFileSync(path.join(exported, name), path.join(changed, name));
    appendFileSync(path.join(changed, 'users.jsonl'), '\n');
    const checked = await runCli(b, ['import', 'rekey', '--from', changed, '--yes'], inB);
    expect(checked).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('users.jsonl is not as it was exported'),
    });
    expect(await runCli(b, into, inB)).toMatchObject({ code: 0 });
    const twice = await runCli(b, into, inB);
    expect(twice).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the database is not empty: it has 120 users'),
    });

    const second = await startServer(b, inB);
    const login = (email: string, password: string) =>
      post(second, key.value, '/v1/auth/provider/local/login', { email, password });
    expect((await login('user7@example.com', 'a new password')).status).toBe(200);
    expect((await login('user7@example.com', PASSWORD)).status).toBe(400);
    expect((await login('user8@example.com', PASSWORD)).status).toBe(200);
    const list = await call(second, 'GET', '/v1/user?email=user9@example.com', {
      headers: { authorization: key.value },
    });
    expect(list.body.data).toMatchObject([{ id: idOf(9), attributes: { a: 1 } }]);
    expect((await runCli(b, ['audit', 'verify'], inB)).code).toBe(0);

    const there = path.join(b, 'there');
    expect((await runCli(b, ['export', '--to', there], inB)).code).toBe(0);
    mkdirSync(path.join(c, 'data'), { mode: 0o700 });
    copyFileSync(path.join(a, 'data/keys.json'), path.join(c, 'data/keys.json'));
    await runCli(c, ['init']);
    const stream = await runCli(b, ['export', '--to', '-'], inB);
    expect((await piped(c, ['import', 'rekey', '--yes'], stream.stdout)).code).toBe(0);
    const back = path.join(c, 'back');
    expect((await runCli(c, ['export', '--to', back])).code).toBe(0);
    const textOf = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');
    for (const name of readdirSync(there)) {
      // Each export and each import is recorded.
      if (/^(manifest|audit_chains)/.test(name)) continue;
      const [before, after] = [textOf(there, name), textOf(back, name)];
      if (name === 'audit_entries.jsonl') {
        const lines = new Set(after.split('\n'));
        expect(before.split('\n').filter((line) => !lines.has(line))).toEqual([]);
      } else expect({ name, text: after }).toEqual({ name, text: before });
    }
    const seen =
      'select service_id, user_id, is_enabled, name_key, email_key from visible_users order by 1, 2';
    const visible = (folder: string) => {
      const database = new DatabaseSync(databaseIn(folder), { readOnly: true });
      const found = database.prepare(seen).all();
      database.close();
      return found;
    };
    expect(visible(c)).toEqual(visible(a));

    const revoke = '/v1/auth/provider/local/update-password/revoke';
    expect((await post(second, key.value, revoke, { token })).status).toBe(200);
    expect((await login('user7@example.com', 'a new password')).status).toBe(400);
  },
);
