import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { accessTokens, bcryptHasher, hashGate, linkTokens, secrets } from '@rekey/adapters-crypto';
import { addresses, types } from '../../packages/adapters-db/src/stores/audit-octets.ts';
import { sealQuality } from '../../packages/usecases/src/shared/known-quality.ts';
import { json, request, type Shot } from './client.ts';
import { digest, ISSUER, id, load, prepare, wordsOf } from './filling.ts';
import { type Server, startServer } from './processes.ts';

export const PASSWORD = 'correct horse';
const OTHER_PASSWORD = 'battery staple';
export const SERVICE_KEY = 'rks_bench';
const PURPOSE = 'update_password';
export const SERVICE_COLUMNS =
  'created_at, updated_at, is_enabled, name, url, provider_local_url, user_allow_register, user_email_text, sees_all_users, owner_recovery, require_factor, new_device_mail';
const MAIN = path.join(import.meta.dirname, '../../apps/server/src/main.ts');

/** How many users have keys and tokens whose values are known. */
export const KNOWN = 1000;
/** Of those keys. */
export const SCOPES = ['orders:read', 'orders:write', 'orders:ship'];

export type Sized = {
  readonly users: number;
  /** Of each user. */
  readonly sessions?: number;
  /** Entries of the audit, of each user. */
  readonly audits?: number;
  /** Mails that are owed. */
  readonly mails?: number;
};

/** A database that was filled behind Rekey's back, and all that it takes to run Rekey on it. */
export type Data = Awaited<ReturnType<typeof fill>>;

