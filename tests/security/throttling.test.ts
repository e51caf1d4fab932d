import { type BinaryToTextEncoding, createHmac, hash, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openKeyFile } from '../../packages/adapters-crypto/src/index.ts';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import {
  aTarget,
  attack,
  LOGIN,
  NEW_PASSWORD,
  NO_ID,
  PASSWORD,
  REVOKE,
  type Target,
  UPDATE,
} from './target.ts';

// The first wait is a second, and a busy machine may need longer for all guesses: no time passes here.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

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
        'routes',
        async (t, email, index) => {
          const { url } = await t.listen();
          const change = { email, password: 'wrong', new_password: NEW_PASSWORD };
          return index % 2
            ? post(`${url}${UPDATE}`, t.shop.key, change)
            : post(`${url}${LOGIN}`, t.shop.key, { email, password: 'wrong' });
        },
      ],
      [
        'devices',
        async (t, email, index) =>
          post(`${(await t.listen()).url}${LOGIN}`, t.shop.key, {
            email,
            password: 'wrong',
            device: index % 2 ? `rkd_${index}` : 'x'.repeat(index * 100),
          }),
      ],
    ])('are not let through by other %s', async (_what, guess) => {
      const t = target();
      await t.listen();
      const { email } = await t.enrol();
      const tries = await t.unchanged(() => many((index) => guess(t, email, index)));
      expectLooked(tries, FREE);
    });

    test('through another service are looked at as often, and bring no wait at the first', async () => {
      const t = target();
      const { url } = await t.listen();
      const { email } = await t.enrol();
      for (const { key } of [t.other, t.shop]) {
        const tries = await t.unchanged(() =>
          many((index) => post(`${url}${LOGIN}`, key, { email, password: `guess ${index}` })),
        );
        expectLooked(tries, FREE);
      }
    });

    test('by forms are looked at as often, whatever route they are sent to', async () => {
      const t = target();
      const { email } = await t.signUp();
      const from = '203.0.113.60';
      const tries = await t.unchanged(() =>
        many((index) => {
          const fields = { email, password: 'wrong' };
          if (index % 2) return t.form('POST', '/users/login', fields, undefined, { from });
          const change = { ...fields, newPassword: NEW_PASSWORD };
          return t.form('POST', '/users/update/password', change, undefined, { from });
        }),
      );
      const looked = tries.filter(({ status }) => status !== 429);
      expect(looked).toHaveLength(FREE);
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
  'a siege of an account from many networks',
  (target) => {
    const GUESSES = 60;
    /** As many wrong passwords as get through, one from each network, at one moment. */
    const besiege = (t: Target, email: string) =>
      Promise.all(
        Array.from({ length: GUESSES }, (_, index) =>
          t.json('POST', LOGIN, { email, password: 'wrong' }, { from: `203.0.113.${index}` }),
        ),
      );
    const logIn = (t: Target, owner: { email: string; password: string }, more: object = {}) =>
      t.json('POST', LOGIN, { ...more, email: owner.email, password: owner.password });
    const deviceOf = async (t: Target, owner: { email: string; password: string }) =>
      (await logIn(t, owner)).body.device as string;

    test('gets through fifty times, keeps strangers out, and no device that is known', async () => {
      const t = target();
      const owner = await t.enrol();
      const device = await deviceOf(t, owner);
      const work = watchHashing();
      const tries = await besiege(t, owner.email);
      expect(tries.filter(({ status }) => status === 400)).toHaveLength(50);
      expect(work()).toBe(50);
      const refused = await logIn(t, owner);
      expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(refused.headers['retry-after']).toBe('1728');
      expect(refused.headers.ratelimit).toBe('"account-day";r=0;t=1728');
      expect(await logIn(t, owner, { device })).toMatchObject({ status: 200 });
      const change = { email: owner.email, password: PASSWORD, new_password: NEW_PASSWORD };
      expect(await t.json('POST', UPDATE, change)).toMatchObject({ status: 429 });
      expect(await t.json('POST', UPDATE, { ...change, device })).toMatchObject({ status: 200 });
    });

    test('keeps no session from changing the password by a form', async () => {
      const t = target();
      const owner = await t.signUp();
      const bearer = await t.formLogIn(owner);
      for (let index = 0; index < GUESSES; index += 1) {
        const fields = { email: owner.email, password: 'wrong' };
        const from = `203.0.113.${index}`;
        await t.form('POST', '/users/login', fields, undefined, { from });
      }
      const { email, password } = owner;
      const login = await t.form('POST', '/users/login', { email, password });
      expect(login).toMatchObject({ status: 429 });
      const change = { email, password, newPassword: NEW_PASSWORD };
      const thief = await t.formLogIn(await t.signUp());
      const stolen = await t.form('PUT', '/users/update/password', change, thief);
      expect(stolen).toMatchObject({ status: 403 });
      const changed = await t.form('PUT', '/users/update/password', change, bearer);
      expect(changed).toMatchObject({ status: 200 });
    });

    test('through another service keeps nobody out', async () => {
      const t = target();
      const owner = await t.enrol();
      await Promise.all(
        Array.from({ length: GUESSES }, (_, index) =>
          t.json(
            'POST',
            LOGIN,
            { email: owner.email, password: 'wrong' },
            { from: `203.0.113.${index}`, key: t.other.key },
          ),
        ),
      );
      expect(await logIn(t, owner)).toMatchObject({ status: 200 });
    });

    test.each<[string, (device: string, t: Target) => Promise<string> | string]>([
      ['of another account', (_device, t) => t.enrol().then((other) => deviceOf(t, other))],
      ['that names another user', (device) => device.replace(/(?<=\.)[^.]+(?=(\.\d+){3})/, NO_ID)],
      ['that names another device', (device) => device.replace(/(?<=^[^.]+\.)[^.]+/, NO_ID)],
      ['that is younger', (device) => device.replace(/(?<=\.)\d+(?=\.[^.]+$)/, '9999999999999')],
      ['of another epoch', (device) => device.replace(/\d+(?=\.\d+\.[^.]+$)/, '7')],
      ['of another kind of token', (_device, t) => t.rootKey],
      ['whose MAC is cut off', (device) => device.replace(/\.[^.]+$/, '.')],
      ['of sixteen thousand characters', (device) => device.padEnd(16_000, '0')],
      ['that holds a NUL', (device) => `${device}\0`],
      ['that is empty', () => ''],
    ])('is not passed by a device %s, and no such device is an error', async (_what, forge) => {
      const t = target();
      const owner = await t.enrol();
      const device = await forge(await deviceOf(t, owner), t);
      expect(await logIn(t, owner, { device })).toMatchObject({ status: 200 });
      await besiege(t, owner.email);
      expect(await logIn(t, owner, { device })).toMatchObject({ status: 429 });
    });

    test('is passed no more with a device once the owner has locked the account', async () => {
      const t = target();
      const owner = await t.enrol();
      const device = await deviceOf(t, owner);
      await t.changePassword(owner);
      const token = await t.linkTokenOf(owner.email);
      expect(await t.json('POST', REVOKE, { token })).toMatchObject({ status: 200 });
      await besiege(t, owner.email);
      const work = watchHashing();
      for (let i = 0; i < 12; i += 1) {
        expect(await logIn(t, owner, { device })).toMatchObject({ status: 429 });
      }
      // Each refusal costs as much as that of a known device would: ten in an hour.
      expect(work()).toBe(10);
    });

    test('guesses ten times with a device that was stolen, and no more with all of before a change', async () => {
      const t = target();
      const owner = await t.enrol();
      const devices = await Promise.all([1, 2, 3, 4].map(() => deviceOf(t, owner)));
      await t.changePassword(owner);
      await besiege(t, owner.email);
      const work = watchHashing();
      const tries = await many((index) =>
        t.json('POST', LOGIN, {
          email: owner.email,
          password: `guess ${index}`,
          device: devices[index % devices.length],
        }),
      );
      expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([429]));
      expect(work()).toBe(10);
    });

    test('changes nothing where it is refused', async () => {
      const t = target();
      const { email } = await t.enrol();
      await besiege(t, email);
      const before = await t.database.tables();
      await besiege(t, email);
      expect(await t.database.tables()).toEqual(before);
    });
  },
  strict,
);

