import { connect } from 'node:net';
import { expect, test } from 'vitest';
import {
  bodies,
  examples,
  FORM_TYPE,
  headersOf,
  JSON_TYPE,
  named,
  payloadOf,
  urlOf,
} from './routes.ts';
import { type Answer, attack, LOGIN, type Target } from './target.ts';

/** Sends bytes on one connection, and answers everything that came back until the server closed it. */
async function exchange(t: Target, text: string): Promise<{ raw: string; statuses: number[] }> {
  const { port } = await t.listen();
  const raw = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1').on('data', (part) => {
      received += part;
    });
    socket.once('close', () => resolve(received)).once('error', reject);
  });
  const statuses = [...raw.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return { raw, statuses };
}

const signUp = (email: string) => `name=Eve&email=${encodeURIComponent(email)}&password=12345678`;

/** A request that would make a user, for smuggling. */
function smuggled(email: string): string {
  const body = signUp(email);
  return `POST /users/create HTTP/1.1\r\nHost: rekey.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

attack('a request', (target) => {
  test.each<[string, (inner: string) => string]>([
    [
      'a length and chunks',
      (inner) =>
        `Content-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      'chunks and a length',
      (inner) => `Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      'two lengths',
      (inner) => `Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    ],
    ['two lengths in one line', (inner) => `Content-Length: 0, ${inner.length}\r\n\r\n${inner}`],
    ['a length with a sign', (inner) => `Content-Length: +0\r\n\r\n${inner}`],
    ['a negative length', (inner) => `Content-Length: -1\r\n\r\n${inner}`],
    ['a length in base 16', (inner) => `Content-Length: 0x0\r\n\r\n${inner}`],
    [
      'a length beyond all numbers',
      (inner) => `Content-Length: 18446744073709551616\r\n\r\n${inner}`,
    ],
    ['an unknown encoding', (inner) => `Transfer-Encoding: xchunked\r\n\r\n${inner}`],
    [
      'chunks that are not the last encoding',
      (inner) => `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      'an encoding before a blank',
      (inner) => `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    [
      'an encoding on a folded line',
      (inner) => `X: y\r\n Transfer-Encoding: chunked\r\nContent-Length : 0\r\n\r\n${inner}`,
    ],
    [
      'a chunk with a size that is none',
      (inner) => `Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${inner}`,
    ],
    [
      'a chunk of a negative size',
      (inner) => `Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${inner}`,
    ],
    [
      'a chunk of an endless size',
      (inner) => `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${inner}`,
    ],
    ['chunks ended by a line feed', (inner) => `Transfer-Encoding: chunked\r\n\r\n0\n\n${inner}`],
    ['a NUL in a header', (inner) => `X: a\0b\r\nContent-Length: 0\r\n\r\n${inner}`],
    ['a carriage return in a header', (inner) => `X: a\rContent-Length: 0\r\n\r\n${inner}`],
    ['a header without a colon', (inner) => `X\r\nContent-Length: 0\r\n\r\n${inner}`],
  ])('hides no second request behind %s', async (_how, rest) => {
    const t = target();
    const head =
      'POST /users/login HTTP/1.1\r\nHost: rekey.test\r\nContent-Type: application/x-www-form-urlencoded\r\n';
    const { raw, statuses } = await t.unchanged(() =>
      exchange(t, head + rest(smuggled('smuggled@example.com'))),
    );
    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    expect(raw).not.toContain('smuggled');
    expect(raw).toMatch(/^connection: close$/im);
  });

  test.each([
    ['Host', 'rekey.test', 'evil.example'],
    ['Host', 'rekey.test', 'rekey.test'],
    ['Content-Type', 'application/json', 'application/x-www-form-urlencoded'],
    ['Authorization', 'first', 'second'],
    ['Authorization', 'second', 'first'],
    ['Authorization', 'first', 'first'],
  ])('is read in one way, or not at all: with two lines of %s', async (name, one, two) => {
    const t = target();
    // Of two services: a proxy may have let the one in, and Rekey the other.
    const keys: Record<string, string> = { first: t.shop.key, second: t.other.key };
    const body = JSON.stringify({ email: t.newEmail(), name: 'Eve', is_enabled: true });
    const given = { host: 'x', 'content-type': 'application/json', authorization: t.shop.key };
    const lines = [
      ...Object.entries(given).filter(([each]) => each !== name.toLowerCase()),
      ...[one, two].map((value) => [name, keys[value] ?? value]),
      ['Content-Length', String(body.length)],
      ['Connection', 'close'],
    ].map((line) => `${line.join(': ')}\r\n`);
    const text = `POST /v1/user HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
    const { statuses, raw } = await t.unchanged(() => exchange(t, text));
    expect(statuses).toEqual([400]);
    expect(raw).toContain(`there are two ${name.toLowerCase()} headers`);
  });

  test('that follows another on one connection gets its own body and its own answer', async () => {
    const t = target();
    const first = `GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`;
    const { statuses, raw } = await t.unchanged(() =>
      exchange(t, `${first}GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    expect(statuses).toEqual([200, 200]);
    expect(raw).toMatch(/Pong[\s\S]*"status":"live"/);
  });

  test.each([
    ['without a version', 'GET /ping\r\n\r\n', 200],
    ['of the next version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['of no version', 'GET /ping HTTP/9.9\r\n\r\n', 400],
    ['with a method that is none', 'G@T /ping HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['with a blank in its path', 'GET /pi ng HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['for everything', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    [
      'that traces',
      'TRACE /ping HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nConnection: close\r\n\r\n',
      405,
    ],
    [
      'for another protocol',
      'GET /ping HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nConnection: Upgrade, close\r\n\r\n',
      200,
    ],
    [
      'for a socket',
      'GET /v1/user/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
      401,
    ],
  ])('%s is answered plainly', async (_what, text, status) => {
    const t = target();
    const { raw, statuses } = await t.unchanged(() => exchange(t, text));
    expect(statuses).toEqual([status]);
    expect(raw).toMatch(/^cache-control: no-store$/im);
    expect(raw).not.toContain('a=b');
  });

  test('for a tunnel gets none', async () => {
    const t = target();
    const { raw } = await t.unchanged(() =>
      exchange(t, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
    );
    expect(raw).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test('for the URL of another host is served as its path says, and is sent nowhere', async () => {
    const t = target();
    const { statuses, raw } = await t.unchanged(() =>
      exchange(
        t,
        'GET http://evil.example/health/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      ),
    );
    expect([[200], [404]]).toContainEqual(statuses);
    expect(raw).not.toContain('evil');
  });

  test('that is answered with an error leaves no body behind for the next request', async () => {
    const t = target();
    const body = smuggled('left@example.com');
    const text = `POST ${LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const { statuses } = await t.unchanged(() => exchange(t, text));
    expect(statuses[0]).toBe(401);
    expect([[401], [401, 200]]).toContainEqual(statuses);
  });
});

attack('a path', (target) => {
  test.each([
    '//v1/user/x',
    '/v1//user/x',
    '/V1/user/x',
    '/v1/user/x/',
    '/v1/./user/x',
    '/users/../v1/user/x',
    '/v1/user/x;a=b',
    '/v1/user/x%2f..',
    '/v1%2fuser%2fx',
    '/v1/user\\x',
    '/%76%31/user/x',
    '/v1/user/..%2f..%2fhealth%2flive',
    '/v1/user/%00',
    '/v1/user/x%0d%0aSet-Cookie:%20a=b',
    '/v1/user/x#fragment',
    '/v1/user/x?authorization=root',
    '/.git/config',
    '/.env',
    '/data/keys.json',
    '/local/../../data/keys.json',
    '/local/style.css/../../../package.json',
    '/metrics',
    '/docs',
  ])('that looks like another path needs the key that the other path needs: %s', async (url) => {
    const t = target();
    const answer = await t.unchanged(() => t.send('GET', url));
    expect([400, 401, 404]).toContain(answer.status);
    expect(answer.headers['set-cookie']).toBe(undefined);
  });

  test.each(named(bodies))(
    'is not turned into another by a header or a field that asks for a method: %s',
    async (_name, example) => {
      const t = target();
      const { method } = example;
      const authorization = t.shop.key;
      const [answer, asked] = await t.unchanged(() =>
        Promise.all([
          t.send('GET', urlOf(example, { _method: method, ...example.body }), {
            'x-http-method-override': method,
            'x-http-method': method,
            'x-method-override': method,
            authorization,
          }),
          t.send('GET', urlOf(example, example.body), { authorization }),
        ]),
      );
      const outcomeOf = ({ status, headers }: Answer) => [status, headers.location];
      expect(outcomeOf(answer)).toEqual(outcomeOf(asked));
      const isRead = examples.some(
        (other) => other.route === example.route && other.method === 'GET',
      );
      if (!isRead) expect(answer.status).toBe(405);
      // A list refuses the fields; a thing that is not there is not there, whatever the query is.
      else if (example.type === JSON_TYPE) expect([400, 404]).toContain(answer.status);
      // A page is shown, or that of the link: no form is taken.
      else expect([200, 303, 400]).toContain(answer.status);
    },
  );
});

attack('a page of another site', (target) => {
  test.each(named(examples))('is told nothing about callers, by %s', async (_name, example) => {
    const t = target();
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': example.method,
      'access-control-request-headers': 'authorization, content-type',
    };
    for (const method of ['OPTIONS', example.method]) {
      const answer = await t.unchanged(() => t.send(method, urlOf(example), headers));
      const allowing = Object.keys(answer.headers).filter((name) => /^access-control/.test(name));
      expect(allowing).toEqual([]);
    }
  });

  test.each(named(bodies.filter(({ type }) => type === FORM_TYPE)))(
    'sends no form, and so no guess from its visitors: %s',
    async (_name, example) => {
      const t = target();
      const payload = payloadOf(example, example.body);
      const given = headersOf(example, { key: '', bearer: await t.formLogIn(await t.signUp()) });
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site', origin: 'null' },
        { 'sec-fetch-site': 'same-site', origin: 'http://evil.rekey.test' },
        { 'sec-fetch-site': 'same-origin', origin: 'http://evil.example' },
        { origin: 'https://evil.example' },
        { origin: 'http://rekey.test.evil.example' },
        { origin: 'https://rekey.test' },
        { origin: 'http://rekey.test:8080' },
      ]) {
        const answer = await t.unchanged(() =>
          t.send(example.method, urlOf(example), { ...given, ...headers }, payload),
        );
        expect([headers, answer.status]).toEqual([headers, 403]);
      }
    },
  );

  // All that a form of another site can send without asking: these three types, and no header.
  const sendable = [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
  ];
  test.each(named(bodies.filter(({ type }) => type === JSON_TYPE)))(
    'cannot make a browser speak JSON: %s',
    async (_name, example) => {
      const t = target();
      const payload = payloadOf(example, example.body);
      for (const type of sendable) {
        const headers = headersOf({ ...example, type }, { key: t.shop.key, bearer: '' });
        const answer = await t.unchanged(() =>
          t.send(example.method, urlOf(example), headers, payload),
        );
        expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
      }
    },
  );
});
