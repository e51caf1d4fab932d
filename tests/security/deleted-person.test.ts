import { expect, test } from 'vitest';
import { operator } from '../../packages/domain/src/index.ts';
import { codeAt } from '../harness.ts';
import { attack, LOGIN, NEW_PASSWORD, PASSWORD, type Target, UPDATE } from './target.ts';

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
};

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
  return user_id;
}

attack('a person who is deleted', (target) => {
  test('is found in no table any more once the last mail is sent, and the audit verifies', async () => {
    const t = target();
    const id = await aLife(t);
    const before = foundIn(await dump(t));
    expect(before).toEqual(Object.keys(PERSONAL).filter((what) => what !== 'address of a form'));
    const exported = await t.json('GET', `/v1/user/${id}/export`, undefined, { key: t.rootKey });
    expect(foundIn(exported.text.toLowerCase())).toEqual(before);

    const removed = await t.json('DELETE', `/v1/user/${id}`, undefined, { key: t.rootKey });
    expect(removed.status).toBe(200);
    await t.deliver();
    const after = await dump(t);
    expect(foundIn(after)).toEqual([]);
    // Its id stays in the audit alone, and in events.
    const tables = after.split('\n').filter((row) => row.includes(id));
    expect(new Set(tables.map((row) => row.split(' ', 1)[0]))).toEqual(
      new Set(['audit_entries', 'events']),
    );
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
});
