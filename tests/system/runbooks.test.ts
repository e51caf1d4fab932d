import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import PostalMime from 'postal-mime';
import { expect, test, vi } from 'vitest';
import {
  aFolder,
  call,
  createService,
  image,
  post,
  runCli,
  runCommands,
  type Server,
  startMailbox,
  startServer,
} from '../harness.ts';
import { textOf } from '../sources.ts';

// Each command is a process, and a busy machine takes its time for each.
vi.setConfig({ testTimeout: 180_000 });

const [, section = ''] = /^## Runbooks\n(.*?)^## /ms.exec(textOf('docs/operations.md')) ?? [];
/** The commands of each runbook: a list for each block. */
const runbooks = new Map(
  section.split(/^### /m).flatMap((text, index) => {
    const blocks = [...text.matchAll(/```bash\n(.*?)```/gs)];
    const title = text.slice(0, text.indexOf('\n'));
    return index === 0 ? [] : [[title, blocks.map(([, lines = '']) => lines.trim().split('\n'))]];
  }),
);

/** A runbook that somebody works through, in a folder of their own. */
function opened(title: string) {
  const folder = aFolder();
  const blocks = [...(runbooks.get(title) ?? [])];
  return {
    folder,
    blocks,
    /** Runs the next block, each command of which must succeed, and answers what they printed. */
    async next(variables: Record<string, string>, env: Record<string, string> = {}) {
      const outputs: string[] = [];
      for (const line of blocks.shift() ?? []) {
        const setup = [
          ...Object.entries(variables).map(([name, value]) => `${name}='${value}'`),
          ...Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
          `rekey() { '${process.execPath}' '${image.cli}' "$@"; }`,
        ];
        const { code, stdout, stderr } = await runCommands(folder, [...setup, line].join('\n'));
        expect({ line, code, stdout, stderr }).toMatchObject({ line, code: 0, stderr: '' });
        outputs.push(stdout);
      }
      return outputs;
    },
  };
}
type Book = ReturnType<typeof opened>;

const EMAIL = 'ada@example.com';
const PASSWORD = 'first password';
const CHANGED = 'second password';

const form = (server: Server, method: string, route: string, fields: object, token?: string) =>
  call(server, method, route, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(fields as Record<string, string>),
  });

async function signUp(server: Server, email = EMAIL): Promise<string> {
  const fields = { name: 'Ada', email, password: PASSWORD };
  expect(await form(server, 'POST', '/users/create', fields)).toMatchObject({ status: 200 });
  return logIn(server, PASSWORD, email);
}

async function logIn(server: Server, password: string, email = EMAIL): Promise<string> {
  const answer = await form(server, 'POST', '/users/login', { email, password });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.token;
}

async function change(server: Server, token: string): Promise<void> {
  const fields = { email: EMAIL, password: PASSWORD, newPassword: CHANGED };
  const changed = await form(server, 'PUT', '/users/update/password', fields, token);
  expect(changed).toMatchObject({ status: 200 });
}

const isLive = async (server: Server, token: string): Promise<boolean> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await call(server, 'GET', '/users/sessions', { headers })).status === 200;
};

