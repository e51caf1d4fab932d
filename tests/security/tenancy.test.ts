import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, attack, LOGIN, PASSWORD, REVOKE, type Target, UPDATE } from './target.ts';

type Enrolled = Awaited<ReturnType<Target['enrol']>>;

attack('a service', (target) => {
  let owner: Enrolled & {
    access: string;
    refresh: string;
    key: string;
    totp: string;
    link: string;
  };
  beforeAll(async () => {
    const t = target();
    const enrolled = await t.enrol();
    await t.changePassword(enrolled, 'the second one');
    const link = await t.linkTokenOf(enrolled.email);
    const password = 'the second one';
    const tokens = await t.logIn({ email: enrolled.email, password });
    const key = (await t.addKey(enrolled.id, 'KEY')).value;
    const totp = (await t.addKey(enrolled.id, 'TOTP')).id;
    owner = { ...enrolled, ...tokens, password, key, totp, link };
  });

  const attempts: Record<string, [number, (t: Target, key: string) => Promise<Answer>]> = {
    'read its user': [404, (t, key) => t.json('GET', `/v1/user/${owner.id}`, undefined, { key })],
    'read its user in capitals': [
      404,
      (t, key) => t.json('GET', `/v1/user/${owner.id.toUpperCase()}`, undefined, { key }),
    ],
    'read its keys': [404, (t, key) => t.json('GET', `/v1/key/${owner.keyId}`, undefined, { key })],
    'read its TOTP key': [
      404,
      (t, key) => t.json('GET', `/v1/key/${owner.totp}`, undefined, { key }),
    ],
    'log its user in': [
      400,
      (t, key) => t.json('POST', LOGIN, { email: owner.email, password: owner.password }, { key }),
    ],
    'change its user’s password': [
      400,
      (t, key) => t.changePassword(owner, 'a third one', { key }),
    ],
    'verify its tokens': [
      400,
      (t, key) => t.json('POST', '/v1/auth/token/verify', { token: owner.access }, { key }),
    ],
    'refresh its tokens': [
      400,
      (t, key) => t.json('POST', '/v1/auth/token/refresh', { token: owner.refresh }, { key }),
    ],
    'end its sessions': [
      400,
      (t, key) => t.json('POST', '/v1/auth/token/revoke', { token: owner.access }, { key }),
    ],
    'verify its keys': [
      400,
      (t, key) => t.json('POST', '/v1/auth/key/verify', { key: owner.key }, { key }),
    ],
    'take its keys back': [
      400,
      (t, key) => t.json('POST', '/v1/auth/key/revoke', { key: owner.key }, { key }),
    ],
    'use up its one-time codes': [
      400,
      (t, key) => t.json('POST', '/v1/auth/totp', { user_id: owner.id, totp: '000000' }, { key }),
    ],
    'use up its revoke links': [
      400,
      (t, key) => t.json('POST', REVOKE, { token: owner.link }, { key }),
    ],
  };

  test.each(Object.entries(attempts))(
    'cannot, for another one, %s',
    async (_what, [status, attempt]) => {
      const t = target();
      const answer = await t.unchanged(() => attempt(t, t.other.key));
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain(owner.email);
    },
  );

  test('reads nothing in its audit of what happened through another one', async () => {
    const t = target();
    const key = t.other.key;
    const { body } = await t.json('GET', `/v1/audit?user_id=${owner.id}&limit=100`);
    expect(body.data.length).toBeGreaterThan(3);
    for (const { id } of body.data) {
      const answer = await t.unchanged(() => t.json('GET', `/v1/audit/${id}`, undefined, { key }));
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    // Its own failed tries are there, and do not say at whom.
    const own = await t.json('GET', '/v1/audit?limit=100', undefined, { key });
    expect(own.body.data.length).toBeGreaterThan(1);
    expect(own.text).not.toContain(owner.id);
    const asked = await t.json('GET', `/v1/audit?user_id=${owner.id}`, undefined, { key });
    expect(asked).toMatchObject({ status: 200, body: { data: [], next: null } });
  });

  test('keeps all of it, whatever another one tried', async () => {
    const t = target();
    expect(await t.json('POST', '/v1/auth/token/verify', { token: owner.access })).toMatchObject({
      status: 200,
    });
    expect(await t.json('POST', '/v1/auth/key/verify', { key: owner.key })).toMatchObject({
      status: 200,
    });
    expect(await t.json('POST', REVOKE, { token: owner.link })).toMatchObject({ status: 200 });
  });
});

attack('a key', (target) => {
  const routes: Record<string, (t: Target, key: string | null) => Promise<Answer>> = {
    'POST /v1/user': (t, key) =>
      t.json('POST', '/v1/user', { is_enabled: true, name: 'E', email: 'e@example.com' }, { key }),
    'POST /v1/key': (t, key) =>
      t.json(
        'POST',
        '/v1/key',
        {
          is_enabled: true,
          type: 'KEY',
          name: 'x',
          user_id: '01900000-0000-7000-8000-000000000001',
        },
        { key },
      ),
    [`POST ${LOGIN}`]: (t, key) =>
      t.json('POST', LOGIN, { email: 'e@example.com', password: PASSWORD }, { key }),
    [`POST ${UPDATE}`]: (t, key) =>
      t.json(
        'POST',
        UPDATE,
        { email: 'e@example.com', password: PASSWORD, new_password: 'x' },
        { key },
      ),
    [`POST ${REVOKE}`]: (t, key) => t.json('POST', REVOKE, { token: 'x' }, { key }),
    ...Object.fromEntries(
      ['token/verify', 'token/refresh', 'token/revoke'].map((name) => [
        `POST /v1/auth/${name}`,
        (t: Target, key: string | null) =>
          t.json('POST', `/v1/auth/${name}`, { token: 'x' }, { key }),
      ]),
    ),
    ...Object.fromEntries(
      ['key/verify', 'key/revoke'].map((name) => [
        `POST /v1/auth/${name}`,
        (t: Target, key: string | null) =>
          t.json('POST', `/v1/auth/${name}`, { key: 'x' }, { key }),
      ]),
    ),
    'POST /v1/auth/totp': (t, key) =>
      t.json(
        'POST',
        '/v1/auth/totp',
        { user_id: '01900000-0000-7000-8000-000000000001', totp: '000000' },
        { key },
      ),
  };

  test.each(Object.entries(routes))(
    'of the operator, of a user or of nobody does not act: %s',
    async (_route, call) => {
      const t = target();
      const { keyValue } = await t.enrol({ password: undefined });
      const keys = [
        null,
        t.rootKey,
        keyValue,
        t.shop.key.toLowerCase(),
        t.shop.key.slice(0, -1),
        `${t.shop.key}x`,
        t.shop.key.slice(4),
        `Basic ${Buffer.from(`x:${t.shop.key}`).toString('base64')}`,
        `${t.shop.key}, ${t.shop.key}`,
        `Digest ${t.shop.key}`,
      ];
      await t.unchanged(async () => {
        for (const key of keys) {
          const answer = await call(t, key);
          expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
          expect(answer.headers['www-authenticate']).toBe('Bearer realm="rekey"');
        }
      });
    },
  );

  test.each(['is_enabled', 'is_revoked'])(
    'of a service that is not usable (%s) opens nothing',
    async (flag) => {
      const t = target();
      const value = flag === 'is_enabled' ? 0 : 1;
      const where = `service_id = '${t.other.id}' and user_id is null`;
      await t.database.run(`update keys set ${flag} = ${value} where ${where}`);
      const answer = await t.unchanged(() =>
        t.json('GET', '/v1/user/x', undefined, { key: t.other.key }),
      );
      await t.database.run(`update keys set ${flag} = 1 - ${flag} where ${where}`);
      expect(answer).toMatchObject({ status: 401 });
      const again = await t.json('GET', '/v1/user/x', undefined, { key: t.other.key });
      expect(again).toMatchObject({ status: 404 });
    },
  );

  test('in a query, a cookie, a header of its own or the body opens nothing', async () => {
    const t = target();
    const { id } = await t.enrol({ password: undefined });
    const key = t.shop.key;
    await t.unchanged(async () => {
      for (const attempt of [
        t.send('GET', `/v1/user/${id}?key=${key}&authorization=${key}&access_token=${key}`),
        t.send('GET', `/v1/user/${id}`, { cookie: `authorization=${key}; key=${key}` }),
        t.send('GET', `/v1/user/${id}`, {
          'x-api-key': key,
          'proxy-authorization': `Bearer ${key}`,
        }),
        t.send('POST', LOGIN, { 'content-type': 'application/json' }, JSON.stringify({ key })),
      ]) {
        expect(await attempt).toMatchObject({ status: 401 });
      }
    });
  });
});

attack('a body', (target) => {
  describe.each([
    [
      'POST /v1/user',
      [
        'id',
        'created_by',
        'service_id',
        'password_hash',
        'credential_version',
        'created_at',
        'is_admin',
      ],
    ],
    ['POST /v1/key', ['id', 'service_id', 'is_revoked', 'value', 'digest', 'created_at']],
  ])('of %s', (route, fields) => {
    test.each([...fields, '__proto__', 'constructor'])('cannot set %s', async (field) => {
      const t = target();
      const { id } = await t.enrol({ password: undefined });
      const valid =
        route === 'POST /v1/user'
          ? { is_enabled: true, name: 'Eve', email: t.newEmail() }
          : { is_enabled: true, type: 'KEY', name: 'x', user_id: id };
      // As text: an object literal would swallow `__proto__`.
      const body = JSON.stringify(valid).replace('{', `{"${field}":"${t.other.id}",`);
      const headers = { authorization: t.shop.key, 'content-type': 'application/json' };
      const [, url = ''] = route.split(' ');
      const answer = await t.unchanged(() => t.send('POST', url, headers, body));
      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ field, message: 'is not a known field' }] },
      });
    });
  });

  test('gives a user one TOKEN key, however many ask for one at once', async () => {
    const t = target();
    const created = await t.json('POST', '/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email: t.newEmail(),
    });
    const body = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: created.body.data.id };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => t.json('POST', '/v1/key', body)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
    const { keys = [] } = await t.database.tables();
    expect(keys.filter((key) => key.user_id === body.user_id)).toHaveLength(1);
  });
});
