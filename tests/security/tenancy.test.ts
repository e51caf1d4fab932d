import { beforeAll, expect, test } from 'vitest';
import { type Example, guarded, headersOf, named, payloadOf, urlOf } from './routes.ts';
import { type Answer, attack, bytesOf, LOCAL, REVOKE } from './target.ts';

/** Routes at which what belongs to another service leads to an answer. */
const OPEN: Record<string, string> = {
  'POST /v1/key': 'a service takes in a user that it knows the id of, and sees nothing of the user',
  'POST /v1/service': 'takes a root key, and nothing that belongs to anybody',
  'POST /v1/webhook': 'takes what is to be called, and nothing that belongs to anybody',
  'GET /v1/audit': 'a list: what it leaves out is tested below',
  'GET /v1/auth/provider/:provider/oauth2': 'takes the name of a provider',
  'GET /v1/auth/provider/:provider/link': 'takes the name of a provider, and a session',
  'POST /v1/auth/provider/:provider/oauth2': 'a state of another service: see the use cases',
  [`POST ${LOCAL}/login/factor`]: 'a challenge of another service: see the use cases',
  'POST /v1/auth/provider/:provider/link': 'a state of another service: see the use cases',
  'DELETE /v1/auth/provider/link/:id': 'takes a session of the user first: see the use cases',
  'POST /v1/password/check':
    'judges what it is given, and looks at nothing that belongs to anybody',
  [`POST ${LOCAL}/reset-password`]: 'writes rows for nobody where nobody is found: tested below',
};

/** Factors are a person's: a service without a proven person sees and changes none at all. */
const PERSONAL = /\/webauthn\/credential|\/factor\/totp\/(?:remove|recovery-codes)$/;

const HOOK = { url: 'https://shop.example/hook' };

const IDS = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;
const INSTANTS = /\b\d{13}\b/g;

/** The routes that a service calls with something in hand, which may belong to another one. */
const asking = guarded.filter(
  ({ name, security, params, body }) =>
    security.includes('serviceKey') &&
    (body !== null || Object.keys(params).length > 0) &&
    OPEN[name] === undefined,
);

