import { beforeAll, describe, expect, test } from 'vitest';
import { expectGuarded } from './guarded.ts';
import {
  bodies,
  type Example,
  examples,
  guarded,
  headersOf,
  named,
  payloadOf,
  urlOf,
} from './routes.ts';
import {
  type Answer,
  attack,
  LOGIN,
  NEW_PASSWORD,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

attack(
  'every answer is guarded',
  (target) => {
    let credentials: { key: string; bearer: string };
    beforeAll(async () => {
      const t = target();
      credentials = { key: t.shop.key, bearer: await t.formLogIn(await t.signUp()) };
    });

    async function send(t: Target, example: Example, fields = example.body, headers = {}) {
      const answer = await t.send(
        example.method,
        urlOf(example, example.query),
        { ...headersOf(example, credentials), ...headers },
        fields === null ? undefined : payloadOf(example, fields),
      );
      // A logout does what it says.
      const isOver = example.route === '/users/logout' && answer.status === 204;
      if (isOver) credentials = { ...credentials, bearer: await t.formLogIn(await t.signUp()) };
      return answer;
    }
    const statusOf = async (answer: Promise<Answer>) => {
      expectGuarded(await answer);
      return (await answer).status;
    };
    /** A method that nothing answers at this path. */
    const otherMethod = (example: Example) =>
      ['DELETE', 'PATCH', 'PUT', 'POST'].find(
        (method) => !examples.some((each) => each.method === method && answers(each, example)),
      ) ?? '';
    const answers = ({ route }: Example, example: Example) =>
      new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`).test(urlOf(example));

    const answered = [200, 204, 303, 400, 401, 403, 404];

    describe.each(named(examples))('%s', (_name, example) => {
      test('to the request that it describes', async () => {
        const status = await statusOf(send(target(), example));
        expect(answered).toContain(status);
      });

      test('to another method, or at a longer path', async () => {
        const t = target();
        const url = urlOf(example);
        expect(await statusOf(t.send(otherMethod(example), url))).toBe(405);
        expect(await statusOf(t.send(example.method, `${url}/x/y`))).toBe(404);
      });
    });

    test.each(named(bodies))(
      '%s: to a body that is empty, too large or of another type',
      async (_name, example) => {
        const t = target();
        const isOptional = example.required.length === 0;
        expect(isOptional ? answered : [400]).toContain(await statusOf(send(t, example, {})));
        // The entries of the audit may be larger.
        const size = example.route.startsWith('/v1/audit') ? 66_000 : 17_000;
        expect(await statusOf(send(t, example, { token: 'x'.repeat(size) }))).toBe(413);
        const type = { 'content-type': 'text/plain' };
        expect(await statusOf(send(t, example, example.body, type))).toBe(415);
      },
    );

    test.each(named(guarded))('%s: to nobody in particular', async (_name, example) => {
      const t = target();
      const headers = { authorization: '' };
      expect(await statusOf(send(t, example, example.body, headers))).toBe(401);
    });

    test('with 200 and with 403', async () => {
      const t = target();
      const owner = await t.enrol({ password_require_update: true });
      const forbidden = await t.json('POST', LOGIN, { email: owner.email, password: PASSWORD });
      expect(forbidden.status).toBe(403);
      const changed = await t.changePassword(owner, NEW_PASSWORD);
      const login = await t.json('POST', LOGIN, { email: owner.email, password: NEW_PASSWORD });
      expect([changed.status, login.status]).toEqual([200, 200]);
      for (const answer of [forbidden, changed, login]) expectGuarded(answer);
    });
  },
  { API_DOCS: 'true' },
);

attack('a secret that is sent as X-Request-Id', (target) => {
  test('is neither echoed nor logged, whatever secret of ours it is', async () => {
    const t = target();
    const owner = await t.enrol();
    const { access, refresh } = await t.logIn(owner);
    await t.changePassword(owner);
    const secrets = [
      t.shop.key,
      t.rootKey,
      owner.keyValue,
      (await t.addKey(owner.id, 'KEY')).value,
      (await t.addKey(owner.id, 'TOTP')).value,
      access,
      refresh,
      await t.linkTokenOf(owner.email),
      await t.formLogIn(await t.signUp()),
      PASSWORD,
      NEW_PASSWORD,
    ];
    const { key } = t.shop;
    for (const secret of secrets) {
      const headers = { 'x-request-id': secret };
      for (const answer of [
        await t.send('GET', '/ping', headers),
        await t.send('GET', '/%ZZ', headers),
        await t.json('GET', '/v1/audit', undefined, { headers, key }),
        await t.json('POST', LOGIN, {}, { headers }),
      ]) {
        expect(`${JSON.stringify(answer.headers)}${answer.text}`).not.toContain(secret);
        expect(answer.headers['x-request-id']).toMatch(
          /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
        );
      }
      expect(t.lines.join('\n')).not.toContain(secret);
    }
  });

  test('and is an id is taken over, so that a proxy’s log and ours can be put together', async () => {
    const id = '0af7651916cd43dd8448eb211c80319c';
    const { headers } = await target().send('GET', '/ping', { 'x-request-id': id });
    expect(headers['x-request-id']).toBe(id);
  });
});

/** What has somebody wait who proved something first, which the example does not, or who has too many streams. */
const WAITING_LATER = new Set([
  'GET /v1/event',
  'GET /v1/revocation',
  'POST /v1/auth/token/step-up',
  'POST /v1/auth/factor/totp',
  'POST /v1/auth/factor/totp/remove',
  'POST /v1/auth/factor/totp/recovery-codes',
  'POST /v1/auth/provider/:provider/oauth2',
  'POST /v1/auth/provider/:provider/link',
  'DELETE /v1/auth/provider/link/:id',
  'POST /v1/auth/webauthn/register/finish',
  'DELETE /v1/auth/webauthn/credential/:id',
  'POST /users/login/google',
  'POST /users/providers/google',
  'DELETE /users/providers/:id',
  'POST /users/webauthn/register/finish',
  'DELETE /users/webauthn/credentials/:id',
]);

attack(
  'a client that has to wait',
  (target) => {
    test('gets a guarded 429 on every route that counts', async () => {
      const t = target();
      const person = await t.signUp();
      const credentials = { key: t.shop.key, bearer: await t.formLogIn(person) };
      const [locked, unproven] = [await t.enrol(), await t.enrol()];
      await t.changePassword(locked);
      const token = await t.linkTokenOf(locked.email);
      expect(await t.json('POST', REVOKE, { token })).toMatchObject({ status: 200 });
      const counted = examples.filter(
        ({ name, errors }) => errors.includes('too_many_requests') && !WAITING_LATER.has(name),
      );
      expect(counted.length).toBeGreaterThan(5);
      for (const example of counted) {
        const answers: Answer[] = [];
        // A session may be wrong ten times, as a known device may.
        for (let again = 0; again < 13; again += 1) {
          // An address that is free, for a sign-up; the own one with a session; one that nobody has, for all others.
          const isOwn = example.security.includes('accessToken');
          const email = isOwn ? person.email : t.newEmail();
          const body = { ...example.body, ...('email' in (example.body ?? {}) && { email }) };
          const payload = payloadOf(example, body);
          const headers = headersOf(example, credentials);
          // The way back of an account that has one, and the proof of an address that is not proven.
          const { id } = example.route.endsWith('/recover') ? locked : unproven;
          const isOfUser = example.route.startsWith('/v1/user/:id/');
          const url = urlOf(isOfUser ? { ...example, params: { id } } : example);
          answers.push(await t.send(example.method, url, headers, payload));
        }
        const last = answers.at(-1) as Answer;
        expect(last, example.name).toMatchObject({
          status: 429,
          body: { code: 'too_many_requests' },
        });
        expectGuarded(last);
      }
    });
  },
  { THROTTLE_ACCOUNT_FREE: '1', THROTTLE_CLIENT_PER_MINUTE: '1' },
);
