import { describe, expect, test } from 'vitest';
import { operator } from '../../packages/domain/src/index.ts';
import { codeAt } from '../harness.ts';
import { attack, LOGIN, NEW_PASSWORD, PASSWORD, REVOKE, type Target, UPDATE } from './target.ts';

type Entry = Record<string, unknown> & { id: string };

const FROM = '203.0.113.9';
const AGENT = 'Browser/1.0 (Planted; OS)';
const more = { from: FROM, headers: { 'user-agent': AGENT } };
const asked = { remote: FROM, user_agent: AGENT };

/** The entries that a service reads, the oldest first. */
async function entriesOf(t: Target, key: string): Promise<Entry[]> {
  const { status, body } = await t.json('GET', '/v1/audit?limit=100', undefined, { key });
  expect(status).toBe(200);
  return body.data;
}

/** A service of its own, with as many entries as it has users and one more. */
async function aChain(t: Target, users = 5) {
  const { id, key } = await t.newService('Chained');
  for (let i = 0; i < users; i += 1) {
    const user = { is_enabled: true, name: 'Ada', email: t.newEmail() };
    expect(await t.json('POST', '/v1/user', user, { key })).toMatchObject({ status: 200 });
  }
  return { id, key, entries: await entriesOf(t, key) };
}

const verify = async (t: Target, serviceId: string | null) => {
  const reports = await t.rekey.useCases.audit.verifyAudit.execute(operator);
  return reports.find((report) => report.serviceId === serviceId);
};

