import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { bodies, type Example, FORM_TYPE, headersOf, JSON_TYPE, urlOf } from './routes.ts';
import { aTarget, attack, LOGIN, NO_ID, PASSWORD, type Target } from './target.ts';

// The parsers work alike on every database.
async function aParser(): Promise<Target> {
  const t = await aTarget();
  onTestFinished(t.close);
  return t;
}

const jsonHeaders = (t: Target) => ({
  authorization: t.shop.key,
  'content-type': JSON_TYPE,
});
const formHeaders = { 'content-type': FORM_TYPE };

/** Whether the shape was good, and only the address, which never is one here, was refused. */
const wasRead = ({ errors = [] }: { errors?: { field: string; code: string }[] }) =>
  errors.length === 1 && errors[0]?.code === 'unusable';

/** Text in which every letter may be escaped or not: one string to a parser, many to a filter. */
const spelled = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((escapes) =>
      [...text]
        .map((char, at) =>
          escapes[at] ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char,
        )
        .join(''),
    );

test('a name that a JSON body has twice is refused, however it is spelled and however deep it is', async () => {
  const t = await aParser();
  const before = await t.state();
  await fc.assert(
    fc.asyncProperty(
      spelled('password'),
      spelled('password'),
      fc.json(),
      fc.nat(20),
      fc.boolean(),
      async (first, second, value, depth, inList) => {
        const inner = `{"${first}":${value},"${second}":"x"}`;
        const [open, close] = inList ? ['[', ']'] : ['{"a":', '}'];
        const nested = open.repeat(depth) + inner + close.repeat(depth);
        const answer = await t.send('POST', LOGIN, jsonHeaders(t), nested);
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
        // A list is no body, whatever is in it.
        const isList = inList && depth > 0;
        const repeated = { field: 'password', code: 'repeated' };
        const refusal = isList ? { field: 'body', code: 'malformed' } : repeated;
        expect(answer.body.errors).toContainEqual(expect.objectContaining(refusal));
      },
    ),
    { numRuns: 200 },
  );
  expect(await t.state()).toEqual(before);
});

test('a JSON body means what JSON.parse says, or is refused', async () => {
  const t = await aParser();
  const text = fc.oneof(
    fc.json(),
    fc
      .record({ email: fc.string({ unit: 'binary' }), password: fc.string({ unit: 'binary' }) })
      .map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
    fc.string().map((noise) => `{"email":"x","password":"y"}${noise}`),
  );
  await fc.assert(
    fc.asyncProperty(text, async (payload) => {
      const answer = await t.send('POST', LOGIN, jsonHeaders(t), payload);
      expect(answer.status).toBe(400);
      if (!wasRead(answer.body)) return;
      const { email, password, ...more } = JSON.parse(payload);
      expect([typeof email, typeof password, more]).toEqual(['string', 'string', {}]);
    }),
    { numRuns: 300 },
  );
});

