import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  openIdStandIn,
} from '../../../packages/adapters-providers/test/openid-stand-in.ts';
import { aFolder, afterAllTests, runCli, type Server, startServer } from '../../harness.ts';
import { type Client, clientOf } from './client.ts';
import type { Name } from './list.ts';

/** An integration test of mojzu/sso, by its name there and in a sentence. */
export function peer(name: Name, says: string, run: () => Promise<void>): void {
  test(`${name}: ${says}`, run);
}

const TENANT = '11111111-2222-4333-8444-555555555555';

/** Nobody's key. */
export const NO_KEY = 'f'.repeat(42);
/** Nothing's id. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';
export const PASSWORD = 'guest password';
export const WRONG_PASSWORD = 'guest passwords';
export const NO_EMAIL = 'invalid-email';

export const anEmail = (): string => `${randomUUID()}@test.com`;

/** A service with a key, which it calls with. */
export type Service = Client & {
  readonly id: string;
  readonly key: string;
  readonly keyId: string;
  /** Calls with the key of a user as well. */
  withUser(userKey: string): Client;
};

export type User = { readonly id: string; readonly email: string; readonly updated_at: string };

/** A server for the tests of a file, with a root key. */
export function aSso() {
  let server: Server;
  let root: Client;
  const as = (key: string, userKey?: string) => clientOf(() => server, key, userKey);

  const atEnd = afterAllTests();
  beforeAll(async () => {
    const folder = aFolder(atEnd);
    const { stdout } = await runCli(folder, ['create-root-key', 'tests', '--json']);
    root = as(JSON.parse(stdout).key.value);
    // A tenant of Microsoft, as far as people are sent there.
    const microsoft = await openIdStandIn({ returnUrls: ['http://localhost'], tenant: TENANT });
    atEnd(microsoft.close);
    const env = {
      MICROSOFT_CLIENT_ID: CLIENT_ID,
      MICROSOFT_CLIENT_SECRET: CLIENT_SECRET,
      MICROSOFT_URL: microsoft.url,
      MICROSOFT_TENANTS: TENANT,
    };
    server = await startServer(folder, env, undefined, atEnd);
  });

  return {
    get server(): Server {
      return server;
    },
    get root(): Client {
      return root;
    },
    /** Calls with a key that is nobody's. */
    stranger: as(NO_KEY),

    async aService(): Promise<Service> {
      const { data: service } = await root.ok('ServiceCreate', {
        is_enabled: true,
        name: 'test',
        url: 'http://localhost',
        provider_local_url: 'http://localhost',
        provider_github_oauth2_url: 'http://localhost',
        provider_microsoft_oauth2_url: 'http://localhost',
      });
      const { data } = await root.ok('KeyCreate', {
        is_enabled: true,
        type: 'KEY',
        name: 'test',
        service_id: service.id,
      });
      const key: string = data.value;
      return {
        id: service.id,
        key,
        keyId: data.key.id,
        withUser: (userKey) => as(key, userKey),
        ...as(key),
      };
    },
  };
}

/** A user whom that caller makes. */
export async function aUser(by: Client, more: Record<string, unknown> = {}): Promise<User> {
  const sent = { is_enabled: true, name: 'user-name', email: anEmail(), ...more };
  const { data } = await by.ok('UserCreate', sent);
  expect(data).toMatchObject({ is_enabled: sent.is_enabled, name: sent.name, email: sent.email });
  return data;
}

/** A user with a password. */
export const aUserWithPassword = (by: Client, more: Record<string, unknown> = {}): Promise<User> =>
  aUser(by, {
    password_allow_reset: false,
    password_require_update: false,
    password: PASSWORD,
    ...more,
  });

/** A key of a user at a service. */
export async function aKey(service: Service, user: User, type: 'KEY' | 'TOKEN' | 'TOTP') {
  const sent = { is_enabled: true, type, name: 'key-name', user_id: user.id };
  const { data } = await service.ok('KeyCreate', sent);
  expect(data.key).toMatchObject({ name: 'key-name', service_id: service.id, user_id: user.id });
  return { id: data.key.id as string, value: data.value as string };
}

/** A user of a service who can log in, and the answer of a login. */
export async function aLogin(service: Service) {
  const user = await aUserWithPassword(service);
  await aKey(service, user, 'TOKEN');
  const login = await service.ok('AuthLocalLogin', { email: user.email, password: PASSWORD });
  expect(login.user.id).toBe(user.id);
  return login;
}

/** The access token of a login is good. */
export async function verifies(service: Service, { user, access }: { user: User; access: object }) {
  const { token } = access as { token: string };
  const verified = await service.ok('AuthTokenVerify', { token });
  expect(verified).toMatchObject({ user: { id: user.id }, access });
}

/** What a refresh answers, with an access token that is another one and expires later. */
export async function refreshes(
  service: Service,
  login: Awaited<ReturnType<typeof aLogin>>,
): Promise<Awaited<ReturnType<typeof aLogin>>> {
  // Tokens expire at whole seconds.
  await afterMs((Math.floor(Date.now() / 1000) + 1) * 1000 - 1);
  const refreshed = await service.ok('AuthTokenRefresh', { token: login.refresh.token });
  expect(refreshed.user.id).toBe(login.user.id);
  expect(refreshed.access.token).not.toBe(login.access.token);
  expect(refreshed.access.token_expires).not.toBe(login.access.token_expires);
  return refreshed;
}

/** Waits until the clock is past that millisecond. */
export const afterMs = (at: number) =>
  expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(at);

type Row = {
  readonly id: string;
  readonly name?: string;
  readonly created_at: string;
};

/** Five rows, three at a time: forward from each of the first two, and back from the last two of a page. */
export async function walk(
  list: (page: Record<string, unknown>) => Promise<readonly Row[]>,
  after: (row: Row) => Record<string, unknown>,
  before: (row: Row) => Record<string, unknown>,
  start: Record<string, unknown> = {},
): Promise<readonly Row[]> {
  const at = (rows: readonly Row[], place: number): Row => {
    const row = rows[place];
    if (row === undefined) throw new Error(`a page has no row ${place}`);
    return row;
  };
  const first = await list(start);
  const second = await list(after(at(first, 0)));
  const third = await list(after(at(first, 1)));
  const fourth = await list(before(at(third, 2)));
  const fifth = await list(before(at(fourth, 2)));
  const rows = [...first, at(second, 2), at(third, 2)];
  const pages = [first, second, third, fourth, fifth].map((page) => page.map(({ id }) => id));
  const ids = rows.map(({ id }) => id);
  expect(pages).toEqual([0, 1, 2, 1, 0].map((from) => ids.slice(from, from + 3)));
  expect(new Set(ids).size).toBe(5);
  return rows;
}
