import { createPublicKey } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import { anotherSigningKey, encoded, encrypted, keysIn, maced, partsOf, signed } from './forge.ts';
import { type Example, examples, headersOf, payloadOf, urlOf } from './routes.ts';
import {
  type Answer,
  attack,
  bytesOf,
  NEW_PASSWORD,
  NO_ID,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

const VERIFY = '/v1/auth/token/verify';
const REFRESH = '/v1/auth/token/refresh';
const END = '/v1/auth/token/revoke';

/** Every route that takes a token of a session: to prove who calls, or in its body. */
const takers = examples.filter(
  ({ security, body, errors }) =>
    security.includes('accessToken') ||
    (errors.includes('invalid_token') && 'token' in (body ?? {})),
);

function present(t: Target, example: Example, token: string): Promise<Answer> {
  const headers = headersOf(example, { key: t.shop.key, bearer: token });
  const isBearer = example.security.includes('accessToken');
  const body = { ...example.body, ...(!isBearer && { token }) };
  return t.send(example.method, urlOf(example), headers, payloadOf(example, body));
}

async function refusedEverywhere(t: Target, token: string): Promise<void> {
  await t.unchanged(async () => {
    for (const example of takers) {
      const answer = await present(t, example, token);
      const isBearer = example.security.includes('accessToken');
      const [status, code] = isBearer ? [401, 'unauthorized'] : [400, 'invalid_token'];
      expect({ name: example.name, ...answer }).toMatchObject({ status, body: { code } });
      // A reason would help the person who made the token up.
      expect(bytesOf(answer)).toBe(bytesOf(await present(t, example, 'x.y.z')));
    }
  });
}

test('the routes that take a token of a session are found', () => {
  expect(takers.length).toBeGreaterThanOrEqual(4);
});

attack('a forged access token', (target) => {
  let good: { header: Record<string, unknown>; payload: Record<string, unknown>; token: string };
  let keys: ReturnType<typeof keysIn>;
  let jwe: { alg: string; enc: string; cty: string; kid: string };
  beforeAll(async () => {
    const t = target();
    const { access } = await t.logIn(await t.enrol());
    good = { ...partsOf(access), token: access };
    keys = keysIn(t.config.keysFile);
    jwe = { alg: 'RSA-OAEP', enc: 'A256GCM', cty: 'JWT', kid: keys.encryptionKid };
  });

  test('is good, but for what is wrong with each of those below', async () => {
    const t = target();
    for (const token of [
      signed(good.header, good.payload, keys.signing),
      encrypted(jwe, good.token, keys.encryptionPublic),
    ]) {
      expect(await t.json('POST', VERIFY, { token })).toMatchObject({ status: 200 });
    }
  });

  test.each(['none', 'None', 'NONE', 'nOnE', '', 'EdDSA'])(
    'is refused without a signature, with the algorithm "%s"',
    async (alg) => {
      const token = `${encoded({ ...good.header, alg })}.${encoded(good.payload)}.`;
      await refusedEverywhere(target(), token);
      await refusedEverywhere(target(), encrypted(jwe, token, keys.encryptionPublic));
    },
  );

  test('is refused with the published key as a shared secret', async () => {
    const t = target();
    const { body } = await t.send('GET', '/.well-known/jwks.json');
    const published = createPublicKey({ key: body.keys[0], format: 'jwk' });
    const secrets = [
      published.export({ type: 'spki', format: 'pem' }),
      published.export({ type: 'spki', format: 'der' }),
      Buffer.from(body.keys[0].x, 'base64url'),
      JSON.stringify(body.keys[0]),
    ];
    for (const secret of secrets) {
      await refusedEverywhere(t, maced({ ...good.header, alg: 'HS256' }, good.payload, secret));
    }
  });

  test.each<[string, (key: Record<string, unknown>) => object]>([
    ['a key in its header', (jwk) => ({ jwk })],
    ['a certificate in its header', () => ({ x5c: ['MAA='] })],
    ['a place where its key is', () => ({ jku: 'http://127.0.0.1:1/keys' })],
    ['a path instead of the name of a key', () => ({ kid: '../../dev/null' })],
    ['SQL instead of the name of a key', () => ({ kid: "' or 1=1 --" })],
    ['an object instead of the name of a key', () => ({ kid: { toString: 'x' } })],
    ['the name of a property of every object', () => ({ kid: '__proto__' })],
    ['no name of a key', () => ({ kid: undefined })],
  ])('is refused where the attacker signed it, with %s', async (_what, change) => {
    const key = anotherSigningKey();
    const header = {
      ...good.header,
      ...change(createPublicKey(key).export({ format: 'jwk' }) as never),
    };
    await refusedEverywhere(target(), signed(header, good.payload, key));
  });

  test('is refused where the key that encrypts signed it', async () => {
    const header = { ...good.header, alg: 'RS256', kid: keys.encryptionKid };
    await refusedEverywhere(target(), signed(header, good.payload, keys.encryption));
  });

  test.each<[string, object]>([
    ['an extension that must be understood', { crit: ['b64'], b64: false }],
    ['an empty list of extensions', { crit: [] }],
    ['a list of extensions that is none', { crit: 'exp' }],
    ['another type', { typ: 'JWT' }],
    ['the type of a refresh token', { typ: 'rt+jwt' }],
    ['no type', { typ: undefined }],
    ['a compression', { zip: 'DEF' }],
  ])('is refused although its signature is good, with the header %s', async (_what, change) => {
    const token = signed({ ...good.header, ...change }, good.payload, keys.signing);
    await refusedEverywhere(target(), token);
    await refusedEverywhere(target(), encrypted(jwe, token, keys.encryptionPublic));
  });

  test.each(['iss', 'aud', 'sub', 'client_id', 'sid', 'jti', 'iat', 'exp'])(
    'is refused although its signature is good, without %s',
    async (claim) => {
      const payload = { ...good.payload, [claim]: undefined };
      await refusedEverywhere(target(), signed(good.header, payload, keys.signing));
    },
  );

  const now = () => Math.floor(Date.now() / 1000);
  test.each<[string, (t: Target) => object]>([
    ['an end that has passed', () => ({ exp: now() - 1 })],
    ['an end in milliseconds of the past', () => ({ exp: '99999999999' })],
    ['a beginning in a minute', () => ({ iat: now() + 60 })],
    ['a beginning in the future', () => ({ nbf: now() + 3600 })],
    ['another issuer', () => ({ iss: 'http://evil.test' })],
    ['our issuer with a slash', () => ({ iss: 'http://rekey.test/' })],
    ['a list of audiences', (t) => ({ aud: [t.shop.id, t.other.id] })],
    ['another client than its audience', (t) => ({ client_id: t.other.id })],
    ['another service', (t) => ({ aud: t.other.id, client_id: t.other.id })],
    ['another user', () => ({ sub: '01900000-0000-7000-8000-00000000dead' })],
    ['a session that never was', () => ({ sid: '01900000-0000-7000-8000-00000000dead' })],
    ['a session that is no text', () => ({ sid: { $ne: null } })],
  ])('is refused although its signature is good, with %s', async (_what, change) => {
    const payload = { ...good.payload, ...change(target()) };
    await refusedEverywhere(target(), signed(good.header, payload, keys.signing));
  });

  test('is refused where it is claims alone, encrypted for a public key that anybody may know', async () => {
    for (const header of [jwe, { ...jwe, typ: 'at+jwt' }, { ...jwe, cty: undefined }]) {
      const token = encrypted(header, JSON.stringify(good.payload), keys.encryptionPublic);
      await refusedEverywhere(target(), token);
    }
  });

  test('is refused where another installation of that name issued it', async () => {
    const token = signed(good.header, good.payload, anotherSigningKey());
    await refusedEverywhere(target(), token);
    await refusedEverywhere(target(), encrypted(jwe, token, keys.encryptionPublic));
  });

  test.each<[string, object]>([
    [
      'a password and two billion rounds',
      { alg: 'PBES2-HS512+A256KW', p2s: 'AAAAAAAAAAA', p2c: 2 ** 31 - 1 },
    ],
    ['no wrapping', { alg: 'dir' }],
    ['a shared secret', { alg: 'A256KW' }],
    ['an older padding', { alg: 'RSA1_5' }],
    ['a newer padding', { alg: 'RSA-OAEP-256' }],
    ['an ephemeral key', { alg: 'ECDH-ES', epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }],
    ['another cipher', { enc: 'A128CBC-HS256' }],
    ['the name of the signing key', { kid: 'signing' }],
    ['an extension that must be understood', { crit: ['exp'], exp: 1 }],
    ['another content', { cty: 'text/plain' }],
    ['a compression', { zip: 'DEF' }],
  ])('is refused where it is encrypted with %s', async (_what, change) => {
    const token = encrypted({ ...jwe, ...change }, good.token, keys.encryptionPublic);
    await refusedEverywhere(target(), token);
  });

  test('is refused where it unpacks to thirteen million bytes', async () => {
    const bomb = deflateRawSync(Buffer.alloc(13_000_000, 'A'), { level: 9 });
    const packed = bomb.subarray(0, 5000);
    const token = encrypted({ ...jwe, zip: 'DEF' }, packed, keys.encryptionPublic);
    expect(token.length).toBeLessThan(8192);
    await refusedEverywhere(target(), token);
  });

  test('is refused where it is encrypted more than once', async () => {
    let token = good.token;
    for (let layer = 0; layer < 5; layer += 1) {
      token = encrypted(jwe, token, keys.encryptionPublic);
      if (layer > 0) await refusedEverywhere(target(), token);
    }
  });

  test('is refused in another spelling of the bytes of a good one', async () => {
    const t = target();
    const [header = '', payload = '', signature = ''] = good.token.split('.');
    const spellings = [
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature}==`,
      // The last letter of 64 bytes has four bits that mean nothing.
      `${header}.${payload}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : `${String.fromCharCode(signature.charCodeAt(85) + 1)}`}`,
      good.token.replace('-', '+'),
      ` ${good.token}`,
      `${good.token}.`,
      `${good.token}..`,
    ].filter((token) => token !== good.token);
    for (const token of spellings) {
      const answer = await t.unchanged(() => t.json('POST', VERIFY, { token }));
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
    }
  });
});

/** Everything that is a secret, and the few uses that it has. */
const purposes: Record<string, string[]> = {
  'a service key': ['acting for a service', 'looking as a service'],
  'a root key': ['looking as a service'],
  'a KEY of a user': ['verifying a key', 'revoking a key', 'proving a user by a key'],
  'a TOKEN key of a user': ['revoking a key'],
  'a TOTP seed': ['revoking a key'],
  'an access token': [
    'verifying a token',
    'revoking a token',
    'logging out',
    'proving a user by a token',
    'a bearer',
  ],
  'an encrypted access token': ['a bearer'],
  'a refresh token': ['refreshing', 'revoking a token', 'logging out'],
  'a CSRF token': ['verifying a CSRF token'],
  'a link of a service': ['locking by a service', 'locking by the page'],
  'a link of the hosted page': ['locking by the page'],
  'a link about a new KEY': ['locking by a service', 'locking by the page'],
  'a password': [],
  'an id of a session': [],
};

const proving = (t: Target, user: string): Promise<Answer> =>
  t.json('GET', '/v1/session', undefined, { headers: { 'user-authorization': user } });

const uses: Record<string, (t: Target, value: string) => Promise<Answer>> = {
  'acting for a service': (t, key) => t.json('POST', VERIFY, { token: 'x.y.z' }, { key }),
  'looking as a service': (t, key) => t.json('GET', `/v1/user/${NO_ID}`, undefined, { key }),
  'verifying a key': (t, key) => t.json('POST', '/v1/auth/key/verify', { key }),
  'revoking a key': (t, key) => t.json('POST', '/v1/auth/key/revoke', { key }),
  'verifying a token': (t, token) => t.json('POST', VERIFY, { token }),
  refreshing: (t, token) => t.json('POST', REFRESH, { token }),
  'revoking a token': (t, token) => t.json('POST', END, { token }),
  'logging out': (t, token) => t.json('POST', '/v1/auth/logout', { token }),
  'verifying a CSRF token': (t, csrf) => t.json('POST', '/v1/auth/csrf', { csrf }),
  'proving a user by a key': (t, key) => proving(t, `key ${key}`),
  'proving a user by a token': (t, token) => proving(t, `token ${token}`),
  'a bearer': (t, token) => {
    const change = { email: 'x@example.com', password: PASSWORD, newPassword: NEW_PASSWORD };
    return t.form('PUT', '/users/update/password', change, token);
  },
  'locking by a service': (t, token) => t.json('POST', REVOKE, { token }),
  'locking by the page': (t, token) => t.form('POST', '/local', { token }),
};

attack('a secret of one purpose', (target) => {
  const secrets: Record<string, string> = {};
  beforeAll(async () => {
    const t = target();
    const owner = await t.enrol();
    const { access, refresh } = await t.logIn(owner);
    const formOwner = await t.signUp();
    const first = await t.formLogIn(formOwner);
    const change = { email: formOwner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    expect(await t.form('PUT', '/users/update/password', change, first)).toMatchObject({
      status: 200,
    });
    const changer = await t.enrol();
    expect(await t.changePassword(changer)).toMatchObject({ status: 200 });
    Object.assign(secrets, {
      'a service key': t.shop.key,
      'a root key': t.rootKey,
      'a KEY of a user': (await t.addKey(owner.id, 'KEY')).value,
      'a TOKEN key of a user': owner.keyValue,
      'a TOTP seed': (await t.addKey(owner.id, 'TOTP')).value,
      'an access token': access,
      'an encrypted access token': first,
      'a refresh token': refresh,
      'a CSRF token': (await t.json('GET', '/v1/auth/csrf')).body.csrf.key,
      'a link of a service': await t.linkTokenOf(changer.email),
      'a link of the hosted page': await t.linkTokenOf(formOwner.email),
      'a link about a new KEY': await t.linkTokenOf(owner.email, 'factor_change'),
      'a password': PASSWORD,
      'an id of a session': partsOf(access).payload.sid,
    });
  });

  test.each(Object.keys(purposes))('is of no other use: %s', async (kind) => {
    const t = target();
    const work = watchHashing();
    const others = Object.entries(uses).filter(([use]) => !purposes[kind]?.includes(use));
    await t.unchanged(async () => {
      for (const [use, present] of others) {
        const { status } = await present(t, secrets[kind] ?? '');
        const isKey = /service$|bearer|^proving/.test(use) && !use.startsWith('locking');
        expect({ use, status }).toEqual({ use, status: isKey ? 401 : 400 });
      }
    });
    expect(work()).toBe(0);
  });
});

attack('a refresh token', (target) => {
  test('that comes back ends its session, and no other', async () => {
    const t = target();
    const owner = await t.enrol();
    const [stolen, own] = [await t.logIn(owner), await t.logIn(owner)];
    const thief = await t.json('POST', REFRESH, { token: stolen.refresh });
    expect(thief).toMatchObject({ status: 200 });
    const victim = await t.json('POST', REFRESH, { token: stolen.refresh });
    expect(victim).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
    const { access, refresh } = thief.body;
    await refusedEverywhere(t, access.token);
    await refusedEverywhere(t, stolen.access);
    const again = await t.unchanged(() => t.json('POST', REFRESH, { token: refresh.token }));
    expect(again).toMatchObject({ status: 400 });
    expect(await t.json('POST', VERIFY, { token: own.access })).toMatchObject({ status: 200 });
  });

  test('is not ended by a service that it does not belong to', async () => {
    const t = target();
    const { access, refresh } = await t.logIn(await t.enrol());
    const foreign = { key: t.other.key };
    await t.unchanged(async () => {
      for (const [url, token] of [
        [VERIFY, access],
        [END, access],
        [REFRESH, refresh],
        [END, refresh],
      ] as const) {
        const answer = await t.json('POST', url, { token }, foreign);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
      }
    });
    expect(await t.json('POST', REFRESH, { token: refresh })).toMatchObject({ status: 200 });
  });

  test.each([
    ['in capitals', (token: string) => token.toUpperCase()],
    ['without its prefix', (token: string) => token.slice(4)],
    ['with a blank', (token: string) => `${token} `],
    ['as the digest that is stored', null],
    ['with SQL', () => "' or '1'='1"],
    ['with a NUL', (token: string) => `${token}\0`],
  ])('is refused %s', async (_how, change) => {
    const t = target();
    const { refresh } = await t.logIn(await t.enrol());
    const { refresh_tokens: [stored] = [] } = await t.database.tables();
    const token = change === null ? String(stored?.digest) : change(refresh);
    const answer = await t.unchanged(() => t.json('POST', REFRESH, { token }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
  });

  test('is refused once the user is disabled, or the key revoked', async () => {
    const t = target();
    const disabled = await t.enrol();
    const first = await t.logIn(disabled);
    await t.database.run(`update users set is_enabled = 0 where id = '${disabled.id}'`);
    const revoked = await t.enrol();
    const second = await t.logIn(revoked);
    await t.json('POST', '/v1/auth/key/revoke', { key: revoked.keyValue });
    for (const { access, refresh } of [first, second]) {
      await refusedEverywhere(t, access);
      const answer = await t.unchanged(() => t.json('POST', REFRESH, { token: refresh }));
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
    }
  });
});