test('a form means what a browser says, or is refused', async () => {
  const t = await aParser();
  const piece = fc.oneof(
    fc.constantFrom('+', '%', '%00', '%C3%A4', '%ff', '%E2%82', ';', '[]', '%26', '%3D', 'é', '='),
    fc.string({ maxLength: 3 }),
  );
  const pair = fc
    .tuple(
      fc.constantFrom('email=', 'password=', '%65mail=', 'pass%77ord=', 'email', 'more=', ''),
      fc.array(piece, { maxLength: 3 }),
    )
    .map(([name, pieces]) => name + pieces.join(''));
  const text = fc
    .tuple(fc.constantFrom('', 'email=x&', 'email=x&password=y&'), fc.array(pair, { maxLength: 3 }))
    .map(([start, pairs]) => start + pairs.join('&'));
  let read = 0;
  await fc.assert(
    fc.asyncProperty(text, async (payload) => {
      const answer = await t.send('POST', '/users/login', formHeaders, payload);
      expect(answer.status).toBe(400);
      if (!wasRead(answer.body)) return;
      read += 1;
      // What else there is was passed over.
      const fields = [...new URLSearchParams(payload)].map(([name]) => name);
      const asked = fields.filter((name) => name === 'email' || name === 'password');
      expect(asked.sort()).toEqual(['email', 'password']);
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(20);
});

/** No name of a field is like it, so that no answer has a reason to repeat it. */
const MARK = 'Pl~nt';

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.json(),
);

/** Bytes, and the mark with them: where a parser trips over it, in the middle of what it reads, as a name, and as a value. */
const payloads = fc
  .tuple(
    noise,
    fc.constantFrom(
      [MARK, ''],
      ['', MARK],
      [`{"email":"x","${MARK}":"`, '"}'],
      [`{"email":"x","token":${MARK}`, '}'],
      [`{"email":"${MARK}`, '"'],
      [`email=x&${MARK}=`, ''],
      [`email=x&token=%${MARK}`, '&password'],
    ),
  )
  .map(([middle, [start = '', end = '']]) => {
    const bytes = Buffer.from(middle);
    return [Buffer.concat([Buffer.from(start), bytes, Buffer.from(end)]), bytes];
  });

/** They need no field, and pass over all others. */
const contentRoutes = ['/users/logout', '/users/validateEmail/send'];
/** They need an address alone, and it is that of another account. */
const foreign = ['/users/2fa/settings'];
const isContent = ({ route }: Example) => contentRoutes.includes(route);

test('any bytes at any route are refused without a word of them, and change nothing', async () => {
  const t = await aParser();
  const credentials = { key: t.shop.key, bearer: await t.formLogIn(await t.signUp()) };
  const before = await t.state();
  const routes = bodies.filter((example) => !isContent(example));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), payloads, async (route, sent) => {
      const headers = headersOf(route, credentials);
      for (const payload of sent) {
        const answer = await t.send(route.method, urlOf(route), headers, payload);
        // A body that needs nothing may be about a thing that is not there, or about a person whom nobody proves, or be a
        // question that nothing is kept of.
        const content = route.required.length > 0 ? [] : [200, 403, 404];
        const statuses = [400, ...content, ...(foreign.includes(route.route) ? [403] : [])];
        expect(statuses, route.name).toContain(answer.status);
        expect(answer.text).not.toContain(MARK);
      }
    }),
    { numRuns: 500 },
  );
  expect(await t.state()).toEqual(before);
  expect(t.lines.join('\n')).not.toContain(MARK);
});

test('any bytes at a route that is content with every form are refused or passed over without a word of them', async () => {
  const t = await aParser();
  const owner = await t.signUp();
  const routes = bodies.filter(isContent);
  expect(routes).toHaveLength(contentRoutes.length);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), payloads, async (route, sent) => {
      for (const payload of sent) {
        const headers = headersOf(route, { key: '', bearer: await t.formLogIn(owner) });
        const answer = await t.send(route.method, urlOf(route), headers, payload);
        // The mail is sent three times, and then not for a while.
        const statuses = route.route === '/users/logout' ? [204, 400] : [204, 400, 429];
        expect(statuses, route.name).toContain(answer.status);
        expect(answer.text).not.toContain(MARK);
      }
    }),
    { numRuns: 100 },
  );
  expect((await t.state()).join('\n')).not.toContain(MARK);
  expect(t.lines.join('\n')).not.toContain(MARK);
});

test('the name of an unknown field is repeated only where it cannot be a value', async () => {
  const t = await aParser();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (name) => {
      fc.pre(!['email', 'password'].includes(name));
      const body = { email: 'x', password: 'y', [name]: 'z' };
      const answer = await t.send('POST', LOGIN, jsonHeaders(t), JSON.stringify(body));
      expect(answer.status).toBe(400);
      // A number as a name comes first, and `__proto__` of a literal is nobody's.
      for (const { field } of answer.body.errors)
        expect(field).toMatch(/^(?:\w{1,40}|\(unnamed\))$/);
    }),
  );
});