attack(
  'somebody who has the database alone',
  (target) => {
    test('inverts no key of a count, however well the account and the network are guessed', async () => {
      const t = target();
      const { email } = await t.enrol();
      const from = '203.0.113.9';
      await t.json('POST', LOGIN, { email, password: 'wrong' }, { from });
      const { throttles = [] } = await t.database.tables();
      const keys = throttles.map(({ key }) => String(key));
      const parts = [
        ['client', t.shop.id, from],
        ['account', t.shop.id, email, from],
        ['account-day', t.shop.id, email],
      ];
      const texts = parts.map((each) => JSON.stringify(each));

      // With the key file they are all found, so that a guess is right that looks for them without it.
      const { throttle } = await openKeyFile(t.config.keysFile, { mayCreate: false });
      const mac = (secret: string | KeyObject, text: string, form: BinaryToTextEncoding) =>
        createHmac('sha256', secret).update(text).digest(form);
      for (const text of texts) {
        expect(keys).toContain(mac(throttle[0].key, text, 'base64url'));
      }

      const stored = Object.values(await t.database.tables()).flatMap((rows) =>
        rows.flatMap((row) => Object.values(row).map(String)),
      );
      const guesses = new Set([...texts, ...parts.flat(), ...parts.map((each) => each.join(' '))]);
      for (const guess of guesses) {
        expect(keys.some((key) => key.includes(guess))).toBe(false);
        for (const form of ['hex', 'base64', 'base64url'] as const) {
          for (const algorithm of ['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha3-256']) {
            expect(keys).not.toContain(hash(algorithm, guess, form));
          }
          for (const secret of stored) expect(keys).not.toContain(mac(secret, guess, form));
        }
      }
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
