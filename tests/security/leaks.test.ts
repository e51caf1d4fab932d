import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { aFolder, runCli, startServer } from '../harness.ts';
import { expectGuarded } from './guarded.ts';
import { bodies, type Example, examples, guarded, headersOf, payloadOf, urlOf } from './routes.ts';
import { type Answer, attack, LOCAL, NEW_PASSWORD, PASSWORD } from './target.ts';

type Request = { method: string; url: string; headers: Record<string, string>; payload?: string };
type Credentials = { key: string; bearer: string };

/** Fields that are stored as they are sent, where they belong: no secret is asked for in them. */
const STORED = ['name'];

/** Requests that hold the secret in every place in turn: each field, an unknown one, its name, the query, the path, headers. */
function requestsWith(secret: string, credentials: Credentials): Request[] {
  return [
    ...bodies.flatMap((example) => inBody(secret, example, example.body, credentials)),
    ...examples.flatMap((example) => around(secret, example, credentials)),
    ...[`/${secret}`, `/v1/${secret}/%zz`, `/local/${secret}`].map((url) => ({
      method: 'GET',
      url,
      headers: { authorization: credentials.key },
    })),
  ];
}

function inBody(
  secret: string,
  example: Example,
  body: NonNullable<Example['body']>,
  credentials: Credentials,
): Request[] {
  const { method } = example;
  const url = urlOf(example);
  const usual = headersOf(example, credentials);
  const send = (fields: object, headers = {}): Request => ({
    method,
    url,
    headers: { ...usual, ...headers },
    payload: payloadOf(example, fields as Record<string, unknown>),
  });
  const fields = Object.keys(body);
  return [
    ...fields
      .filter((field) => !STORED.includes(field))
      .map((field) => send({ ...body, [field]: secret })),
    ...fields.map((field) => send({ ...body, [field]: { [secret]: secret } })),
    send({ ...body, [secret]: secret }),
    send({ ...body, name: 7, more: secret }),
    send(body, { 'content-type': `text/${secret}` }),
    send(
      { email: 7 },
      {
        cookie: `a=${secret}`,
        referer: `http://${secret}/`,
        'x-api-key': secret,
        'x-forwarded-for': secret,
        host: secret,
      },
    ),
    // A parser likes to repeat the text that it trips over.
    { method, url, headers: usual, payload: `{"${secret}` },
    { method, url, headers: usual, payload: secret },
  ];
}

function around(secret: string, example: Example, credentials: Credentials): Request[] {
  const { method, params, query, body } = example;
  const usual = headersOf(example, credentials);
  const payload = body === null ? {} : { payload: payloadOf(example, body) };
  const empty = body === null ? {} : { payload: payloadOf(example, {}) };
  const asked = Object.fromEntries(Object.keys(query).map((name) => [name, secret]));
  const urls = [
    urlOf(example, { ...query, [secret]: secret }),
    urlOf(example, { token: secret, email: secret }),
    ...Object.keys(query).map((name) => urlOf(example, { ...query, [name]: secret })),
    ...(Object.keys(query).length > 0 ? [urlOf(example, asked)] : []),
    ...Object.keys(params).map((name) =>
      urlOf({ ...example, params: { ...params, [name]: secret } }),
    ),
  ];
  return [
    ...urls.flatMap((url) => [
      { method, url, headers: usual, ...empty },
      { method: 'DELETE', url, headers: usual },
    ]),
    ...['', 'Bearer ', 'key ', 'Basic '].map((scheme) => ({
      method,
      url: urlOf(example, query),
      headers: { ...usual, authorization: `${scheme}${secret}` },
      ...payload,
    })),
  ];
}

/** The forms in which a secret might lie around. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    // In the middle of more bytes, base64 has three spellings.
    ...[0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .slice(shift + 1, -4),
    ),
  ];
}

function expectNowhere(secrets: Record<string, string>, places: Record<string, string>): void {
  for (const [place, text] of Object.entries(places)) {
    for (const [secret, value] of Object.entries(secrets)) {
      expect(value.length).toBeGreaterThan(5);
      const found = spellings(value).filter((spelling) => text.includes(spelling));
      expect({ place, secret, found: found.length }).toEqual({ place, secret, found: 0 });
    }
  }
}

/** Every file of a folder as bytes, in a text that has each byte as one character. */
function filesIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(folder, file), readFileSync(file, 'latin1')]),
  );
}

const namesOf = (some: readonly Example[]) => some.map(({ name }) => name);
const asText = (tables: object) => JSON.stringify(tables);
const PLANTED = 'Planted~9Jx-secret';

