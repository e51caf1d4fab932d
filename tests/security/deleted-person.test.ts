import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { authenticator } from '../../packages/adapters-webauthn/test/authenticator.ts';
import { operator } from '../../packages/domain/src/index.ts';
import { codeAt } from '../harness.ts';
import {
  type Answer,
  attack,
  LOGIN,
  NEW_PASSWORD,
  PASSWORD,
  type Target,
  UPDATE,
} from './target.ts';

const FROM = '198.51.100.77';
const more = { from: FROM, headers: { 'user-agent': 'HeartOfGold/7.0' } };

const EMAIL = 'Zaphod@heart-of-gold.example';

/** All by which the person could be known, in any case. */
const PERSONAL = {
  name: 'beeblebrox',
  address: 'zaphod@heart-of-gold.example',
  'address of a form': 'trillian@heart-of-gold.example',
  agent: 'heartofgold/7',
  'network address': FROM,
  'what a service keeps': 'pan-galactic',
  'what another keeps': 'gargle-blaster',
  'what a service recorded': 'infinite improbability',
  'a subject of a service': 'order of dish 42',
  'an account at a provider': 'zaphod at google',
};

/** A page that the person makes a passkey at. */
const ORIGIN = 'https://heart-of-gold.example';

/** Where the person is named by the id while there is an account, beside audit and events. */
const OF_THE_PERSON = ['totp_seeds', 'recovery_codes', 'challenges', 'passkeys', 'provider_links'];

/** Every row of every table as text, octets too. */
async function dump(t: Target): Promise<string> {
  const tables = await t.database.tables();
  const readable = (value: unknown) => (Buffer.isBuffer(value) ? value.toString() : value);
  return Object.entries(tables)
    .flatMap(([name, rows]) =>
      rows.map((row) => {
        const cells = Object.entries(row).map(([column, value]) => [column, readable(value)]);
        return `${name} ${JSON.stringify(Object.fromEntries(cells))}`;
      }),
    )
    .join('\n')
    .toLowerCase();
}

const foundIn = (text: string) =>
  Object.entries(PERSONAL).flatMap(([what, marker]) => (text.includes(marker) ? [what] : []));

/** The tables in which something names an id. */
const tablesWith = (id: string, dumped: string) =>
  new Set(dumped.split('\n').flatMap((row) => (row.includes(id) ? row.split(' ', 1) : [])));

const faultsOf = async (t: Target) =>
  (await t.rekey.useCases.audit.verifyAudit.execute(operator)).flatMap(({ fault }) => fault ?? []);

/** A person of whom two services know, with all that can happen to one; the last mail is still owed. */
async function aLife(t: Target): Promise<string> {
  const post = async (url: string, body: object, { key = t.shop.key, headers = {} } = {}) => {
    const all = { ...more, key, headers: { ...more.headers, ...headers } };
    const answer = await t.json('POST', url, body, all);
    expect(answer, `${url} ${answer.text}`).toMatchObject({ status: 200 });
    return answer.body;
  };
  const email = EMAIL;
  const { data: user } = await post(
    '/v1/user',
    {
      name: 'Zaphod Beeblebrox',
      email,
      password: PASSWORD,
      attributes: { drink: 'pan-galactic' },
      token_key: true,
    },
    { headers: { 'idempotency-key': 'make-zaphod' } },
  );
  const user_id: string = user.id;
  await t.json('POST', LOGIN, { email, password: 'wrong horse' }, more);
  const first = await post(LOGIN, { email, password: PASSWORD });
  const fresh = await post('/v1/auth/token/refresh', { token: first.refresh.token });
  await post('/v1/auth/token/verify', { token: fresh.access.token, audit: 'shop:look' });
  const totp = await post('/v1/key', { type: 'TOTP', name: "Beeblebrox's phone", user_id });
  await post('/v1/auth/totp', { user_id, totp: codeAt(totp.data.value, Date.now()) });
  const key = await post('/v1/key', { name: "Beeblebrox's ship", user_id });
  await post('/v1/auth/key/verify', { key: key.data.value, audit: 'shop:fly' });
  await post('/v1/audit', {
    type: 'shop:order',
    subject: 'Order of dish 42',
    data: { drive: 'infinite improbability' },
    user_id,
  });
  const change = { email, password: PASSWORD, new_password: NEW_PASSWORD };
  await post(UPDATE, change, { headers: { 'idempotency-key': 'change-zaphod' } });
  await t.deliver();
  await post('/v1/key', { type: 'TOKEN', name: 'Beeblebrox', user_id }, { key: t.other.key });
  const patch = (key: string, body: object) =>
    t.json('PATCH', `/v1/user/${user_id}`, body, { ...more, key });
  await patch(t.other.key, { attributes: { drink: 'gargle-blaster' } });
  await patch(t.shop.key, { name: 'Zaphod Beeblebrox II', is_enabled: false });
  await patch(t.shop.key, { is_enabled: true });
  await post(LOGIN, { email, password: NEW_PASSWORD }, { key: t.other.key });
  const again = { email, password: NEW_PASSWORD, new_password: PASSWORD };
  await post(UPDATE, again, { key: t.other.key });
  await factorsOf(t, user_id, post);
  return user_id;
}