attack('a service', (target) => {
  let owner: { id: string; email: string; password: string; access: string; refresh: string };
  let link: string;
  let key: string;
  /** All that belongs to the user of another service, by the name of the field or parameter that takes it. */
  let belongings: Record<string, string[]>;

  beforeAll(async () => {
    const t = target();
    const enrolled = await t.enrol();
    await t.changePassword(enrolled, 'the second one');
    link = await t.linkTokenOf(enrolled.email);
    const password = 'the second one';
    const tokens = await t.logIn({ email: enrolled.email, password });
    const made = await t.addKey(enrolled.id, 'KEY');
    const factorLink = await t.linkTokenOf(enrolled.email, 'factor_change');
    const totp = await t.addKey(enrolled.id, 'TOTP');
    const { sessions = [], deliveries = [], audit_entries = [] } = await t.database.tables();
    const idsOf = (rows: Record<string, unknown>[]) =>
      rows.filter((row) => row.user_id === enrolled.id).map(({ id }) => String(id));
    owner = { ...enrolled, ...tokens, password };
    key = made.value;
    const ids = [
      enrolled.id,
      enrolled.id.toUpperCase(),
      enrolled.keyId,
      t.shop.id,
      made.id,
      totp.id,
      ...idsOf(sessions),
      ...idsOf(deliveries),
      ...idsOf(audit_entries),
    ];
    const { csrf } = (await t.json('GET', '/v1/auth/csrf')).body;
    const { data: webhook } = (await t.json('POST', '/v1/webhook', HOOK)).body;
    belongings = {
      id: [...ids, webhook.id],
      user_id: [enrolled.id, enrolled.id.toUpperCase()],
      token: [tokens.access, tokens.refresh, link, factorLink, made.value, enrolled.keyValue],
      key: [made.value, enrolled.keyValue, tokens.access, link],
      csrf: [csrf.key],
      email: [enrolled.email],
      password: [password],
    };
  });

  /** The example of a route with the belongings of somebody else in every place that takes one. */
  const variantsOf = ({ params, body, ...example }: Example): Example[] => {
    const taking = [...Object.keys(params), ...Object.keys(body ?? {})];
    const most = Math.max(...taking.map((name) => belongings[name]?.length ?? 0));
    const taken = (fields: Readonly<Record<string, unknown>>, turn: number) =>
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => {
          const all = belongings[name] ?? [value];
          return [name, all[turn % all.length]];
        }),
      );
    return Array.from({ length: most }, (_, turn) => ({
      ...example,
      params: taken(params, turn),
      body: body && taken(body, turn),
    }));
  };

  test.each(named(asking))(
    'gets nothing out of what belongs to another one: %s',
    async (_name, example) => {
      const t = target();
      const variants = variantsOf(example);
      expect(variants.length, 'say in `belongings` what this route takes').toBeGreaterThan(0);
      const headers = headersOf(example, { key: t.other.key, bearer: '' });
      const answers = await t.unchanged(async () => {
        const all: Answer[] = [];
        for (const variant of variants) {
          const payload = variant.body === null ? undefined : payloadOf(variant, variant.body);
          all.push(await t.send(variant.method, urlOf(variant), headers, payload));
        }
        return all;
      });
      for (const { status, text } of answers) {
        const unseen = Object.keys(example.params).length > 0 ? 404 : 400;
        expect(status).toBe(PERSONAL.test(example.route) ? 403 : unseen);
        expect(text).not.toContain(owner.email);
        expect(text).not.toContain(owner.id);
      }
    },
  );

  test('is told about a password what is wrong with it, and nothing of whose it is', async () => {
    const t = target();
    const check = (email: string, password: string) =>
      t.json('POST', '/v1/password/check', { email, password }, { key: t.other.key });
    const [own, unknown] = await t.unchanged(() =>
      Promise.all([check(owner.email, owner.password), check(t.newEmail(), owner.password)]),
    );
    expect(own).toMatchObject({ status: 200, body: { errors: [] } });
    expect(bytesOf(own)).toBe(bytesOf(unknown));
  });

  test('asks for a reset of a user of another one as for an address that nobody has, and leaves the user alone', async () => {
    const t = target();
    const ask = (email: string, key: string) =>
      t.json('POST', `${LOCAL}/reset-password`, { email }, { key });
    expect(await ask(owner.email, t.shop.key)).toMatchObject({ status: 200 });
    const mails = await t.mailsTo(owner.email);
    const known = new Set((await t.state()).flatMap((row) => row.match(IDS) ?? []));
    /** A row without what is new in every row. */
    const outline = (row: string) =>
      row
        .replaceAll(IDS, (id) => (known.has(id) ? id : 'a new one'))
        .replaceAll(INSTANTS, 'an instant');
    /** The answer, and the rows that it adds: it changes and removes none. */
    const written = async (email: string) => {
      const before = await t.state();
      const answer = await ask(email, t.other.key);
      const after = await t.state();
      expect(after).toEqual(expect.arrayContaining(before));
      const added = after.filter((row) => !before.includes(row));
      return { answer: bytesOf(answer), body: answer.body, added: added.map(outline) };
    };
    const [foreign, unknown] = [await written(owner.email), await written(t.newEmail())];
    expect(foreign).toEqual(unknown);
    expect(foreign.body).toEqual({});
    expect(foreign.added).toHaveLength(2);
    for (const row of foreign.added) {
      expect(row).toContain('"user_id":null');
      for (const of of [owner.id, owner.email, t.shop.id]) expect(row).not.toContain(of);
    }
    expect(await t.mailsTo(owner.email)).toEqual(mails);
  });

  test('reads nothing in its audit of what happened through another one to users whom it may not know', async () => {
    const t = target();
    const other = { key: t.other.key };
    const { body } = await t.json('GET', `/v1/audit?user_id=${owner.id}&limit=100`);
    expect(body.data.length).toBeGreaterThan(3);
    for (const { id } of body.data) {
      const answer = await t.unchanged(() => t.json('GET', `/v1/audit/${id}`, undefined, other));
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    // Its own failed tries are there, and do not say at whom.
    await t.recordSums();
    const own = await t.json('GET', '/v1/audit?limit=100', undefined, other);
    expect(own.body.data.length).toBeGreaterThan(1);
    expect(own.text).not.toContain(owner.id);
    const asked = await t.json('GET', `/v1/audit?user_id=${owner.id}`, undefined, other);
    expect(asked).toMatchObject({ status: 200, body: { data: [], next: null } });
  });

  test('takes a user of another one in without a word of the user, and is told nothing by the owner’s keys', async () => {
    const t = target();
    const body = { is_enabled: true, type: 'KEY', name: 'x', user_id: owner.id };
    const taken = await t.json('POST', '/v1/key', body, { key: t.other.key });
    expect(taken.status).toBe(200);
    expect(taken.text).not.toContain(owner.email);
    expect(taken.body.data.key).toMatchObject({ service_id: t.other.id });
    const foreign = await t.json('POST', '/v1/auth/key/verify', { key }, { key: t.other.key });
    expect(foreign).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
  });

  test('lists no webhook of another one', async () => {
    const t = target();
    const other = { key: t.other.key };
    const all = await t.json('GET', '/v1/webhook');
    expect(all.body.data.length).toBeGreaterThan(0);
    const list = await t.json('GET', `/v1/webhook?service_id=${t.shop.id}`, undefined, other);
    expect(list).toMatchObject({ status: 200, body: { data: [] } });
  });

  test('keeps all of its own, whatever another one tried', async () => {
    const t = target();
    const verify = (name: string, body: object) => t.json('POST', `/v1/auth/${name}/verify`, body);
    expect(await verify('token', { token: owner.access })).toMatchObject({ status: 200 });
    expect(await verify('key', { key })).toMatchObject({ status: 200 });
    expect(await t.json('POST', REVOKE, { token: link })).toMatchObject({ status: 200 });
  });
});

