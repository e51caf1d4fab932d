import { expect, test } from 'vitest';
import { watchHashing } from '../../packages/adapters-crypto/test/hashing.ts';
import {
  attack,
  bytesOf,
  LOCAL,
  LOGIN,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

const invalidLink = { status: 400, body: { code: 'invalid_one_time_token' } };
const unusable = (field: string) => ({
  status: 400,
  body: { errors: [{ field, code: 'unusable' }] },
});

const move = (t: Target, { email }: Pick<Owner, 'email'>, new_email: string, password = PASSWORD) =>
  t.json('POST', `${LOCAL}/update-email`, { email, password, new_email });

/** The owner of an account, which somebody who knows the password moved to a mailbox of his own. */
async function robbed(t: Target) {
  const owner = await t.enrol();
  const thief = { ...owner, email: t.newEmail() };
  expect(await move(t, owner, thief.email)).toMatchObject({ status: 200, body: {} });
  return { owner, thief };
}

const mailsFor = async (t: Target, email: string) => (await t.mailsTo(email)).length;

/** A person of the form dialect who proved the address, with a session. */
async function person(t: Target) {
  const owner = await t.signUp();
  const [mail] = await t.mailsTo(owner.email);
  const link = new URL(/https?:\/\/\S+code=\S+/.exec(mail?.text ?? '')?.[0] ?? '');
  const code = link.searchParams.get('code') ?? '';
  const proof = await t.form('POST', '/users/validateEmail', { email: owner.email, code });
  expect(proof.status).toBeLessThan(400);
  return { ...owner, bearer: await t.formLogIn(owner) };
}

attack('a thief who moved an account to another address', (target) => {
  test('told the owner, who takes it back', async () => {
    const t = target();
    const { owner } = await robbed(t);
    const token = await t.linkTokenOf(owner.email, 'update_email');
    expect(await t.json('POST', `${LOCAL}/update-email/revoke`, { token })).toMatchObject({
      status: 200,
    });
    const { body } = await t.json('GET', `/v1/user/${owner.id}`);
    expect(body.data).toMatchObject({ email: owner.email, is_locked: true });
  });

  test('is refused the address that was left, at every call that takes one', async () => {
    const t = target();
    const { owner } = await robbed(t);
    const eve = await t.enrol();
    const session = await person(t);
    const { email } = owner;
    const fields = { name: 'Eve', email, password: NEW_PASSWORD };
    expect(await t.json('POST', '/v1/user', fields)).toMatchObject(unusable('email'));
    expect(await t.form('POST', '/users/create', fields)).toMatchObject(unusable('email'));
    expect(await t.form('POST', '/users/createAuthenticate', fields)).toMatchObject(
      unusable('email'),
    );
    expect(await move(t, eve, email)).toMatchObject(unusable('new_email'));
    for (const path of ['/users/update', '/users/update/email']) {
      const moving = { email: session.email, newEmail: email };
      expect(await t.form('PUT', path, moving, session.bearer)).toMatchObject(unusable('newEmail'));
    }
    expect(await t.json('GET', `/v1/user?email=${encodeURIComponent(email)}`)).toMatchObject({
      body: { data: [] },
    });
  });

  test('does not get the password by a mail, with or without a proof of the new mailbox', async () => {
    const t = target();
    const owner = await person(t);
    const thief = t.newEmail();
    const moving = { email: owner.email, newEmail: thief };
    const moved = await t.form('PUT', '/users/update/email', moving, owner.bearer);
    expect(moved.status).toBe(200);
    const news = (await t.mailsTo(owner.email)).find(({ text }) => text?.includes('update_email'));
    expect(news?.text).toContain(owner.email);
    expect(news?.raw).not.toContain(thief.split('@')[0]);
    for (const isProven of [false, true]) {
      if (isProven) {
        const mails = await t.mailsTo(thief);
        const links = mails.map(({ text }) => /https?:\/\/\S+code=\S+/.exec(text ?? '')?.[0] ?? '');
        const code = new URL(links.find(Boolean) ?? '').searchParams.get('code') ?? '';
        await t.form('POST', '/users/validateEmail', { email: thief, code });
      }
      const before = await mailsFor(t, thief);
      const told = await mailsFor(t, owner.email);
      expect(await t.form('POST', '/users/recoverPassword', { email: thief })).toMatchObject({
        status: 204,
      });
      expect(await mailsFor(t, thief)).toBe(before);
      expect(await mailsFor(t, owner.email)).toBe(told + 1);
    }
  });

  test('cannot delete the account past the link to its owner', async () => {
    const t = target();
    const owner = await person(t);
    const thief = t.newEmail();
    const moving = { email: owner.email, newEmail: thief };
    await t.form('PUT', '/users/update/email', moving, owner.bearer);
    const fields = { email: thief, password: owner.password };
    expect(await t.form('POST', '/users/delete', fields, owner.bearer)).toMatchObject({
      status: 400,
      body: { code: 'recent_change' },
    });
  });

  test('makes nothing of links from before, nor does anybody else', async () => {
    const t = target();
    const owner = await t.enrol();
    await t.json('POST', `${LOCAL}/reset-password`, { email: owner.email });
    const token = await t.linkTokenOf(owner.email, 'reset_password');
    await move(t, owner, t.newEmail());
    const confirm = { token, password: NEW_PASSWORD };
    expect(await t.json('POST', `${LOCAL}/reset-password/confirm`, confirm)).toMatchObject(
      invalidLink,
    );
    expect(await t.json('POST', REVOKE, { token })).toMatchObject(invalidLink);
  });
});

attack('a change of address', (target) => {
  test('reads alike for an address that is taken, reserved or none, once the password is right', async () => {
    const t = target();
    const owner = await t.enrol();
    const taken = await t.enrol();
    const { owner: left } = await robbed(t);
    const answers = [];
    for (const email of [taken.email, left.email, 'nobody@localhost']) {
      answers.push(bytesOf(await move(t, owner, email)));
    }
    expect(new Set(answers).size).toBe(1);
  });

  test('costs one hash, whatever comes of it', async () => {
    const t = target();
    const owner = await t.enrol();
    const taken = await t.enrol();
    const { owner: left } = await robbed(t);
    const work = watchHashing();
    for (const [email, newEmail, password] of [
      [owner.email, taken.email, PASSWORD],
      [owner.email, left.email, PASSWORD],
      [owner.email, taken.email, NEW_PASSWORD],
      [left.email, t.newEmail(), PASSWORD],
      [t.newEmail(), t.newEmail(), PASSWORD],
    ] as const) {
      const before = work();
      expect((await move(t, { email }, newEmail, password)).status).toBe(400);
      expect(work() - before).toBe(1);
    }
  });

  test('is not a way around a wrong password for the new name', async () => {
    const t = target();
    const { owner, thief } = await robbed(t);
    const claim = { email: owner.email, password: PASSWORD };
    expect((await t.json('POST', LOGIN, claim)).status).toBe(400);
    expect((await t.json('POST', LOGIN, { ...claim, email: thief.email })).status).toBe(200);
  });
});
