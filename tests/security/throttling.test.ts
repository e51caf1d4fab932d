import { expect, onTestFinished, test, vi } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import { aTarget, attack, LOGIN, NEW_PASSWORD, PASSWORD, type Target, UPDATE } from './target.ts';

// The first wait is a second, and a busy machine may need longer for all guesses: no time passes here.
vi.useFakeTimers({ toFake: ['Date'] });

const ALL = 32;
const FREE = 5;
const strict = { THROTTLE_ACCOUNT_FREE: String(FREE), THROTTLE_CLIENT_PER_MINUTE: '300' };

type Try = { status: number; retryAfter: string | null };

/** A call over a connection of its own. */
async function post(url: string, key: string, body: object, headers = {}): Promise<Try> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: key,
      'content-type': 'application/json',
      connection: 'close',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  await response.text();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

/** So many tries were looked at, and all others were told to wait. */
function expectLooked(tries: Try[], looked: number): void {
  const refused = tries.filter(({ status }) => status === 429);
  expect(tries.filter(({ status }) => status === 400)).toHaveLength(looked);
  expect(refused).toHaveLength(tries.length - looked);
  for (const { retryAfter } of refused) expect(retryAfter).toMatch(/^[1-9]\d*$/);
}

const many = <T>(make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: ALL }, (_, index) => make(index)));

attack(
  'many guesses at once',
  (target) => {
    test('are looked at no more often than one after another, over the wire', async () => {
      const t = target();
      const { url } = await t.listen();
      const { email } = await t.enrol();
      const work = watchHashing();
      const tries = await t.unchanged(() =>
        many((index) => post(`${url}${LOGIN}`, t.shop.key, { email, password: `guess ${index}` })),
      );
      expectLooked(tries, FREE);
      expect(work()).toBe(FREE);
    });

    test('at an unknown address are counted like those at an account', async () => {
      const t = target();
      const { url } = await t.listen();
      const email = t.newEmail();
      const work = watchHashing();
      const tries = await t.unchanged(() =>
        many((index) => post(`${url}${LOGIN}`, t.shop.key, { email, password: `guess ${index}` })),
      );
      expectLooked(tries, FREE);
      expect(work()).toBe(FREE);
    });

    test('through two servers on one database are counted together', async () => {
      const t = target();
      const second = await aTarget({ DATABASE_URL: t.config.databaseUrl, ...strict });
      onTestFinished(second.close);
      const urls = [(await t.listen()).url, (await second.listen()).url];
      const { email } = await t.enrol();
      const tries = await t.unchanged(() =>
        many((index) =>
          post(`${urls[index % 2]}${LOGIN}`, t.shop.key, { email, password: `guess ${index}` }),
        ),
      );
      expectLooked(tries, FREE);
    });

    test.each<[string, (t: Target, email: string, index: number) => Promise<Try>]>([
      [
        'spellings of the address',
        async (t, email, index) => {
          const spelling =
            index % 2 ? email.toUpperCase() : email.replace('example', 'ＥＸＡＭＰＬＥ');
          return post(`${(await t.listen()).url}${LOGIN}`, t.shop.key, {
            email: spelling,
            password: 'wrong',
          });
        },
      ],
      [
        'addresses that a header claims',
        async (t, email, index) =>
          post(
            `${(await t.listen()).url}${LOGIN}`,
            t.shop.key,
            { email, password: 'wrong' },
            {
              'x-forwarded-for': `203.0.113.${index}`,
              forwarded: `for=203.0.113.${index}`,
              'x-real-ip': `203.0.113.${index}`,
              'cf-connecting-ip': `203.0.113.${index}`,
              'user-agent': `agent ${index}`,
            },
          ),
      ],
      [
        'services',
        async (t, email, index) =>
          post(`${(await t.listen()).url}${LOGIN}`, index % 2 ? t.shop.key : t.other.key, {
            email,
            password: 'wrong',
          }),
      ],
      [
        'routes',
        async (t, email, index) => {
          const { url } = await t.listen();
          const change = { email, password: 'wrong', new_password: NEW_PASSWORD };
          if (index % 2) return post(`${url}${UPDATE}`, t.shop.key, change);
          const login = await fetch(`${url}/users/login`, {
            method: 'POST',
            body: new URLSearchParams({ email, password: 'wrong' }),
          });
          // Its own word for a refusal.
          const status = login.status === 401 ? 400 : login.status;
          return { status, retryAfter: login.headers.get('retry-after') };
        },
      ],
      [
        'queries',
        async (t, email, index) =>
          post(`${(await t.listen()).url}${LOGIN}?x=${index}`, t.shop.key, {
            email,
            password: 'wrong',
          }),
      ],
    ])('are not let through by other %s', async (_what, guess) => {
      const t = target();
      await t.listen();
      const { email } = await t.enrol();
      const tries = await t.unchanged(() => many((index) => guess(t, email, index)));
      expectLooked(tries, FREE);
    });

    test('keep the owner out neither at another address nor at another account', async () => {
      const t = target();
      const owner = await t.enrol();
      const wrong = { email: owner.email, password: 'wrong' };
      await many(() => t.json('POST', LOGIN, wrong, { from: '203.0.113.9' }));
      const right = { email: owner.email, password: PASSWORD };
      const attacker = await t.unchanged(() =>
        t.json('POST', LOGIN, right, { from: '203.0.113.9' }),
      );
      expect(attacker).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(await t.json('POST', LOGIN, right, { from: '198.51.100.7' })).toMatchObject({
        status: 200,
      });
      const neighbour = await t.enrol();
      const login = { email: neighbour.email, password: PASSWORD };
      expect(await t.json('POST', LOGIN, login, { from: '203.0.113.9' })).toMatchObject({
        status: 200,
      });
    });

    test('at one-time codes are few', async () => {
      const t = target();
      const { url } = await t.listen();
      const { id } = await t.enrol({ password: undefined });
      await t.addKey(id, 'TOTP');
      const tries = await t.unchanged(() =>
        many((index) =>
          // Seven digits: none can happen to be right.
          post(`${url}/v1/auth/totp`, t.shop.key, { user_id: id, totp: String(1_000_000 + index) }),
        ),
      );
      expectLooked(tries, FREE);
    });

    test('at links cost no hash, and find nothing', async () => {
      const t = target();
      const { url } = await t.listen();
      const work = watchHashing();
      const tries = await t.unchanged(() =>
        many((index) => post(`${url}${UPDATE}/revoke`, t.shop.key, { token: `rkl_${index}` })),
      );
      expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([400]));
      expect(work()).toBe(0);
    });

    test('that are malformed count for nothing', async () => {
      const t = target();
      const owner = await t.enrol();
      const malformed = await many(() =>
        t.json('POST', LOGIN, { email: owner.email, password: 7 }),
      );
      expect(new Set(malformed.map(({ status }) => status))).toEqual(new Set([400]));
      expect((await t.logIn(owner)).access).toBeDefined();
    });
  },
  strict,
);

