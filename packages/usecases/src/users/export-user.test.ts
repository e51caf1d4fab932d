import { type Actor, type Id, NotFound, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  keyValue,
  nobody,
  PASSWORD,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';

/** All that an export gives, taken to the end. */
async function exported(w: World, actor: Actor, id: Id) {
  const { user, attributes, keys, sessions, mails, audit } =
    await w.useCases.users.exportUser.execute(actor, { id });
  const taken = async <Row>(rows: AsyncIterable<Row>): Promise<Row[]> => {
    const all: Row[] = [];
    for await (const row of rows) all.push(row);
    return all;
  };
  return {
    user,
    attributes,
    keys: await taken(keys),
    sessions: await taken(sessions),
    mails: await taken(mails),
    audit: await taken(audit),
  };
}

/** An owner that two services know, with something of each part at both of them. */
async function prepare() {
  const w = world();
  const owner = await w.addOwner();
  const other = await w.addService();
  const { id } = owner.user;
  const otherKey = await w.addKey({ userId: id, serviceId: other.id });
  const here = await w.logIn(owner);
  await w.logIn({ user: owner.user, service: other });
  await w.changeAndReadMail(owner);
  await w.useCases.keys.createKey.execute(asService(other), { type: 'KEY', name: 'x', userId: id });
  await w.database.transact(async ({ users }) => {
    await users.setAttributes(id, owner.service.id, { of: 'maker' });
    await users.setAttributes(id, other.id, { of: 'other' });
  });
  return { w, owner, other, otherKey, id, here };
}

describe('the export of a user', () => {
  test('gives the operator all that is kept about the person', async () => {
    const { w, owner, other, otherKey, id, here } = await prepare();
    for (const actor of [root, operator]) {
      const all = await exported(w, actor, id);
      expect(all.user).toMatchObject({ id, email: owner.user.email, lastLoginAt: START });
      expect(all.attributes).toEqual([
        { serviceId: owner.service.id, attributes: { of: 'maker' } },
        { serviceId: other.id, attributes: { of: 'other' } },
      ]);
      expect(all.keys.map((key) => key.id)).toEqual(
        expect.arrayContaining([owner.tokenKey.id, otherKey.id]),
      );
      expect(all.keys).toHaveLength(3);
      expect(all.sessions).toHaveLength(2);
      expect(all.sessions.find((session) => session.id === here.sessionId)).toMatchObject({
        endedAt: START,
        origin: { address: '192.0.2.7' },
      });
      expect(all.mails).toMatchObject([
        { kind: 'update_password', to: owner.user.email, state: 'sent', linkSpentAt: null },
        { kind: 'factor_change', state: 'waiting' },
      ]);
      const types = all.audit.map(({ type }) => type);
      expect(types).toContain('sso:AuthLocalLogin');
      expect(types).toContain('sso:AuthLocalUpdatePassword');
      expect(new Set(all.audit.map(({ userId }) => userId))).toEqual(new Set([id]));
    }
  });

  test('gives a service its own view, and nothing of another service', async () => {
    const { w, owner, other, otherKey, id } = await prepare();
    const own = await exported(w, asService(owner.service), id);
    expect(own.attributes).toEqual([{ serviceId: owner.service.id, attributes: { of: 'maker' } }]);
    expect(own.keys.map((key) => key.id)).toEqual([owner.tokenKey.id]);
    expect([own.sessions.length, own.mails.length]).toEqual([1, 1]);
    const text = JSON.stringify(own);
    for (const foreign of [other.id, otherKey.id, 'of":"other'])
      expect(text).not.toContain(foreign);
  });

  test('holds no hash, no digest, and no value of a key', async () => {
    const { w, owner, id } = await prepare();
    const text = JSON.stringify(await exported(w, root, id));
    const credential = await w.credentialOf(owner.user);
    for (const secret of [
      PASSWORD,
      credential?.passwordHash ?? 'none',
      w.secrets.digest(keyValue(owner.tokenKey)),
      'digest-of',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test('reads everything, page by page, however much there is', async () => {
    const { w, owner, id } = await prepare();
    const count = 230;
    for (let n = 0; n < count; n += 1) {
      await w.addKey({ userId: id, serviceId: owner.service.id, type: 'KEY', isRevoked: true });
      await w.useCases.users.updateUser.execute(root, { id, name: `Ada ${n}` });
    }
    const all = await exported(w, root, id);
    expect(all.keys).toHaveLength(count + 3);
    expect(new Set(all.keys.map((key) => key.id)).size).toBe(count + 3);
    expect(all.audit.filter(({ type }) => type === 'sso:UserUpdate')).toHaveLength(count);
  });

  test('is refused for users whom the one who asks does not see, as if they were not there', async () => {
    const { w, owner, id } = await prepare();
    const stranger = asService(await w.addService());
    const person = asUser(
      await w.logIn({ user: owner.user, service: owner.service }, 'battery staple'),
    );
    const unknown = await endOf(exported(w, stranger, stranger.service.id));
    expect(unknown).toBeInstanceOf(NotFound);
    for (const actor of [stranger, person, nobody]) {
      expect(await endOf(exported(w, actor, id))).toEqual(unknown);
    }
  });
});
