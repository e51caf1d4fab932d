import { Forbidden, IllegalArgument } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { endOf, failingAt, PASSWORD, planted, START, settings, world } from '../testing/index.ts';
import { CreateUser, type CreateUserInput } from './create-user.ts';
import type { Ports } from './ports.ts';

const create = (ports: Ports, input: CreateUserInput) => new CreateUser(ports).execute(input);

async function prepare() {
  const w = world();
  const service = await w.addService();
  const input: CreateUserInput = {
    service,
    isEnabled: true,
    name: 'Ada',
    email: 'ada@example.com',
  };
  return { w, service, input };
}

const fieldsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(IllegalArgument);
  return (error as IllegalArgument).violations.map(({ field }) => field);
};

describe('creating a user', () => {
  test('keeps what was given, in its canonical form', async () => {
    const { w, service, input } = await prepare();
    const { user, quality } = await create(w, {
      ...input,
      isEnabled: false,
      name: ' Ada ',
      email: 'Ada@BÜCHER.example',
      locale: 'de-de',
      timezone: 'Europe/Berlin',
      password: PASSWORD,
      passwordAllowReset: false,
      passwordRequireUpdate: true,
    });
    expect(user).toEqual({
      id: user.id,
      createdAt: START,
      updatedAt: START,
      isEnabled: false,
      name: 'Ada',
      email: 'ada@xn--bcher-kva.example',
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      passwordAllowReset: false,
      passwordRequireUpdate: true,
      createdBy: service.id,
    });
    expect(quality).toEqual(await w.meter.assess(PASSWORD, []));
    expect(await w.database.read(({ users }) => users.get(user.id))).toEqual(user);
    const credential = await w.credentialOf(user);
    expect(await w.hasher.verify(PASSWORD, credential?.passwordHash ?? null)).toBe(true);
  });

  test('needs no more than a name and an address', async () => {
    const { w, input } = await prepare();
    const { user, quality } = await create(w, input);
    expect(user).toMatchObject({
      isEnabled: true,
      locale: 'en',
      timezone: 'Etc/UTC',
      passwordAllowReset: true,
      passwordRequireUpdate: false,
    });
    expect(quality).toBeNull();
    expect(await w.credentialOf(user)).toEqual({
      passwordHash: null,
      version: 1,
      sealedQuality: null,
    });
  });

  test('gives a TOKEN key along where that is asked for, and only there', async () => {
    const { w, service, input } = await prepare();
    const { user } = await create(w, { ...input, password: PASSWORD, withTokenKey: true });
    expect((await w.logIn({ user, service })).userId).toBe(user.id);
    const other = await create(w, { ...input, email: 'eve@example.com', password: PASSWORD });
    const key = await w.database.read(({ keys }) => keys.findToken(other.user.id, service.id));
    expect(key).toBeNull();
  });

  test('keeps no user without the key, wherever it fails', async () => {
    const { w, input } = await prepare();
    const before = w.database.snapshot();
    for (let n = 1; n <= 7; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      const end = await endOf(create(broken, { ...input, password: PASSWORD, withTokenKey: true }));
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('a user is refused', () => {
  test('by a service that may not create any, before anything else', async () => {
    const { w, input } = await prepare();
    const service = await w.addService({ allowRegister: false });
    const work = w.hasher.work();
    const end = await endOf(create(w, { ...input, service, email: 'none', password: PASSWORD }));
    expect(end).toBeInstanceOf(Forbidden);
    expect(end).toMatchObject({ code: 'registration_closed' });
    expect(w.hasher.work()).toBe(work);
  });

  test('for every argument that is wrong, all at once, and never with its value', async () => {
    const { w, input } = await prepare();
    const wrong = {
      name: '',
      email: 's3cret',
      locale: 's3cret!',
      timezone: 's3cret',
      password: 's3cret',
    };
    const end = await endOf(create(w, { ...input, ...wrong }));
    expect(fieldsOf(end)).toEqual(['name', 'email', 'locale', 'timezone', 'password']);
    expect(JSON.stringify([end, String(end), (end as Error).stack])).not.toContain('s3cret');
  });

  test('with a password that the policy refuses', async () => {
    const { w, input } = await prepare();
    const strict = { ...w, settings: { ...settings, passwordPolicy: 'standard' as const } };
    for (const password of ['password', 'for Ada herself', 'the shop on the corner']) {
      const before = w.database.snapshot();
      const email = 'ada@example.com';
      expect(fieldsOf(await endOf(create(strict, { ...input, email, password })))).toEqual([
        'password',
      ]);
      expect(w.database.snapshot()).toEqual(before);
    }
  });

  test.each([undefined, PASSWORD])(
    'where the address is taken like where it may not be used: %s',
    async (password) => {
      const { w, input } = await prepare();
      await create(w, input);
      const before = w.database.snapshot();
      const again = { ...input, name: 'Eve', email: 'ADA@example.com' };
      const work = w.hasher.work();
      const end = await endOf(create(w, password === undefined ? again : { ...again, password }));
      const unusable = await endOf(create(w, { ...input, email: 'ada@localhost' }));
      expect(end).toEqual(unusable);
      expect((end as IllegalArgument).violations).toEqual((unusable as IllegalArgument).violations);
      expect(w.database.snapshot()).toEqual(before);
      // The same work as for an address that is free.
      expect(w.hasher.work() - work).toBe(password === undefined ? 0 : 1);
    },
  );

  test('but one where many ask for one address at once', async () => {
    const { w, input } = await prepare();
    const ends = await Promise.all(
      Array.from({ length: 16 }, (_, i) => endOf(create(w, { ...input, name: `Ada ${i}` }))),
    );
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
  });
});