attack(
  'one client',
  (target) => {
    test('that tries many accounts at once is let through ten times, and keeps nobody else out', async () => {
      const t = target();
      const { url } = await t.listen();
      const work = watchHashing();
      const tries = await t.unchanged(() =>
        many((index) =>
          post(`${url}${LOGIN}`, t.shop.key, {
            email: `nobody-${index}@example.com`,
            password: 'wrong',
          }),
        ),
      );
      expectLooked(tries, 10);
      expect(work()).toBe(10);
      const owner = await t.enrol({ key: t.other.key });
      expect((await t.logIn(owner, t.other.key)).access).toBeDefined();
    });

    test('that signs up many at once is let through twice', async () => {
      const t = target();
      const before = (await t.database.tables()).users?.length ?? 0;
      const answers = await many((index) =>
        t.form(
          'POST',
          '/users/create',
          { name: 'Eve', email: `eve-${index}@example.com`, password: PASSWORD },
          undefined,
          { from: '203.0.113.77' },
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(ALL - 2);
      expect((await t.database.tables()).users).toHaveLength(before + 2);
    });
  },
  { THROTTLE_CLIENT_PER_MINUTE: '10' },
);

attack(
  'a thief who changes the password over and over',
  (target) => {
    test('sends the owner three mails in an hour, and all the links work', async () => {
      const t = target();
      const owner = await t.enrol();
      let password = PASSWORD;
      for (const next of ['the second one', 'the third one', 'the fourth one']) {
        expect(await t.changePassword({ ...owner, password }, next)).toMatchObject({ status: 200 });
        password = next;
      }
      const answer = await t.unchanged(() =>
        t.changePassword({ ...owner, password }, 'the fifth one'),
      );
      expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3000);
      expect(await t.mailsTo(owner.email)).toHaveLength(3);
      const token = await t.linkTokenOf(owner.email);
      expect(await t.json('POST', `${UPDATE}/revoke`, { token })).toMatchObject({ status: 200 });
    });
  },
  { THROTTLE_CHANGES_PER_HOUR: '3' },
);

attack(
  'behind a proxy',
  (target) => {
    test('a client that writes addresses before the proxy’s is counted by the proxy’s word', async () => {
      const t = target();
      const { email } = await t.enrol();
      const tries = await t.unchanged(() =>
        many((index) =>
          t.json(
            'POST',
            LOGIN,
            { email, password: 'wrong' },
            {
              from: '10.0.0.1',
              headers: { 'x-forwarded-for': `203.0.113.${index}, 198.51.100.1` },
            },
          ),
        ),
      );
      expect(tries.filter(({ status }) => status === 400)).toHaveLength(FREE);
    });

    test('a client that does not come through the proxy is not believed', async () => {
      const t = target();
      const { email } = await t.enrol();
      const tries = await t.unchanged(() =>
        many((index) =>
          t.json(
            'POST',
            LOGIN,
            { email, password: 'wrong' },
            {
              from: '198.51.100.2',
              headers: { 'x-forwarded-for': `203.0.113.${index}` },
            },
          ),
        ),
      );
      expect(tries.filter(({ status }) => status === 400)).toHaveLength(FREE);
    });
  },
  { ...strict, TRUST_PROXY: '10.0.0.0/8' },
);