/** Makes a database with one service and so many users, who all have `PASSWORD`, a TOKEN key and open sessions. */
export async function fill(
  url: string | null,
  cost: number,
  { users, sessions = 1, audits = 0, mails = 0 }: Sized,
) {
  const { databaseUrl, keys, env } = await prepare(url, cost);
  const { each, idOf, octets, packed, literal } = wordsOf(databaseUrl);
  const now = Date.now();
  const place = { serviceId: id('service', 1), origin: { address: '192.0.2.1', client: null } };
  const sealing = {
    secrets: secrets(
      () => keys.seal,
      () => keys.throttle,
    ),
  };
  const hashing = { cost, peppers: () => keys.pepper, gate: hashGate(cost), ...sealing };
  const hash = await bcryptHasher(hashing).hash(PASSWORD, place);
  const service = id('service', 1);
  const later = now + 86_400_000;
  const statements = [
    `insert into services (id, ${SERVICE_COLUMNS})
     values ('${service}', ${now}, ${now}, 1, 'Shop', 'https://shop.example', 'https://shop.example/account', 1, '', 0, 0, 0, 0)`,
    `insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, scopes, digest)
     values ('${id('service', 2)}', ${now}, ${now}, 1, 0, 'KEY', 'shop', '${service}', null, '', '${digest(SERVICE_KEY)}')`,
    `insert into users (id, created_at, updated_at, is_enabled, is_locked, is_disabled_by_operator, is_admin, email_valid, email_proven, email_changed, name, email, locale, timezone, password_hash,
       credential_version, device_epoch, password_quality, password_allow_reset, password_require_update, created_by)
     select ${idOf('user')}, ${now}, ${now}, 1, 0, 0, 0, 0, 0, 0, 'User ' || i, 'user' || i || '@bench.example', 'en', 'Etc/UTC',
       '${hash}', 1, 1, null, 1, 0, '${service}' from ${each(users)}`,
    ...['all', service].map(
      (viewer) =>
        `insert into visible_users (service_id, user_id, is_enabled, name_key, email_key)
         select '${viewer}', ${idOf('user')}, 1, ${octets(`'User ' || i`)}, ${octets(`'user' || i || '@bench.example'`)}
         from ${each(users)}`,
    ),
    `insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, scopes, digest)
     select ${idOf('token')}, ${now}, ${now}, 1, 0, 'TOKEN', 'web', '${service}', ${idOf('user')}, '', 'token ' || i
     from ${each(users)}`,
    `insert into sessions (id, created_at, last_used_at, expires_at, ended_at, address, amr, user_id, service_id, key_id)
     select ${idOf('session')}, ${now}, ${now}, ${later}, null, '192.0.2.1', 'pwd', ${idOf('user', `(i - 1) % ${users} + 1`)}, '${service}',
       ${idOf('token', `(i - 1) % ${users} + 1`)} from ${each(users * sessions)}`,
    `insert into one_time_tokens (id, purpose, created_at, expires_at, spent_at, user_id, service_id, email, address, client, key_id)
     select ${idOf('right')}, '${PURPOSE}', ${now}, ${later}, null, ${idOf('user')}, '${service}', 'user' || i || '@bench.example',
       '192.0.2.1', null, '${keys.link[0].kid}' from ${each(Math.min(users, 200_000))}`,
    ...(audits === 0
      ? []
      : [
          // In a chain that nobody appends to: it is the size of the tables that is measured.
          `insert into audit_chains (chain, number, length, hash, pruned, pruned_hash, seal)
           values ('bench', 1, ${users * audits}, '', 0, null, '')`,
          `insert into audit_entries (place, id, created_at, type, user_id, subject, address, hash)
           select 1099511627776 + i, ${packed(`'7000-' || substr(${idOf('audit')}, 20)`)}, ${now} + i, ${literal(types.encode('sso:AuthLocalLogin'))},
             ${packed(idOf('user', `(i - 1) % ${users} + 1`))}, ${packed(idOf('session'))}, ${literal(addresses.encode('192.0.2.1'))},
             ${packed(idOf('right'))} from ${each(users * audits)}`,
        ]),
    ...(mails === 0
      ? []
      : [
          `insert into deliveries (id, created_at, channel, kind, token_id, user_id, service_id, recipient,
             recipient_domain, locale, timezone, deadline,
             attempts, due_at, sent_at, dead_at, reason)
           select ${idOf('delivery')}, ${now}, 'mail', '${PURPOSE}', ${idOf('right')}, ${idOf('user')}, '${service}',
             'user' || i || '@bench.example', 'bench.example', 'en', 'Etc/UTC', ${later}, 0, ${now}, null, null, null from ${each(mails)}`,
        ]),
    ...Array.from(
      { length: Math.min(users, KNOWN) },
      (_, index) =>
        `insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, scopes, digest)
         values ('${id('key', index + 1)}', ${now}, ${now}, 1, 0, 'KEY', 'web', '${service}', '${id('user', index + 1)}', '${SCOPES.join(' ')}', '${digest(keyValue(index + 1))}')`,
    ),
  ];
  await load(databaseUrl, chain(statements, qualities(sealing, users)));

  const tokens = accessTokens({
    keys: () => keys,
    clock: { now: Date.now },
    issuer: ISSUER,
    ttlS: 86_400,
  });
  const links = linkTokens(() => keys.link);
  const grant = (n: number) => ({
    sessionId: id('session', n),
    userId: id('user', n),
    serviceId: service,
  });

  return {
    databaseUrl,
    keys,
    env,
    users,
    /** Encrypted, as people have them; or signed, as services have them. */
    token: async (n: number, form: 'signed' | 'encrypted' = 'signed') => {
      const holder = { email: `user-${n}@example.com`, roles: ['user'] } as const;
      return (await tokens.issue(grant(n), form === 'encrypted' ? holder : undefined)).token;
    },
    linkToken: (n: number) =>
      links.make({ id: id('right', n), purpose: PURPOSE, keyId: keys.link[0].kid }),
  };
}

export const startRekey = (
  { env }: Pick<Data, 'env'>,
  more: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Server> => startServer(MAIN, { ...env, ...more }, { ready: '/health/ready', args });

const keyValue = (n: number) => `rku_bench${n}`;

function* chain(...parts: readonly Iterable<string>[]): Generator<string> {
  for (const part of parts) yield* part;
}

/** All users have logged in before: the quality of their passwords is known. */
function* qualities(ports: Parameters<typeof sealQuality>[0], users: number): Generator<string> {
  const AT_A_TIME = 1000;
  for (let first = 1; first <= users; first += AT_A_TIME) {
    const rows = Array.from({ length: Math.min(AT_A_TIME, users - first + 1) }, (_, index) => {
      const user = { id: id('user', first + index) };
      const quality = sealQuality(ports, { user, version: 1 }, { strength: 3, isPwned: null });
      return `('${user.id}', '${quality}')`;
    });
    yield `with known(user_id, quality) as (values ${rows.join(',')})
      update users set password_quality = quality from known where user_id = id`;
  }
}

const auth = { authorization: SERVICE_KEY };
export const LOCAL = '/v1/auth/provider/local';

const addressOf = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

const forwarded = (n: number) => ({ ...auth, 'x-forwarded-for': addressOf(n) });

/** Draws the same users in the same order in every run. */
export function draw(count: number): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state % count) + 1;
  };
}

