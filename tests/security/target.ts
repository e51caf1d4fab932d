import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { beforeAll, describe, expect, vi } from 'vitest';
import { compose } from '../../apps/server/src/compose.ts';
import { readConfig } from '../../apps/server/src/config.ts';
import { type Behind, behind } from '../../packages/adapters-db/test/behind.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { createHttpServer } from '../../packages/adapters-http/src/index.ts';
import { formServiceId, operator, type Purpose } from '../../packages/domain/src/index.ts';
import { deliverAll, skips } from '../../packages/usecases/testing/index.ts';

export const LOCAL = '/v1/auth/provider/local';
export const LOGIN = `${LOCAL}/login`;
export const UPDATE = `${LOCAL}/update-password`;
export const REVOKE = `${UPDATE}/revoke`;
export const PASSWORD = 'correct horse';
export const NEW_PASSWORD = 'battery staple';
/** Well-formed, and of nothing. */
export const NO_ID = '01900000-0000-7000-8000-00000000dead';

export type Answer = {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
};

type More = {
  /** The key of a service instead of the first one's; null for none. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly from?: string;
};

/** The person that a mail is for, and the password of the account. */
export type Owner = { readonly id: string; readonly email: string; readonly password: string };
export type Target = Awaited<ReturnType<typeof aTarget>>;

const hasPostgres = (await freshPostgres()) !== null;

/** Describes attacks on the whole server, once on each database. */
export function attack(
  title: string,
  attacks: (target: () => Target) => void,
  env: Record<string, string> = {},
): void {
  for (const name of ['SQLite', 'PostgreSQL']) {
    const isMissing = name === 'PostgreSQL' && !hasPostgres;
    describe.skipIf(skips(isMissing, `${title}: PostgreSQL cannot run here`))(
      `${title} (${name})`,
      () => {
        let target: Target;
        beforeAll(async () => {
          // Of its own: what one attack leaves behind, waits for one, must not meet another.
          const postgres = name === 'PostgreSQL' ? await freshPostgres() : null;
          target = await aTarget({ ...(postgres !== null && { DATABASE_URL: postgres }), ...env });
          return target.close;
        });
        attacks(() => target);
      },
    );
  }
}

/** The keys of all targets: RSA keys take a while to make, and two targets on one database share theirs. */
let keys: Buffer | undefined;
let targets = 0;

/** The whole server in this process, on a database of its own unless told, with two services that use it. */
export async function aTarget(env: Record<string, string> = {}) {
  targets += 1;
  const home = mkdtempSync(path.join(tmpdir(), 'rekey-attack-'));
  const keysFile = path.join(home, 'keys.json');
  if (keys) writeFileSync(keysFile, keys, { mode: 0o600 });
  // Cheaper than an operator may have it: what is attacked here is never the price of a hash.
  const bcryptCost = Number(env.BCRYPT_COST ?? 4);
  const settings = readConfig({
    DATABASE_URL: `sqlite:${home}/rekey.db`,
    KEYS_FILE: keysFile,
    MAIL_DIR: `${home}/mail`,
    PUBLIC_URL: 'http://rekey.test',
    // Tests that are not about throttling must not run into it.
    THROTTLE_ACCOUNT_FREE: '1000000',
    THROTTLE_CLIENT_PER_MINUTE: '1000000',
    THROTTLE_CHANGES_PER_HOUR: '1000000',
    ...env,
    BCRYPT_COST: '10',
  });
  const config = { ...settings, bcryptCost };
  const rekey = await compose(config);
  keys ??= readFileSync(keysFile);
  const lines: string[] = [];
  /** All that metrics could be made of. */
  const watched: string[] = [];
  const keep = (fields: object, message: string) => {
    lines.push(JSON.stringify({ ...fields, message }));
  };
  const { services, keys: keyRoom } = rekey.useCases;
  await services.openFormService.execute(operator);
  const { app, drain } = createHttpServer({
    useCases: rekey.useCases,
    jwks: rekey.jwks,
    isReady: () => rekey.ping().then(() => true),
    log: { info: keep, error: keep },
    watch: {
      answered: (request) => watched.push(JSON.stringify(request)),
      throttled: (limit) => watched.push(limit),
      replayed: () => watched.push('replayed'),
    },
    version: '0.0.0-attacked',
    options: config,
  });
  await app.ready();
  const behindIt = await behind(config.databaseUrl);
  const database: Behind = {
    ...behindIt,
    /** What is pending has its place first, as within a moment where a server runs. */
    async tables(except) {
      await rekey.useCases.maintenance.sequence.execute(operator, { isPatient: true });
      return behindIt.tables(except);
    },
  };
  const shop = await services.createServiceWithKey.execute(operator, {
    name: 'Shop',
    url: 'https://shop.example',
    providerLocalUrl: 'https://shop.example/account',
  });
  const other = await services.createServiceWithKey.execute(operator, {
    name: 'Other',
    url: 'https://other.example',
  });
  const root = await keyRoom.createRootKey.execute(operator, { name: 'operator' });
  const forms = { name: 'backend', serviceId: formServiceId };
  const verifierKey = await keyRoom.createKey.execute(operator, forms);

  /** A request as it is, with no header but those given. */
  async function send(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    payload?: string | Buffer,
    from?: string,
  ): Promise<Answer> {
    const response = await app.inject({
      method: method as 'POST',
      url,
      headers,
      ...(payload !== undefined && { payload }),
      ...(from !== undefined && { remoteAddress: from }),
    });
    const text = response.body;
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  /** A call of the JSON dialect, by the first service unless told. */
  function json(method: string, url: string, body?: unknown, more: More = {}): Promise<Answer> {
    const { key = shop.value, headers, from } = more;
    const all = {
      ...(key !== null && { authorization: key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return send(method, url, all, payload, from);
  }

  /** A call of the form dialect, or a form of a page. */
  function form(
    method: string,
    url: string,
    fields: Record<string, string>,
    bearer?: string,
    more: Pick<More, 'headers' | 'from'> = {},
  ): Promise<Answer> {
    const all = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...more.headers,
    };
    return send(method, url, all, new URLSearchParams(fields).toString(), more.from);
  }

  /** All that is stored, a line for each row, but for what counts or records the tries themselves. */
  async function state(): Promise<string[]> {
    const tables = await database.tables(/throttle|audit|feeds/);
    return Object.entries(tables)
      .flatMap(([name, rows]) =>
        rows
          .filter(({ type }) => type !== 'throttle.reached')
          .map((row) => `${name} ${JSON.stringify(row)}`),
      )
      .sort();
  }

  let users = 0;
  const target = {
    app,
    rekey,
    config,
    database,
    /** The lines of the log. */
    lines,
    watched,
    shop: { ...shop.service, key: shop.value },
    other: { ...other.service, key: other.value },
    rootKey: root.value,
    /** Of the built-in service. */
    verifierKey: verifierKey.value,
    send,
    json,
    form,
    state,

    /** The answer of an attack that leaves everything as it was. */
    async unchanged<T>(attack: () => Promise<T>): Promise<T> {
      const before = await state();
      const answer = await attack();
      expect(await state()).toEqual(before);
      return answer;
    },

    /** Listens, for attacks on the wire; answers where. */
    async listen(): Promise<{ url: string; port: number }> {
      if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, port };
    },

    newEmail(): string {
      users += 1;
      return `owner-${users}-${targets}@example.com`;
    },

    /** A user of the first service, unless told, with a TOKEN key of it. */
    async enrol({ key = shop.value, ...details }: Record<string, unknown> & { key?: string } = {}) {
      const created = await json(
        'POST',
        '/v1/user',
        {
          is_enabled: true,
          name: 'Ada',
          email: target.newEmail(),
          password: PASSWORD,
          ...details,
        },
        { key },
      );
      expect(created).toMatchObject({ status: 200 });
      const { id, email } = created.body.data;
      const token = await target.addKey(id, 'TOKEN', key);
      return {
        id: id as string,
        email: email as string,
        password: PASSWORD,
        keyId: token.id,
        keyValue: token.value,
      };
    },

    async addKey(userId: string, type: string, key: string = shop.value) {
      const body = { is_enabled: true, type, name: 'web', user_id: userId };
      const created = await json('POST', '/v1/key', body, { key });
      expect(created).toMatchObject({ status: 200 });
      const { value, key: made } = created.body.data;
      return { id: made.id as string, value: value as string };
    },

    /** The tokens of a login that must succeed. */
    async logIn({ email, password }: Pick<Owner, 'email' | 'password'>, key: string = shop.value) {
      const answer = await json('POST', LOGIN, { email, password }, { key });
      expect(answer).toMatchObject({ status: 200 });
      return {
        access: answer.body.access.token as string,
        refresh: answer.body.refresh.token as string,
      };
    },

    /** A user of the form dialect. */
    async signUp(): Promise<Owner> {
      const email = target.newEmail();
      const created = await form('POST', '/users/create', {
        name: 'Orion',
        email,
        password: PASSWORD,
      });
      expect(created).toMatchObject({ status: 200 });
      return { id: created.body.hash, email, password: PASSWORD };
    },

    /** The token of a login in the form dialect. */
    async formLogIn({ email, password }: Pick<Owner, 'email' | 'password'>): Promise<string> {
      const answer = await form('POST', '/users/login', { email, password });
      expect(answer).toMatchObject({ status: 200 });
      return answer.body.token;
    },

    changePassword({ email, password }: Owner, newPassword = NEW_PASSWORD, more: More = {}) {
      return json('POST', UPDATE, { email, password, new_password: newPassword }, more);
    },

    /** A service of its own. */
    async newService(name: string) {
      const input = { name, url: 'https://new.example' };
      const { service, value } = await services.createServiceWithKey.execute(operator, input);
      return { id: service.id, key: value };
    },

    /** Records the failures that were summed until now, as if their minute were over. */
    async recordSums(): Promise<void> {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
      try {
        await rekey.useCases.audit.recordSums.execute(operator);
      } finally {
        vi.useRealTimers();
      }
    },

    /** Sends every mail that is owed. */
    async deliver(): Promise<void> {
      await deliverAll(rekey.useCases);
    },

    /** The mails that went to this address, the oldest first, after all that are owed were sent. */
    async mailsTo(address: string): Promise<(Email & { raw: string })[]> {
      await target.deliver();
      const files = readdirSync(config.mailDir).filter((name) => name.endsWith('.eml'));
      const mails = await Promise.all(
        files.map(async (name) => {
          const raw = readFileSync(path.join(config.mailDir, name), 'utf8');
          return { ...(await PostalMime.parse(raw)), raw };
        }),
      );
      return mails
        .filter(({ to }) => to?.some((recipient) => recipient.address === address))
        .sort((a, b) => String(a.messageId).localeCompare(String(b.messageId)));
    },

    /** The token of the latest link for that purpose that was mailed to this address. */
    async linkTokenOf(address: string, purpose: Purpose = 'update_password'): Promise<string> {
      const links = (await target.mailsTo(address))
        .map(({ text }) => /https?:\/\/\S+token=\S+/.exec(text ?? '')?.[0] ?? '')
        .filter((link) => link.includes(`type=${purpose}&`));
      const token = links.length > 0 && new URL(links.at(-1) ?? '').searchParams.get('token');
      if (!token) throw new Error(`no link for ${purpose} in the mails`);
      return token;
    },

    async close(): Promise<void> {
      await drain({ ms: 0 });
      await database.close();
      await rekey.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return target;
}

/** An answer as the wire has it, without the moment it was given and the request it is for. */
export function bytesOf({ status, headers, text }: Answer): string {
  const own = ['date', 'x-request-id'];
  const lines = Object.entries(headers).filter(([name]) => !own.includes(name));
  return [status, ...lines.map((line) => line.join(': ')), text].join('\n');
}