attack('a key', (target) => {
  test.each(named(guarded))(
    'that does not prove the caller of %s opens nothing',
    async (_name, example) => {
      const t = target();
      const { keyValue } = await t.enrol({ password: undefined });
      const { security } = example;
      const keys: (string | null)[] = [
        null,
        ...(security.includes('rootKey') ? [] : [t.rootKey]),
        ...(security.includes('verifierKey') ? [] : [t.verifierKey]),
        ...(security.includes('serviceKey') ? [] : [t.shop.key, `Bearer ${t.shop.key}`]),
        keyValue,
        `Bearer ${keyValue}`,
        t.shop.key.toLowerCase(),
        t.shop.key.slice(0, -1),
        `${t.shop.key}x`,
        t.shop.key.slice(4),
        `Basic ${Buffer.from(`x:${t.shop.key}`).toString('base64')}`,
        `${t.shop.key}, ${t.shop.key}`,
        `Digest ${t.shop.key}`,
      ];
      const payload = example.body === null ? undefined : payloadOf(example, example.body);
      await t.unchanged(async () => {
        for (const authorization of keys) {
          const { authorization: _none, ...headers } = headersOf(example, { key: '', bearer: '' });
          const sent = authorization === null ? headers : { ...headers, authorization };
          const answer = await t.send(example.method, urlOf(example, example.query), sent, payload);
          expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
          expect(answer.headers['www-authenticate']).toMatch(
            /^Bearer realm="rekey"(?:, error="invalid_token")?$/,
          );
        }
      });
    },
  );

  test.each(['is_enabled', 'is_revoked'])(
    'of a service that cannot be used (%s) opens nothing',
    async (flag) => {
      const t = target();
      const value = flag === 'is_enabled' ? 0 : 1;
      const where = `service_id = '${t.other.id}' and user_id is null`;
      const ask = () => t.json('GET', '/v1/user/x', undefined, { key: t.other.key });
      // A server on PostgreSQL hears of a change by hand a moment later.
      const becomes = (status: number) =>
        expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(status);
      await t.database.run(`update keys set ${flag} = ${value} where ${where}`);
      await becomes(401);
      expect(await t.unchanged(ask)).toMatchObject({ status: 401 });
      await t.database.run(`update keys set ${flag} = 1 - ${flag} where ${where}`);
      await becomes(404);
    },
  );

  test.each(named(guarded.filter(({ security }) => security.includes('serviceKey'))))(
    'in a query, a cookie, a header of its own or the body opens nothing: %s',
    async (_name, example) => {
      const t = target();
      const key = t.shop.key;
      const { authorization: _none, ...headers } = headersOf(example, { key: '', bearer: '' });
      const send = (more: Record<string, string>, url = urlOf(example, example.query)) =>
        t.send(
          example.method,
          url,
          { ...headers, ...more },
          example.body === null ? undefined : payloadOf(example, { ...example.body, key }),
        );
      await t.unchanged(async () => {
        for (const attempt of [
          send({}, urlOf(example, { key, authorization: key, access_token: key })),
          send({ cookie: `authorization=${key}; key=${key}` }),
          send({ 'x-api-key': key, 'proxy-authorization': `Bearer ${key}` }),
        ]) {
          expect(await attempt).toMatchObject({ status: 401 });
        }
      });
    },
  );
});

attack('a user', (target) => {
  test('has one TOKEN key of a service, however many are asked for at once', async () => {
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