test('an Authorization header is a key, or nothing', async () => {
  const t = await aParser();
  const key = t.shop.key;
  const noise = fc.string({ unit: fc.constantFrom(...'aZ09-_.~+/= ,;:"\t'), maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      noise,
      fc.constantFrom('', 'key ', 'Bearer ', 'KEY  ', 'Basic ', 'key:'),
      noise,
      async (before, scheme, after) => {
        const authorization = `${before}${scheme}${key}${after}`;
        const answer = await t.send('GET', `/v1/user/${NO_ID}`, { authorization });
        const isKey = authorization.replace(/^(?:key|bearer) +/i, '') === key;
        expect(answer.status).toBe(isKey ? 404 : 401);
      },
    ),
    { numRuns: 300 },
  );
});

test('an id in a path is an id, or leads nowhere', async () => {
  const t = await aParser();
  const { id } = await t.enrol({ password: undefined });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.uuid()), async (text) => {
      fc.pre(text.toLowerCase() !== id && text.isWellFormed());
      const answer = await t.json('GET', `/v1/user/${encodeURIComponent(text)}`);
      expect(answer.status).toBe(404);
    }),
  );
  expect(await t.json('GET', `/v1/user/${id.toUpperCase()}`)).toMatchObject({ status: 200 });
});

test('a body is read only as the type that it says it has', async () => {
  const t = await aParser();
  const part = fc.constantFrom(
    'application/json',
    'Application/JSON',
    ';',
    ' ',
    'charset=utf-8',
    'charset="UTF-8"',
    'charset=utf-16',
    'charset=utf-7',
    ',',
    'text/plain',
    '*',
    'x=y',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
      const type = parts.join('');
      const headers = { authorization: t.shop.key, 'content-type': type };
      const { status } = await t.send('POST', LOGIN, headers, '{}');
      const [name, ...parameters] = type.split(';').map((text) => text.trim().toLowerCase());
      const charsets = parameters.filter((parameter) => parameter.startsWith('charset='));
      const isRead =
        name === 'application/json' &&
        charsets.every((charset) => /^charset=(?:utf-8|"utf-8")$/.test(charset));
      expect(status).toBe(isRead ? 400 : 415);
    }),
    { numRuns: 300 },
  );
});

test('a query of the page is never shown', async () => {
  const t = await aParser();
  const nasty = fc
    .array(
      fc.oneof(
        fc.constantFrom('<', '>', '"', "'", '&', '</main>', '<script>', '=', ' '),
        fc.string({ unit: 'binary' }),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''));
  const { text: calm } = await t.send('GET', '/local');
  await fc.assert(
    fc.asyncProperty(nasty, nasty, async (token, email) => {
      fc.pre(token.isWellFormed() && email.isWellFormed());
      const query = new URLSearchParams({ type: 'update_password', token, email });
      const { status, text } = await t.send('GET', `/local?${query}`);
      expect(status).toBe(400);
      expect(text).toBe(calm);
    }),
    { numRuns: 200 },
  );
});

attack(
  'an address that a proxy forwards',
  (target) => {
    test('is an address, or counts as the proxy’s own', async () => {
      const t = target();
      const owner = await t.enrol();
      let password = PASSWORD;
      for (const [forwarded, address] of [
        ['203.0.113.7', '203.0.113.7'],
        ['unknown', '10.0.0.1'],
        ['203.0.113.7:4711', '203.0.113.7'],
        ['<b>evil.example</b>', '10.0.0.1'],
        ["'; drop table users; --", '10.0.0.1'],
        ['::ffff:203.0.113.7', '203.0.113.7'],
      ] as const) {
        const next = `a password for ${forwarded}`;
        const headers = { 'x-forwarded-for': forwarded };
        const changed = await t.changePassword({ ...owner, password }, next, {
          from: '10.0.0.1',
          headers,
        });
        expect(changed).toMatchObject({ status: 200 });
        password = next;
        const { one_time_tokens: rights = [] } = await t.database.tables();
        const latest = rights
          .map(({ id, address }) => ({ id: String(id), address }))
          .sort((a, b) => a.id.localeCompare(b.id))
          .at(-1);
        expect(latest?.address).toBe(address);
      }
    });
  },
  { TRUST_PROXY: '10.0.0.0/8' },
);