attack('the audit', (target) => {
  test('has an entry for everything that happens: the user, the thing, and where it was asked from', async () => {
    const t = target();
    const { id: service_id, key } = await aChain(t, 0);
    const post = async (url: string, body: object, status = 200) => {
      const answer = await t.json('POST', url, body, { key, ...more });
      expect(answer).toMatchObject({ status });
      return answer.body;
    };
    const newKey = (type: string) =>
      post('/v1/key', { is_enabled: true, type, name: 'web', user_id });
    const email = t.newEmail();
    const { data: user } = await post('/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email,
      password: PASSWORD,
    });
    const user_id: string = user.id;
    const token = (await newKey('TOKEN')).data.key;
    const plain = (await newKey('KEY')).data;
    const totp = (await newKey('TOTP')).data;

    await post(LOGIN, { email, password: 'wrong' }, 400);
    await post(LOGIN, { email: 'nobody@example.com', password: PASSWORD }, 400);
    const first = await post(LOGIN, { email, password: PASSWORD });
    await post('/v1/auth/token/refresh', { token: first.refresh.token });
    await post('/v1/auth/token/refresh', { token: first.refresh.token }, 400);
    const code = codeAt(totp.value, Date.now());
    const taken = await post('/v1/auth/totp', { user_id, totp: code });
    await post('/v1/auth/totp', { user_id, totp: code }, 400);
    const keyRevoked = await post('/v1/auth/key/revoke', { key: plain.value });
    await post(UPDATE, { email, password: 'wrong', new_password: NEW_PASSWORD }, 400);
    await post(UPDATE, { email, password: PASSWORD, new_password: NEW_PASSWORD });
    await t.deliver();
    const second = await post(LOGIN, { email, password: NEW_PASSWORD });
    const tokenRevoked = await post('/v1/auth/token/revoke', { token: second.access.token });
    const revoked = await post(REVOKE, { token: await t.linkTokenOf(email) });
    // The keys and sessions were ended one by one before.
    const ended = { sessions: 0, keys: 0, factors: 1 };
    expect(revoked).toStrictEqual({ audit: null, ended });
    await t.recordSums();

    const entries = await entriesOf(t, key);
    expect(new Set(entries.map((entry) => entry.service_id))).toEqual(new Set([service_id]));
    const outline = entries.map((entry) => {
      const isHis = entry.user_id === user_id;
      return [entry.type, entry.outcome, isHis, entry.subject];
    });
    const [session, change, later] = [expect.any(String), expect.any(String), expect.any(String)];
    const at = (index: number) => outline[index]?.[3];
    const expected = [
      ['sso:ServiceCreate', 'success', false, expect.any(String)],
      ['sso:UserCreate', 'success', true, user_id],
      ['sso:KeyCreate', 'success', true, token.id],
      ['sso:KeyCreate', 'success', true, plain.key.id],
      ['sso:KeyCreate', 'success', true, totp.key.id],
      ['sso:AuthLocalLogin', 'failure', true, null],
      ['sso:AuthLocalLogin', 'success', true, session],
      ['sso:AuthTokenRefresh', 'success', true, at(6)],
      ['rekey:TokenTheft', 'failure', true, at(6)],
      ['sso:AuthTotp', 'success', true, totp.key.id],
      ['sso:AuthTotp', 'failure', true, null],
      ['sso:AuthKeyRevoke', 'success', true, plain.key.id],
      ['sso:AuthLocalUpdatePassword', 'failure', true, null],
      ['sso:AuthLocalUpdatePassword', 'success', true, change],
      // One about the KEY, one about the password.
      ['rekey:MailSend', 'success', true, expect.any(String)],
      ['rekey:MailSend', 'success', true, expect.any(String)],
      ['sso:AuthLocalLogin', 'success', true, later],
      ['sso:AuthKeyRevoke', 'success', true, token.id],
      ['sso:AuthTokenRevoke', 'success', true, at(16)],
      ['sso:AuthLocalUpdatePasswordRevoke', 'success', true, at(13)],
      // Failures at names that nobody has come last: when their minute is over.
      ['sso:AuthLocalLogin', 'failure', false, null],
    ];
    expect(outline).toEqual(expected);
    for (const { type, remote, user_agent } of entries.slice(0, -1)) {
      const isNobody = type === 'sso:ServiceCreate' || type === 'rekey:MailSend';
      const nobody = { remote: '', user_agent: '' };
      expect({ remote, user_agent }).toEqual(isNobody ? nobody : asked);
    }
    expect(entries.at(-1)).toMatchObject({ remote: FROM, user_agent: '', count: 1 });
    const named = [taken, keyRevoked, tokenRevoked].map(({ audit }) => audit);
    expect(named).toEqual([entries[9]?.id, null, null]);
    expect(await verify(t, service_id)).toMatchObject({ length: 21, fault: null });

    const stored = JSON.stringify((await t.database.tables()).audit_entries);
    const typed = [email, 'nobody@example.com', PASSWORD, NEW_PASSWORD, code, totp.value];
    const secrets = [plain.value, first.access.token, first.refresh.token, second.access.token];
    for (const secret of [key, ...typed, ...secrets]) expect(stored).not.toContain(secret);
  });

  test('has everything that users do in the form dialect and on the hosted page', async () => {
    const t = target();
    const owner = await t.signUp();
    const bearer = await t.formLogIn(owner);
    const change = { email: owner.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    const wrong = { ...change, password: 'wrong' };
    await t.form('PUT', '/users/update/password', wrong, bearer, more);
    expect(await t.form('PUT', '/users/update/password', change, bearer)).toMatchObject({
      status: 200,
    });
    const token = await t.linkTokenOf(owner.email);
    expect(await t.form('POST', '/local', { token }, undefined, more)).toMatchObject({
      status: 200,
    });
    const query = `/v1/audit?user_id=${owner.id}`;
    const { body } = await t.json('GET', query, undefined, { key: t.rootKey });
    const entries: Entry[] = body.data;
    expect(entries.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['sso:UserCreate', 'success'],
      ['sso:KeyCreate', 'success'],
      ['sso:AuthLocalLogin', 'success'],
      ['sso:AuthLocalUpdatePassword', 'failure'],
      ['sso:AuthLocalUpdatePassword', 'success'],
      // One about the address, one about the password.
      ['rekey:MailSend', 'success'],
      ['rekey:MailSend', 'success'],
      ['sso:AuthLocalUpdatePasswordRevoke', 'success'],
    ]);
    const [, , session, refused] = entries;
    expect(refused?.subject).toBe(session?.subject);
    expect(refused).toMatchObject(asked);
    expect(entries.at(-1)).toMatchObject(asked);
  });

  test('says by its type which mail a link came with', async () => {
    const t = target();
    const { id, key } = await aChain(t, 0);
    const owner = await t.enrol({ key });
    await t.addKey(owner.id, 'KEY', key);
    const token = await t.linkTokenOf(owner.email, 'factor_change');
    expect(await t.json('POST', REVOKE, { token }, { key })).toMatchObject({ status: 200 });
    const [, , right] = token.split('.');
    const last = (await entriesOf(t, key)).at(-1);
    expect(last).toMatchObject({ type: 'rekey:FactorChangeRevoke', subject: right });
    expect(await verify(t, id)).toMatchObject({ fault: null });
  });

  test('tells a service no more of who has an account than a failed login does', async () => {
    const t = target();
    const owner = await t.enrol();
    const { key } = await aChain(t, 0);
    for (const email of [owner.email, t.newEmail()]) {
      await t.json('POST', LOGIN, { email, password: PASSWORD }, { key });
      await t.json(
        'POST',
        UPDATE,
        { email, password: PASSWORD, new_password: 'x'.repeat(9) },
        { key },
      );
    }
    for (const user_id of [owner.id, t.shop.id]) {
      await t.json('POST', '/v1/auth/totp', { user_id, totp: '000000' }, { key });
    }
    await t.recordSums();
    const [, ...entries] = await entriesOf(t, key);
    const outline = entries.map(({ type, user_id, count }) => [type, user_id, count]);
    expect(outline.toSorted()).toEqual([
      ['sso:AuthLocalLogin', null, 2],
      ['sso:AuthLocalUpdatePassword', null, 2],
      ['sso:AuthTotp', null, 2],
    ]);
  });

  test('grows by one entry a minute, however often somebody fails at names that nobody has', async () => {
    const t = target();
    const { key } = await aChain(t, 0);
    const size = async () => {
      const { audit_entries = [], audit_sums = [], events = [] } = await t.database.tables();
      return [audit_entries.length, audit_sums.length, events.length];
    };
    const [entries = 0, sums = 0, events = 0] = await size();
    for (let i = 0; i < 200; i += 1) {
      const claim = { email: `nobody-${i}@example.com`, password: PASSWORD };
      await t.json('POST', LOGIN, claim, { key, from: FROM });
    }
    const [entriesAfter, sumsAfter = 0, eventsAfter] = await size();
    expect([entriesAfter, eventsAfter]).toEqual([entries, events]);
    // Of two minutes, where one has ended meanwhile.
    expect(sumsAfter - sums).toBeLessThanOrEqual(2);
    await t.recordSums();
    const [, ...recorded] = await entriesOf(t, key);
    expect(recorded.length).toBeLessThanOrEqual(2);
    expect(recorded.reduce((sum, { count }) => sum + Number(count), 0)).toBe(200);
    for (const entry of recorded) expect(entry).toMatchObject({ user_id: null, remote: FROM });
  });

  test('tells each service what was done to its users through another one, and no more', async () => {
    const t = target();
    const { id, key } = await aChain(t, 0);
    const owner = await t.enrol();
    await t.addKey(owner.id, 'TOKEN', key);
    expect(await t.changePassword(owner, NEW_PASSWORD, more)).toMatchObject({ status: 200 });
    const token = await t.linkTokenOf(owner.email);
    expect(await t.json('POST', REVOKE, { token }, more)).toMatchObject({ status: 200 });
    const entries = await entriesOf(t, key);
    expect(entries.map(({ type }) => type)).toEqual([
      'sso:ServiceCreate',
      'sso:KeyCreate',
      'sso:AuthLocalUpdatePassword',
      'sso:AuthLocalUpdatePasswordRevoke',
    ]);
    for (const entry of entries.slice(2)) {
      const nothing = { subject: null, remote: '', user_agent: '', key_id: null, data: null };
      expect(entry).toMatchObject({ service_id: id, user_id: owner.id, ...nothing });
      expect(JSON.stringify(entry)).not.toContain(t.shop.id);
    }
    expect(await verify(t, id)).toMatchObject({ fault: null });
  });

  test('holds no word of a query, and neither does the log', async () => {
    const t = target();
    const planted = 'Planted~audit-9Jx';
    for (const name of ['user_id', 'ge', 'le', 'after', 'offset_id', 'order', 'limit', planted]) {
      const answer = await t.json('GET', `/v1/audit?${name}=${planted}`);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(planted);
    }
    expect((await t.json('GET', `/v1/audit/${planted}`)).status).toBe(404);
    expect(t.lines.join('\n')).not.toContain(planted);
    expect(JSON.stringify(await t.database.tables())).not.toContain(planted);
  });

  test('keeps no word about a user who was deleted, in no chain, and is whole', async () => {
    const t = target();
    const { id, key } = await aChain(t, 0);
    const from = '203.0.113.66';
    const words = { 'user-agent': 'Browser of Grace', 'x-forwarded-for': '198.51.100.66' };
    const by = { key, from, headers: words };
    const email = `grace-${t.newEmail()}`;
    const made = await t.json(
      'POST',
      '/v1/user',
      { name: 'Grace H', email, password: PASSWORD },
      by,
    );
    const { id: user_id } = made.body.data;
    await t.addKey(user_id, 'TOKEN', key);
    const { value } = await t.addKey(user_id, 'KEY', key);
    const { body: renamed } = await t.json(
      'PATCH',
      `/v1/user/${user_id}`,
      { name: 'Grace Hopper' },
      by,
    );
    expect(renamed.data.name).toBe('Grace Hopper');
    await t.json('POST', LOGIN, { email, password: 'wrong' }, by);
    await t.json('POST', LOGIN, { email, password: PASSWORD }, by);
    const entry = {
      type: 'shop:Order',
      subject: 'Grace’s order',
      data: { to: 'Grace, Arlington' },
    };
    const written = await t.json('POST', '/v1/audit', { ...entry, user_id }, by);
    const { id: entryId } = written.body.data;
    await t.json('PATCH', `/v1/audit/${entryId}`, { data: { more: 'Grace paid' } }, by);
    // Proven by the user, about nobody.
    const proven = { ...by, headers: { ...words, 'user-authorization': value } };
    const other = { type: 'shop:Order', subject: 'by Grace' };
    expect((await t.json('POST', '/v1/audit', other, proven)).body.data).toMatchObject({ user_id });
    await t.deliver();
    const before = JSON.stringify((await t.database.tables()).audit_entries);
    const personal = ['Grace', 'Arlington', 'Browser of', from, '198.51.100.66'];
    for (const word of personal) expect(before, word).toContain(word);

    expect(await t.json('DELETE', `/v1/user/${user_id}`, undefined, { key })).toMatchObject({
      status: 200,
    });
    const after = JSON.stringify((await t.database.tables()).audit_entries);
    for (const word of [...personal, email]) expect(after, word).not.toContain(word);
    expect(after).toContain(user_id);
    const read = await t.json('GET', `/v1/audit/${entryId}`, undefined, { key });
    expect(read.body.data).toMatchObject({
      type: 'shop:Order',
      subject: null,
      data: null,
      user_id,
    });
    for (const chain of [id, null]) expect(await verify(t, chain)).toMatchObject({ fault: null });

    // By somebody who knows what an erasure leaves.
    const { audit_entries = [] } = await t.database.tables();
    const robbed = audit_entries.find(({ chain, salt }) => chain === t.shop.id && salt !== null);
    const digest = Buffer.from(String(robbed?.text_digest), 'base64url').toString('hex');
    const octets = t.config.databaseUrl.startsWith('sqlite:')
      ? `x'${digest}'`
      : `'\\x${digest}'::bytea`;
    const nothing = 'address = null, client = null, forwarded = null, data = null, salt = null';
    const place = `(select number * 1099511627776 + ${robbed?.sequence} from audit_chains where chain = '${t.shop.id}')`;
    await t.database.run(
      `update audit_entries set ${nothing}, text_digest = ${octets} where place = ${place}`,
    );
    const lost = { sequence: robbed?.sequence, reason: 'has lost its text' };
    expect(await verify(t, t.shop.id)).toMatchObject({ fault: lost });
    await t.database.run(`update audit_entries set text_digest = null where place = ${place}`);
    const changed = { sequence: robbed?.sequence, reason: 'is not as it was written' };
    expect(await verify(t, t.shop.id)).toMatchObject({ fault: changed });
  });

  describe('that was changed in the database', () => {
    const place = (chain: string, sequence: number) =>
      `(select number * 1099511627776 + ${sequence} from audit_chains where chain = '${chain}')`;
    const row = (chain: string, sequence: number) => `where place = ${place(chain, sequence)}`;
    const remove = (chain: string, sequence: number) =>
      `delete from audit_entries ${row(chain, sequence)}`;
    const removeAll = (chain: string) =>
      `delete from audit_entries where place > ${place(chain, 0)} and place < ${place(chain, 100)}`;
    const missing = (sequence: number) => ({ sequence, id: null, reason: 'is missing' });
    const broken = { sequence: null, id: null, reason: expect.stringContaining('begins or ends') };

    test.each([
      ['created_at', 'created_at + 1'],
      ['type', `substr(hash, 1, 2)`],
      ['outcome', '1'],
      ['count', '2'],
      ['user_id', 'null'],
      ['status_code', '7'],
      ['status_code', '-1'],
      ['subject', 'hash'],
      ['key_id', 'kid'],
      ['kid', 'key_id'],
      ['kid', 'null'],
      ['user_key_id', 'hash'],
      ['address', 'salt'],
      ['address', 'null'],
      ['client', 'salt'],
      ['forwarded', 'client'],
      ['data', 'client'],
      ['data', 'hash'],
      ['salt', 'substr(hash, 1, 16)'],
      ['salt', 'null'],
      ['text_digest', 'substr(hash, 1, 32)'],
      ['text_digest', 'hash'],
      ['hash', 'salt'],
      ['id', 'salt'],
    ])('is found out by its column %s', async (column, value) => {
      const t = target();
      const { id } = await aChain(t);
      expect(await verify(t, id)).toMatchObject({ length: 6, fault: null });
      await t.database.run(`update audit_entries set ${column} = ${value} ${row(id, 3)}`);
      const fault = { sequence: 3, reason: 'is not as it was written' };
      expect(await verify(t, id)).toMatchObject({ fault });
    });

    test('is found out where an entry is gone: the first, one in the middle, the latest', async () => {
      const t = target();
      for (const index of [0, 2, 5]) {
        const { id } = await aChain(t);
        await t.database.run(remove(id, index + 1));
        expect(await verify(t, id)).toMatchObject({ fault: missing(index + 1) });
      }
    });

    test('is found out where the latest is gone and the chain ends before it', async () => {
      const t = target();
      const { id, key, entries } = await aChain(t);
      await t.database.run(remove(id, 6));
      const end = `length = 5, hash = '${entries[4]?.hash}'`;
      await t.database.run(`update audit_chains set ${end} where chain = '${id}'`);
      expect(await verify(t, id)).toMatchObject({ fault: broken });
      // Nobody is kept out, and nothing is glossed over.
      const user = { is_enabled: true, name: 'Ada', email: t.newEmail() };
      expect(await t.json('POST', '/v1/user', user, { key })).toMatchObject({ status: 200 });
      expect(await verify(t, id)).toMatchObject({ length: 6, fault: broken });
    });

    test('is found out where the oldest are gone as if they had been pruned', async () => {
      const t = target();
      const { id, entries } = await aChain(t);
      await t.database.run(remove(id, 1));
      const begin = `pruned = 1, pruned_hash = '${entries[0]?.hash}'`;
      await t.database.run(`update audit_chains set ${begin} where chain = '${id}'`);
      expect(await verify(t, id)).toMatchObject({ fault: broken });
    });

    test('is found out where two have changed places', async () => {
      const t = target();
      const { id, entries } = await aChain(t);
      const move = (from: number, sequence: number) =>
        t.database.run(`update audit_entries set place = ${place(id, sequence)} ${row(id, from)}`);
      await move(3, 0);
      await move(4, 3);
      await move(0, 4);
      expect(await verify(t, id)).toMatchObject({ fault: { sequence: 3, id: entries[3]?.id } });
    });

    test('is found out where an entry was moved to another service', async () => {
      const t = target();
      const [from, to] = [await aChain(t), await aChain(t, 0)];
      await t.database.run(
        `update audit_entries set place = ${place(to.id, 2)} ${row(from.id, 6)}`,
      );
      expect(await verify(t, from.id)).toMatchObject({ fault: missing(6) });
      expect(await verify(t, to.id)).toMatchObject({ fault: { sequence: 2 } });
    });

    test('is found out where a chain and its service are gone, and all that could tell of them', async () => {
      const t = target();
      const { id } = await aChain(t, 0);
      await t.database.run(removeAll(id));
      await t.database.run(`delete from audit_chains where chain = '${id}'`);
      await t.database.run(`delete from keys where service_id = '${id}'`);
      await t.database.run(`delete from services where id = '${id}'`);
      const gone = { sequence: null, reason: 'the chain is missing' };
      expect(await verify(t, id)).toMatchObject({ fault: gone });
    });

    test.each(['service', 'user', 'root'])(
      'is found out by a key of a %s that nobody made',
      async (kind) => {
        const t = target();
        const { id, key } = await aChain(t, 0);
        const owner = await t.enrol({ key });
        expect(await verify(t, id)).toMatchObject({ fault: null });
        const planted = `01900000-0000-7000-8000-${String(Date.now()).padStart(12, '0')}`;
        const [service, user] = [
          kind === 'root' ? 'null' : `'${id}'`,
          kind === 'user' ? `'${owner.id}'` : 'null',
        ];
        const columns = 'id, created_at, updated_at, is_enabled, is_revoked, type, name, scopes';
        await t.database.run(
          `insert into keys (${columns}, service_id, user_id, digest)
           values ('${planted}', ${Date.now()}, 1, 1, 0, 'KEY', 'x', '', ${service}, ${user}, '${planted}')`,
        );
        const fault = { reason: `key ${planted} has no entry of its making` };
        const owned = kind === 'root' ? null : id;
        expect(await verify(t, owned)).toMatchObject({ fault });
        await t.database.run(`delete from keys where id = '${planted}'`);
        expect(await verify(t, owned)).toMatchObject({ fault: null });
      },
    );

    test('is found out where a chain is emptied, and called empty', async () => {
      const t = target();
      const { id, key } = await aChain(t);
      await t.database.run(removeAll(id));
      const empty = `length = 0, hash = null, pruned = 0, pruned_hash = null, seal = ''`;
      await t.database.run(`update audit_chains set ${empty} where chain = '${id}'`);
      const gone = { sequence: null, reason: 'the chain is missing' };
      expect(await verify(t, id)).toMatchObject({ fault: gone });
      const user = { is_enabled: true, name: 'Ada', email: t.newEmail() };
      await t.json('POST', '/v1/user', user, { key });
      const anew = { sequence: 1, reason: 'is not how a chain begins' };
      expect(await verify(t, id)).toMatchObject({ fault: anew });
    });

    test('is found out where the whole chain is gone, and where it began anew', async () => {
      const t = target();
      const { id, key } = await aChain(t);
      await t.database.run(removeAll(id));
      await t.database.run(`delete from audit_chains where chain = '${id}'`);
      const gone = { sequence: null, reason: 'the chain is missing' };
      expect(await verify(t, id)).toMatchObject({ fault: gone });
      const user = { is_enabled: true, name: 'Ada', email: t.newEmail() };
      await t.json('POST', '/v1/user', user, { key });
      const anew = { sequence: 1, reason: 'is not how a chain begins' };
      expect(await verify(t, id)).toMatchObject({ length: 1, fault: anew });
    });
  });
});