const cliJson = async (folder: string, args: string[], env?: Record<string, string>) => {
  const { code, stdout, stderr } = await runCli(folder, [...args, '--json'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const idOf = async (folder: string): Promise<string> =>
  (await cliJson(folder, ['user', 'show', EMAIL])).user.id;

/** The token of the mail of that kind, as soon as the server wrote it into the folder. */
async function linkOf(folder: string, kind: string): Promise<string> {
  const mails = path.join(folder, 'data/mail');
  const find = async () => {
    for (const name of readdirSync(mails).filter((each) => each.endsWith('.eml'))) {
      const { text = '' } = await PostalMime.parse(readFileSync(path.join(mails, name)));
      const [, token] = /token=([\w.-]+)/.exec(text) ?? [];
      if (token?.includes(`.${kind}.`)) return token;
    }
    return null;
  };
  await expect.poll(find, { timeout: 60_000 }).not.toBeNull();
  return (await find()) ?? '';
}

/** All keys of the file are that much older now. */
function age(folder: string, ms: number): void {
  const file = path.join(folder, 'data/keys.json');
  const keys = JSON.parse(readFileSync(file, 'utf8'));
  for (const list of Object.values(keys)) {
    if (Array.isArray(list)) for (const key of list) key.createdAt -= ms;
  }
  writeFileSync(file, JSON.stringify(keys));
}

/** What each runbook is for, and what it promises. */
const scenarios: Readonly<Record<string, (book: Book) => Promise<void>>> = {
  'An owner wants the account back': async ({ folder, next }) => {
    const server = await startServer(folder);
    await change(server, await signUp(server));
    const USER_ID = await idOf(folder);
    const link = await linkOf(folder, 'update_password');
    expect(await form(server, 'POST', '/local', { token: link })).toMatchObject({ status: 200 });

    const [found, locks, shown] = await next({ EMAIL, USER_ID });
    expect(found).toContain(USER_ID);
    expect(locks).toContain(USER_ID);
    expect(shown).toMatch(/^\s*is_locked +true$/m);
    expect((await runCli(folder, ['user', 'enable', USER_ID])).code).toBe(1);
    const [, mails] = await next({ USER_ID });
    expect(mails).toMatch(/ recover +(?:waiting|sent) /);

    const token = await linkOf(folder, 'recover');
    const taken = { token, password: 'a password of tomorrow' };
    expect(await form(server, 'POST', '/local', taken)).toMatchObject({ status: 200 });
    await logIn(server, taken.password);
    expect((await cliJson(folder, ['user', 'show', EMAIL])).user.is_locked).toBe(false);
  },

  'A service key leaked': async ({ folder, next }) => {
    const server = await startServer(folder);
    const { service, key } = await createService(folder);
    const person = { name: 'Ada', email: EMAIL, password: PASSWORD, token_key: true };
    await post(server, key.value, '/v1/user', person);
    const login = await post(server, key.value, '/v1/auth/provider/local/login', {
      email: EMAIL,
      password: PASSWORD,
    });
    expect(login.status).toBe(200);

    const [services, made = ''] = await next({ SERVICE: service.id });
    expect(services).toContain(service.id);
    const [value = ''] = /rks_[\w-]+/.exec(made) ?? [];
    expect((await post(server, key.value, '/v1/key', {})).status).toBe(401);
    expect((await post(server, value, '/v1/key', {})).status).toBe(400);

    const [entries, sessions, ended] = await next({ SERVICE: service.id, EMAIL });
    expect(entries).toMatch(/sso:AuthLocalLogin .* 127\.0\.0\.1$/m);
    expect(sessions).toContain('127.0.0.1');
    expect(ended).toBe('1 session is over.\n');
    const { token } = login.body.access;
    expect((await post(server, value, '/v1/auth/token/verify', { token })).status).toBe(400);
  },

  'The key file leaked': async ({ folder, next }) => {
    const server = await startServer(folder);
    const token = await signUp(server);
    await change(server, token);
    const link = await linkOf(folder, 'update_password');

    const [rotated] = await next({});
    for (const purpose of ['signing', 'pepper', 'link', 'audit']) {
      expect(rotated).toContain(purpose);
    }
    // The two minutes, of which a server needs one second to read the new keys.
    await expect.poll(() => server.output(), { timeout: 30_000 }).toContain('"msg":"keys changed"');
    age(folder, 150_000);
    const [removed, left, verified] = await next({});
    expect(
      removed
        ?.match(/^ {2}\w+/gm)
        ?.map((each) => each.trim())
        .sort(),
    ).toEqual(['device', 'encryption', 'link', 'signing', 'throttle']);
    expect(left?.match(/^pepper /gm)).toHaveLength(2);
    expect(verified).not.toContain('FAIL');

    await expect.poll(() => isLive(server, token), { timeout: 30_000 }).toBe(false);
    expect(await form(server, 'POST', '/local', { token: link })).toMatchObject({ status: 400 });
    await logIn(server, CHANGED);
  },

  'Mail does not arrive': async ({ folder, next }) => {
    const refused = new Set([EMAIL]);
    const mailbox = await startMailbox(0, (address) => refused.has(address));
    const env = { SMTP_URL: mailbox.url };
    const server = await startServer(folder, env);
    const token = await signUp(server);
    await change(server, token);
    const dead = async () =>
      (await cliJson(folder, ['outbox', 'list', '--state', 'dead'], env)).deliveries;
    await expect.poll(async () => (await dead()).length, { timeout: 60_000 }).toBe(2);
    const moved = { newEmail: 'ada@elsewhere.example' };
    const update = await form(
      server,
      'PUT',
      '/users/update/email',
      { ...moved, email: EMAIL },
      token,
    );
    expect(update).toMatchObject({ status: 200 });
    await expect.poll(async () => (await dead()).length, { timeout: 60_000 }).toBe(3);
    const [{ id: DELIVERY }] = (await dead()).filter(
      ({ kind }: { kind: string }) => kind === 'update_password',
    );

    const [examined, waiting, given, sent] = await next({ YOU: 'me@example.com' }, env);
    expect(examined).toMatch(/^ok +mail /m);
    expect(waiting).toBe('There are none.\n');
    expect(given).toMatch(/ update_password +dead .* SMTP 550 at RCPT TO$/m);
    expect(sent).toContain('me@example.com');

    refused.clear();
    const before = mailbox.mails.length;
    const [corrected, requeued] = await next({ DELIVERY }, env);
    expect(corrected).toContain('is due at the address that the account has now');
    expect(requeued).toMatch(/^2 due again\./);
    const mails = await Promise.all([0, 1, 2].map((index) => mailbox.mail(before + index)));
    const told = mails.find(({ messageId }) => messageId?.includes(DELIVERY));
    expect(told?.recipients).toEqual([moved.newEmail]);
  },

  'A user cannot log in': async ({ folder, next }) => {
    const server = await startServer(folder);
    await signUp(server);
    const wrong = () =>
      form(server, 'POST', '/users/login', { email: EMAIL, password: 'wrong password' });
    for (const _ of Array.from({ length: 6 })) await wrong();
    await runCli(folder, ['user', 'disable', EMAIL]);
    await wrong();

    const [shown, entries, tries, keys] = await next({ EMAIL });
    expect(shown).toMatch(/^\s*is_enabled +false$/m);
    expect(entries).toMatch(/ sso:AuthLocalLogin +failure .* invalid_credentials$/m);
    expect(tries).toMatch(/ account +127\.0\.0\.1 /);
    expect(keys).toContain('TOKEN');
    expect(await next({ EMAIL })).toEqual(['The tries are forgotten.\n']);
    await wrong();
    const [latest] = (await runCli(folder, ['audit', 'list', '--user', EMAIL])).stdout
      .split('\n')
      .filter((line) => line.includes('sso:AuthLocalLogin'));
    expect(latest).toMatch(/ invalid_credentials, user_disabled$/);
  },

  'The database is gone': async ({ folder, next }) => {
    const [BACKUP, KEYS] = [path.join(folder, 'backup'), path.join(folder, 'keys')];
    const server = await startServer(folder);
    const token = await signUp(server);
    await runCli(folder, ['backup', BACKUP, '--keys-to', KEYS]);
    await change(server, token);
    server.signal('SIGKILL');
    await server.exit;
    rmSync(path.join(folder, 'data/rekey.db'));

    const [, , , examined, verified] = await next({ BACKUP, KEYS });
    expect(examined).toMatch(/^ok +database /m);
    expect(verified).toMatch(/^ok /m);
    expect(verified).not.toContain('FAIL');
    expect(await next({})).toEqual(['1 session is over.\n']);
    expect(readdirSync(path.join(folder, 'data.lost'))).toContain('keys.json');

    const restored = await startServer(folder);
    expect(await isLive(restored, token)).toBe(false);
    await logIn(restored, PASSWORD);
  },

  'A wave of attacks': async ({ folder, next }) => {
    const server = await startServer(folder);
    const token = await signUp(server);
    const guess = (email: string) =>
      form(server, 'POST', '/users/login', { email, password: 'wrong password' });
    for (const _ of Array.from({ length: 7 })) await guess(EMAIL);
    await guess('nobody@example.com');
    expect((await post(server, 'rks_made-up', '/v1/user', {})).status).toBe(401);

    // As if the minute were over that they are summed in.
    const database = new DatabaseSync(path.join(folder, 'data/rekey.db'), { timeout: 5000 });
    database.exec('update audit_sums set ends_at = ends_at - 60000');
    database.close();

    const [throttled, failed, keys] = await next({ EMAIL });
    expect(throttled).toContain('rekey:Throttle');
    expect(failed).toMatch(/ sso:AuthLocalLogin +failure .* 127\.0\.0\.1 /);
    expect(keys).toMatch(/ rekey:KeyAuth +failure /);
    await next({ EMAIL });
    expect(await isLive(server, token)).toBe(false);
    expect((await cliJson(folder, ['user', 'show', EMAIL])).user).toMatchObject({
      password_require_update: true,
    });
  },
};

test('each runbook has its scenario here, and each scenario a runbook', () => {
  expect([...runbooks.keys()].sort()).toEqual(Object.keys(scenarios).sort());
});

test.each(Object.entries(scenarios))(
  'the runbook "%s" works, each command of it',
  async (title, scenario) => {
    const book = opened(title);
    expect(book.blocks.length).toBeGreaterThan(0);
    await scenario(book);
    expect(book.blocks, 'a block that was not run').toEqual([]);
  },
);
