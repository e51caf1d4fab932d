import { describe, expect, test } from 'vitest';
import { operator } from '../../packages/domain/src/index.ts';
import {
  attack,
  LOCAL,
  LOGIN,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

const CONFIRM = `${LOCAL}/recover/confirm`;
const FRESH = 'one that nobody had';
const invalid = { status: 400, body: { code: 'invalid_one_time_token' } };

const recover = (t: Target, { id }: Owner, key = t.shop.key) =>
  t.json('POST', `/v1/user/${id}/recover`, {}, { key });
const confirm = (t: Target, token: string, password = FRESH) =>
  t.json('POST', CONFIRM, { token, password });
const seen = async (t: Target, { id }: Owner) => (await t.json('GET', `/v1/user/${id}`)).body.data;

/** An owner whose account a thief has: the owner has a link, about a key that the thief made. */
async function robbed(t: Target) {
  const owner = await t.enrol();
  await t.addKey(owner.id, 'KEY');
  return { ...owner, link: await t.linkTokenOf(owner.email, 'factor_change') };
}

/** A thief who knows the password moves the account to a mailbox of his own, and has a link there as well. */
async function moved(t: Target) {
  const owner = await t.enrol();
  const thief = { ...owner, email: t.newEmail() };
  const body = { email: owner.email, password: PASSWORD, new_email: thief.email };
  expect(await t.json('POST', `${LOCAL}/update-email`, body)).toMatchObject({ status: 200 });
  expect(await t.changePassword(thief, NEW_PASSWORD)).toMatchObject({ status: 200 });
  return {
    owner: { ...owner, link: await t.linkTokenOf(owner.email, 'update_email') },
    thief: { ...thief, password: NEW_PASSWORD },
    own: await t.linkTokenOf(thief.email),
  };
}

/** An account that its owner locked, and the link that gives it back. */
async function locked(t: Target) {
  const owner = await robbed(t);
  expect(await t.json('POST', REVOKE, { token: owner.link })).toMatchObject({ status: 200 });
  expect(await recover(t, owner)).toMatchObject({ status: 200 });
  return { owner, way: await t.linkTokenOf(owner.email, 'recover') };
}

attack('a thief who moved an account', (target) => {
  test('gains nothing by a link of his own', async () => {
    const t = target();
    const { owner, thief, own } = await moved(t);
    expect(await t.json('POST', REVOKE, { token: own })).toMatchObject({ status: 200 });
    expect(await recover(t, owner)).toMatchObject({ status: 200 });
    const mails = await t.mailsTo(thief.email);
    const way = await t.linkTokenOf(owner.email, 'recover');
    expect((await t.mailsTo(thief.email)).length).toBe(mails.length);
    for (const password of [PASSWORD, NEW_PASSWORD]) {
      expect(await confirm(t, way, password)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'password', code: 'used_before' }] },
      });
    }
    expect(await confirm(t, way)).toMatchObject({ status: 200 });
    expect(await seen(t, owner)).toMatchObject({
      email: owner.email,
      email_valid: true,
      is_locked: false,
      is_enabled: true,
    });
    await t.logIn({ email: owner.email, password: FRESH });
    await t.unchanged(async () => {
      for (const email of [owner.email, thief.email]) {
        for (const password of [PASSWORD, NEW_PASSWORD]) {
          expect((await t.json('POST', LOGIN, { email, password })).status).toBe(400);
        }
      }
      expect(await t.json('POST', REVOKE, { token: own })).toMatchObject(invalid);
    });
  });

  test('cannot take the way back from the owner, whose link works on a locked account', async () => {
    const t = target();
    const { owner, own } = await moved(t);
    await t.json('POST', REVOKE, { token: own });
    await recover(t, owner);
    const way = await t.linkTokenOf(owner.email, 'recover');
    expect(await t.json('POST', REVOKE, { token: owner.link })).toMatchObject({ status: 200 });
    expect(await seen(t, owner)).toMatchObject({ email: owner.email, is_locked: true });
    expect(await confirm(t, way)).toMatchObject(invalid);
    expect(await t.json('POST', REVOKE, { token: own })).toMatchObject(invalid);
  });

  test('does not get the account by waiting until all links have expired', async () => {
    const t = target();
    const { owner, thief, own } = await moved(t);
    await t.json('POST', REVOKE, { token: own });
    const past = Date.now() - 400 * 86_400_000;
    await t.database.run(
      `update one_time_tokens set created_at = ${past}, expires_at = ${past + 1} where user_id = '${owner.id}'`,
    );
    await t.rekey.useCases.maintenance.prune.execute(operator);
    const before = (await t.mailsTo(thief.email)).length;
    await recover(t, owner);
    expect((await t.mailsTo(thief.email)).length).toBe(before);
    expect(await confirm(t, await t.linkTokenOf(owner.email, 'recover'))).toMatchObject({
      status: 200,
    });
  });

  test('does not take the address that the account had, however long the owner waits', async () => {
    const t = target();
    const { owner, own } = await moved(t);
    const take = async () => {
      const { email } = owner;
      const person = { name: 'Eve', email, password: PASSWORD };
      expect((await t.json('POST', '/v1/user', person)).status).toBe(400);
      expect((await t.form('POST', '/users/create', person)).status).toBe(400);
      const other = await t.enrol();
      const change = { email: other.email, password: PASSWORD, new_email: email };
      expect((await t.json('POST', `${LOCAL}/update-email`, change)).status).toBe(400);
    };
    await take();
    await t.json('POST', REVOKE, { token: own });
    await t.database.run(
      `update one_time_tokens set expires_at = ${Date.now()} where user_id = '${owner.id}'`,
    );
    await take();
    await recover(t, owner);
    const way = await t.linkTokenOf(owner.email, 'recover');
    expect(await confirm(t, way)).toMatchObject({ status: 200 });
    expect(await seen(t, owner)).toMatchObject({ email: owner.email });
  });

  test('finds no other token that gives the account back, and no other place for this one', async () => {
    const t = target();
    const { owner, way } = await locked(t);
    const other = await robbed(t);
    await t.unchanged(async () => {
      for (const token of [owner.link, other.link, owner.keyValue, 'x', '']) {
        expect((await confirm(t, token)).status).toBe(400);
      }
      for (const flow of ['register', 'reset-password', 'update-email', 'update-password']) {
        const revoked = await t.json('POST', `${LOCAL}/${flow}/revoke`, { token: way });
        expect(revoked).toMatchObject(invalid);
      }
      const reset = { token: way, password: FRESH };
      expect((await t.json('POST', `${LOCAL}/reset-password/confirm`, reset)).status).toBe(400);
      for (const url of ['/v1/auth/token/verify', '/v1/auth/token/refresh']) {
        expect((await t.json('POST', url, { token: way })).status).toBe(400);
      }
      expect(
        await t.json('POST', CONFIRM, { token: way, password: FRESH }, { key: t.other.key }),
      ).toMatchObject(invalid);
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        expect((await t.json(method, `${CONFIRM}?token=${way}`)).status).toBe(405);
      }
    });
    expect(await confirm(t, way)).toMatchObject({ status: 200 });
  });
});