attack(
  'wrong service keys',
  (target) => {
    const ask = (t: Target, url: string, key: string, from = FROM) =>
      t.json('POST', url, {}, { key, from });

    test('are slowed for their network, before anything else but the route is looked at, and summed up', async () => {
      const t = target();
      const statuses: number[] = [];
      let slowed: Awaited<ReturnType<typeof ask>> | null = null;
      for (let i = 0; i < 600; i += 1) {
        const answer = await ask(t, LOGIN, `rks_wrong-${i}`);
        statuses.push(answer.status);
        if (answer.status === 429) slowed ??= answer;
      }
      // Some leak out while they come.
      const refused = statuses.filter((status) => status === 401).length;
      expect(statuses.slice(0, 50)).toEqual(Array(50).fill(401));
      expect(refused).toBeLessThan(300);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(slowed).toMatchObject({ body: { code: 'too_many_requests' } });
      expect(Number(slowed?.headers['retry-after'])).toBeGreaterThan(0);
      expect(slowed?.headers['ratelimit-policy']).toBe('"key";q=50;w=60');

      expect(await ask(t, '/v1/nothing', 'rks_wrong')).toMatchObject({ status: 404 });
      expect(await ask(t, LOGIN, 'rks_wrong', '198.51.100.7')).toMatchObject({ status: 401 });
      // A right key gets in, from that network too.
      expect(await ask(t, LOGIN, t.shop.key)).toMatchObject({ status: 400 });

      await t.recordSums();
      const { body } = await t.json('GET', '/v1/audit?type=rekey:KeyAuth', undefined, {
        key: t.rootKey,
      });
      const entries: Entry[] = body.data.filter(({ remote }: Entry) => remote === FROM);
      expect(entries.length).toBeLessThanOrEqual(2);
      for (const entry of entries) {
        expect(entry).toMatchObject({ outcome: 'failure', service_id: null, user_id: null });
      }
      expect(entries.reduce((sum, { count }) => sum + Number(count), 0)).toBe(refused);
      expect(await verify(t, null)).toMatchObject({ fault: null });
      expect(JSON.stringify(await t.database.tables())).not.toContain('rks_wrong');
      expect(t.lines.join()).not.toContain('rks_wrong');
    });
  },
  { THROTTLE_CLIENT_PER_MINUTE: '50' },
);