attack('a secret', (target) => {
  test('in any field, header, query or path of any route is found nowhere afterwards', async () => {
    const t = target();
    const bearer = await t.formLogIn(await t.signUp());
    const requests = requestsWith(PLANTED, { key: t.shop.key, bearer });
    expect(requests.length).toBeGreaterThan(200);
    const before = t.watched.length;
    const answers: string[] = [];
    for (const { method, url, headers, payload } of requests) {
      const answer = await t.send(method, url, headers, payload);
      expect(answer.status).not.toBe(500);
      // The page of a link, and a new key or user, hold what they are asked for.
      answers.push(
        `${JSON.stringify(answer.headers)}\n${answer.status === 200 ? '' : answer.text}`,
      );
    }
    expect(t.watched.length).toBeGreaterThanOrEqual(before + requests.length);
    const sqlite = t.config.databaseUrl.startsWith('sqlite:')
      ? path.dirname(t.config.databaseUrl.slice(7))
      : '';
    expectNowhere(
      { planted: PLANTED },
      {
        answers: answers.join('\n'),
        log: t.lines.join('\n'),
        metrics: t.watched.join('\n'),
        tables: asText(await t.database.tables()),
        ...filesIn(sqlite),
      },
    );
  });

  test('in a request that fails is neither told nor logged, whatever the database says of it', async () => {
    const t = target();
    const owner = await t.enrol();
    const person = await t.signUp();
    const used: Record<string, string> = {};
    /** Credentials of which no server has read anything that it could keep. */
    const fresh = async (name: string) => {
      const body = { name, service_id: t.shop.id };
      const made = await t.json('POST', '/v1/key', body, { key: t.rootKey });
      expect(made).toMatchObject({ status: 200 });
      const key = String(made.body.data.value);
      const bearer = await t.formLogIn(person);
      Object.assign(used, { [`key without ${name}`]: key, [`bearer without ${name}`]: bearer });
      return { key, bearer };
    };
    const reset = `${LOCAL}/reset-password`;
    expect(await t.json('POST', reset, { email: owner.email })).toMatchObject({ status: 200 });
    const link = await t.linkTokenOf(owner.email, 'reset_password');
    // A body that gets past the parsers, with the secret in it wherever a text may stand.
    const planted = (value: unknown, field: string) => {
      if (field.startsWith('email')) return `${PLANTED}@example.com`;
      const isFree = typeof value === 'string' && /password|name|token|key|totp/i.test(field);
      return isFree ? `${PLANTED}-${field}` : value;
    };
    const tables = Object.keys(await t.database.tables());
    const before = t.lines.length;
    const answers: { table: string; name: string; answer: Answer }[] = [];
    for (const table of tables) {
      const credentials = await fresh(table);
      await t.database.run(`alter table ${table} rename to gone`);
      try {
        for (const example of examples) {
          // A link that is none is refused before anything is read; without users, nothing spends a good one.
          const isLink = table === 'users' && example.errors.includes('invalid_one_time_token');
          const body = Object.entries(example.body ?? {}).map(([field, value]) => [
            field,
            isLink && field === 'token' ? link : planted(value, field),
          ]);
          const answer = await t.send(
            example.method,
            urlOf(example, { ...example.query, [PLANTED]: PLANTED }),
            headersOf(example, credentials),
            example.body === null ? undefined : payloadOf(example, Object.fromEntries(body)),
          );
          answers.push({ table, name: example.name, answer });
        }
      } finally {
        await t.database.run(`alter table gone rename to ${table}`);
      }
    }
    const failed = answers.filter(({ answer }) => answer.status === 500);
    const failedWithout = (table: string) =>
      failed.filter((each) => each.table === table).map(({ name }) => name);
    expect(failedWithout('keys')).toEqual(expect.arrayContaining(namesOf(guarded)));
    const hashing = examples.filter(({ errors }) => errors.includes('overloaded'));
    expect(hashing.length).toBeGreaterThan(5);
    expect(failedWithout('users')).toEqual(expect.arrayContaining(namesOf(hashing)));
    const inside = new RegExp(
      `${tables.join('|')}|gone|select|insert|sqlite|postgres|relation|\\.ts`,
    );
    for (const { answer } of failed) {
      expect(answer).toMatchObject({ status: 500 });
      expectGuarded(answer);
      if (typeof answer.body === 'object') {
        const members = ['code', 'detail', 'instance', 'status', 'title', 'type'];
        // What each dialect adds is the text of the detail.
        const added = ['error', 'message', 'violations'];
        const given = Object.keys(answer.body).filter((name) => !added.includes(name));
        expect(given.sort()).toEqual(members);
      }
      expect(answer.text).not.toMatch(inside);
    }
    const log = t.lines.slice(before).join('\n');
    expect(log).toContain('users');
    const secrets = { planted: PLANTED, email: owner.email, ...used, key: t.shop.key, link };
    // A new user holds the name and the address that it was made with.
    const refused = answers.filter(({ answer }) => answer.status >= 400);
    const told = refused.map(({ answer }) => answer.text).join('\n');
    expectNowhere(secrets, { log, answers: told });
  });

  test('that was put to use is stored nowhere in clear', async () => {
    const t = target();
    const owner = await t.enrol({ password: 'a password of their own' });
    const used = { ...owner, password: 'a password of their own' };
    const { access, refresh } = await t.logIn(used);
    const key = await t.addKey(owner.id, 'KEY');
    const totp = await t.addKey(owner.id, 'TOTP');
    await t.json('POST', '/v1/auth/token/refresh', { token: refresh });
    const user = await t.signUp();
    const encrypted = await t.formLogIn(user);
    await t.changePassword(used, 'and then another one');
    const link = await t.linkTokenOf(owner.email);
    const sqlite = t.config.databaseUrl.startsWith('sqlite:')
      ? path.dirname(t.config.databaseUrl.slice(7))
      : '';
    const { mail: _mail, ...files } = Object.groupBy(Object.entries(filesIn(sqlite)), ([name]) =>
      name.startsWith('mail') ? 'mail' : 'database',
    );
    const secrets = {
      password: used.password,
      'new password': 'and then another one',
      'service key': t.shop.key,
      'root key': t.rootKey,
      'TOKEN key': owner.keyValue,
      KEY: key.value,
      'TOTP seed': totp.value,
      access,
      refresh,
      encrypted,
      link,
    };
    expectNowhere(secrets, {
      log: t.lines.join('\n'),
      tables: asText(await t.database.tables()),
      ...Object.fromEntries(files.database ?? []),
    });
    const { link: _link, ...others } = secrets;
    expectNowhere(others, {
      mail: (await t.mailsTo(owner.email))
        .map(({ raw, text, html }) => `${raw}${text}${html}`)
        .join(),
    });
  });
});