/** Gives the person every factor there is, and leaves a login that waits for one. */
async function factorsOf(
  t: Target,
  user_id: string,
  post: (url: string, body: object, of?: object) => Promise<Answer['body']>,
): Promise<void> {
  const claim = { email: EMAIL, password: PASSWORD };
  const { access } = await post(LOGIN, claim);
  const by = { headers: { 'user-authorization': `token ${access.token}` } };
  const { options } = await post('/v1/auth/webauthn/register/start', { email: EMAIL }, by);
  const response = await authenticator(ORIGIN).create(options);
  const made = { email: EMAIL, response, device_name: "Beeblebrox's head" };
  await post('/v1/auth/webauthn/register/finish', made, by);
  const { secret } = await post('/v1/auth/factor/totp', { user_id }, by);
  const confirmation = { user_id, totp: codeAt(secret, Date.now()) };
  const { recovery_codes } = await post('/v1/auth/factor/totp/confirm', confirmation, by);
  expect(recovery_codes).toHaveLength(10);
  // No provider runs here: its answer would have made this row.
  await t.database.run(
    `insert into provider_links (id, created_at, user_id, provider, issuer, subject)
     values ('${randomUUID()}', ${Date.now()}, '${user_id}', 'google', 'https://accounts.google.com', 'Zaphod at Google')`,
  );
  const waiting = await t.json('POST', LOGIN, claim, more);
  expect(waiting.body.code).toBe('second_factor_required');
}

const env = { WEBAUTHN_ORIGINS: ORIGIN };

attack(
  'a person who is deleted',
  (target) => {
    test('is found in no table any more once the last mail is sent, and the audit verifies', async () => {
      const t = target();
      const id = await aLife(t);
      const dumped = await dump(t);
      expect([...tablesWith(id, dumped)]).toEqual(expect.arrayContaining(OF_THE_PERSON));
      const before = foundIn(dumped);
      expect(before).toEqual(Object.keys(PERSONAL).filter((what) => what !== 'address of a form'));
      const exported = await t.json('GET', `/v1/user/${id}/export`, undefined, { key: t.rootKey });
      expect(foundIn(exported.text.toLowerCase())).toEqual(before);

      const removed = await t.json('DELETE', `/v1/user/${id}`, undefined, { key: t.rootKey });
      expect(removed.status).toBe(200);
      await t.deliver();
      const after = await dump(t);
      expect(foundIn(after)).toEqual([]);
      // Its id stays in the audit alone, and in events.
      expect(tablesWith(id, after)).toEqual(new Set(['audit_entries', 'events']));
      // Answers are kept sealed, for calls that are repeated: the one that is left opens with the call, and names nobody.
      expect(after.match(/^kept_answers /gm)).toHaveLength(1);
      const again = { email: EMAIL, password: PASSWORD, new_password: NEW_PASSWORD };
      const headers = { ...more.headers, 'idempotency-key': 'change-zaphod' };
      const opened = await t.json('POST', UPDATE, again, { ...more, headers });
      expect([opened.status, Object.keys(opened.body)]).toEqual([200, ['meta']]);
      expect(foundIn(opened.text.toLowerCase())).toEqual([]);
      expect(await faultsOf(t)).toEqual([]);
    });

    test('is found in no table either where it deletes the own account', async () => {
      const t = target();
      const email = 'trillian@heart-of-gold.example';
      const person = { name: 'Trillian Beeblebrox', email, password: PASSWORD };
      const made = await t.form('POST', '/users/create', person, undefined, more);
      expect(made.status).toBe(200);
      const login = await t.form(
        'POST',
        '/users/login',
        { email, password: PASSWORD },
        undefined,
        more,
      );
      expect(login.status).toBe(200);
      expect(foundIn(await dump(t))).toEqual([
        'name',
        'address of a form',
        'agent',
        'network address',
      ]);
      const removed = await t.form(
        'DELETE',
        '/users/delete',
        { email, password: PASSWORD },
        login.body.token,
        more,
      );
      expect(removed.status).toBe(204);
      await t.deliver();
      expect(foundIn(await dump(t))).toEqual([]);
      expect(await faultsOf(t)).toEqual([]);
    });
  },
  env,
);