attack('the way back', (target) => {
  const enable = (t: Target, { id }: Owner, isEnabled: boolean, key: string) =>
    t.json('PATCH', `/v1/user/${id}`, { is_enabled: isEnabled }, { key });

  /** What may happen between the mail and its link, and what the link is then. */
  const events: Record<string, [(t: Target, owner: Owner) => Promise<unknown>, boolean]> = {
    'a service tries to enable the account': [
      (t, owner) => enable(t, owner, true, t.shop.key),
      true,
    ],
    'a root key tries to enable the account': [
      (t, owner) => enable(t, owner, true, t.rootKey),
      true,
    ],
    'somebody asks for a new password': [
      (t, { email }) => t.json('POST', `${LOCAL}/reset-password`, { email }),
      true,
    ],
    'somebody tries to log in': [
      (t, { email }) => t.json('POST', LOGIN, { email, password: PASSWORD }),
      true,
    ],
    'somebody tries to make keys': [
      (t, { id }) => t.json('POST', '/v1/key', { type: 'TOKEN', name: 'x', user_id: id }),
      true,
    ],
    'the service is disabled': [
      (t) => t.json('PATCH', `/v1/service/${t.shop.id}`, { is_enabled: false }, { key: t.rootKey }),
      false,
    ],
    'it is asked for again': [(t, owner) => recover(t, owner), false],
    'the operator asks for it': [
      (t, { id }) => t.rekey.useCases.recovery.recoverUser.execute(operator, { id }),
      false,
    ],
    'the account is deleted': [
      (t, { id }) => t.json('DELETE', `/v1/user/${id}`, undefined, { key: t.rootKey }),
      false,
    ],
  };

  describe.each(Object.entries(events))('after this: %s', (what, [happen, isGood]) => {
    test(isGood ? 'is open' : 'is closed to the link from before', async () => {
      const t = target();
      const { owner, way } = await locked(t);
      await happen(t, owner);
      const answer = await confirm(t, way);
      if (what === 'the service is disabled') {
        expect(answer.status).toBe(401);
        const page = await t.form('POST', '/local', { token: way, password: FRESH });
        expect(page.status).toBe(200);
        await enableService(t);
      } else {
        expect(answer.status).toBe(isGood ? 200 : 400);
      }
    });
  });

  const enableService = (t: Target) =>
    t.json('PATCH', `/v1/service/${t.shop.id}`, { is_enabled: true }, { key: t.rootKey });

  test('is taken once, however many take it at once', async () => {
    const t = target();
    const { owner, way } = await locked(t);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => confirm(t, way, `${FRESH} ${n}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    const winner = answers.findIndex(({ status }) => status === 200);
    await t.logIn({ email: owner.email, password: `${FRESH} ${winner}` });
  });

  test('is in no table in clear, and told to no service', async () => {
    const t = target();
    const { owner, way } = await locked(t);
    const mac = way.split('.').at(-1) ?? '';
    expect(JSON.stringify(await t.database.tables())).not.toContain(mac);
    expect(t.lines.join('\n')).not.toContain(mac);
    const answer = await recover(t, owner);
    expect(answer.text).toBe('{}');
  });

  test('looks alike for an account that is not there, one of others, and one that is deleted', async () => {
    const t = target();
    const { owner } = await locked(t);
    const foreign = await recover(t, owner, t.other.key);
    const none = await recover(t, { ...owner, id: t.shop.id }, t.other.key);
    expect(foreign.status).toBe(404);
    expect(none.text).toBe(foreign.text);
  });
});