describe('a real server that logs all it can', () => {
  test.for(['SQLite', 'PostgreSQL'])(
    'leaves no secret in its output and its files, on %s',
    // It sends a request for every place of every route.
    { timeout: 180_000 },
    async (name, { skip }) => {
      const url = name === 'SQLite' ? 'sqlite:./data/rekey.db' : await freshPostgres();
      if (url === null) return skip('PostgreSQL cannot run here');
      const folder = aFolder();
      const env = { DATABASE_URL: url, LOG_LEVEL: 'trace' };
      const made = await runCli(
        folder,
        ['create-service-with-key', 'Shop', 'https://shop.example', '--json'],
        env,
      );
      const key: string = JSON.parse(made.stdout).key.value;
      const server = await startServer(folder, env);
      const send = async ({ method, url, headers, payload }: Request) => {
        const { host: _host, ...sendable } = headers;
        const response = await fetch(`${server.url}${url}`, {
          method,
          headers: sendable,
          redirect: 'manual',
          ...(payload !== undefined && { body: payload }),
        });
        return { status: response.status, text: await response.text() };
      };
      const formType = { 'content-type': 'application/x-www-form-urlencoded' };
      const account = `email=ada%40example.com&password=${encodeURIComponent(PASSWORD)}`;
      await send({
        method: 'POST',
        url: '/users/create',
        headers: formType,
        payload: `name=Ada&${account}`,
      });
      const login = await send({
        method: 'POST',
        url: '/users/login',
        headers: formType,
        payload: account,
      });
      const bearer: string = JSON.parse(login.text).token;
      const change = `${account}&newPassword=${encodeURIComponent(NEW_PASSWORD)}`;
      const changed = await send({
        method: 'PUT',
        url: '/users/update/password',
        headers: { ...formType, authorization: `Bearer ${bearer}` },
        payload: change,
      });
      expect(changed.status).toBe(200);
      const answers = [];
      for (const request of requestsWith(PLANTED, { key, bearer })) {
        const answer = await send(request);
        if (answer.status >= 400) answers.push(answer.text);
      }
      const database = await behind(url.replace('./', `${folder}/`));
      const owed = async () => {
        const { deliveries = [] } = await database.tables(/^(?!deliveries$)/);
        return deliveries.filter((row) => row.sent_at === null);
      };
      await expect.poll(owed, { timeout: 30_000 }).toEqual([]);
      // Killed, and read before the database is closed, so that what is in the write-ahead log stays there to be looked at.
      server.signal('SIGKILL');
      await server.exit;
      const files = filesIn(path.join(folder, 'data'));
      const { deliveries = [], ...others } = await database.tables();
      await database.close();
      const mails = Object.keys(files).filter((file) => file.endsWith('.eml'));
      // A request for nobody leaves a row as well, to nobody.
      const sent = deliveries.filter(({ recipient }) => recipient !== '');
      expect(mails).toHaveLength(sent.length);
      // About the sign-up and the change.
      const kinds = sent.map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['validate_email', 'update_password']));
      const tables = asText({ deliveries, ...others });
      const secrets = {
        planted: PLANTED,
        key,
        bearer,
        password: PASSWORD,
        'new password': NEW_PASSWORD,
      };
      expect(name !== 'SQLite' || 'rekey.db-wal' in files).toBe(true);
      expectNowhere(secrets, {
        output: server.output(),
        answers: answers.join('\n'),
        tables,
        ...files,
      });
    },
  );
});