export function logins({ users }: Data): () => Shot {
  const next = draw(users);
  return () => ({ bytes: loginOf(next()) });
}

/** A login of one user, from an address of its own or another. */
export function loginOf(n: number, address = addressOf(n)): Buffer {
  const body = { email: `user${n}@bench.example`, password: PASSWORD };
  return json(`${LOCAL}/login`, { ...auth, 'x-forwarded-for': address }, body);
}

/** Changes of passwords back and forth, no user twice at a time. */
export function updates(data: Data): () => Shot {
  return changes(data, (n, password, newPassword) =>
    json(`${LOCAL}/update-password`, forwarded(n), {
      email: `user${n}@bench.example`,
      password,
      new_password: newPassword,
    }),
  );
}

/** Changes of passwords by form, back and forth, with encrypted tokens. */
export function formUpdates(tokens: readonly string[]): () => Shot {
  return changes({ users: tokens.length }, (n, password, newPassword) =>
    request(
      'PUT',
      '/users/update/password',
      {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${tokens[n - 1]}`,
        'x-forwarded-for': forwarded(n)['x-forwarded-for'] ?? '',
      },
      new URLSearchParams({
        email: `user${n}@bench.example`,
        password,
        newPassword,
      }).toString(),
    ),
  );
}

function changes(
  { users }: Pick<Data, 'users'>,
  bytesOf: (n: number, password: string, newPassword: string) => Buffer,
): () => Shot {
  const free = Array.from({ length: Math.min(users, KNOWN) }, (_, index) => ({
    n: index + 1,
    password: PASSWORD,
    other: OTHER_PASSWORD,
  }));
  return () => {
    const user = free.shift();
    if (!user) throw new Error('every user changes the password already');
    const { n, password, other } = user;
    return {
      bytes: bytesOf(n, password, other),
      done: () => free.push({ n, password: other, other: password }),
    };
  };
}

/** New users whom a service creates; with a key of its own for each request, or without. */
export function creations(isKeyed: boolean, password?: string): () => Shot {
  let count = 0;
  const run = randomUUID();
  return () => {
    count += 1;
    const body = { name: 'Ada', email: `${run}-${count}@bench.example`, password };
    const key = isKeyed ? { 'idempotency-key': `${run}-${count}` } : {};
    return { bytes: json('/v1/user', { ...auth, ...key }, body) };
  };
}

export function around(shots: readonly Buffer[]): () => Shot {
  let at = 0;
  return () => {
    const bytes = shots[at++ % shots.length] ?? Buffer.alloc(0);
    return { bytes };
  };
}

/** Verifications of tokens of so many users in turn. */
export async function tokenVerifications(data: Data, count = KNOWN): Promise<() => Shot> {
  const next = draw(data.users);
  const tokens = await Promise.all(Array.from({ length: count }, () => data.token(next())));
  return around(tokens.map((token) => json('/v1/auth/token/verify', auth, { token })));
}

/** Verifications of keys, which ask for their scopes or for none. */
export function keyVerifications(scopes?: readonly string[]): () => Shot {
  const values = Array.from({ length: KNOWN }, (_, index) => keyValue(index + 1));
  return around(values.map((key) => json('/v1/auth/key/verify', auth, { key, scopes })));
}

export function userReads({ users }: Data): () => Shot {
  const next = draw(users);
  return () => ({ bytes: request('GET', `/v1/user/${id('user', next())}`, auth) });
}

/** Each link is good once. */
export function revocations({ linkToken }: Data): () => Shot {
  let n = 0;
  return () => {
    n += 1;
    return { bytes: json(`${LOCAL}/update-password/revoke`, auth, { token: linkToken(n) }) };
  };
}
