import {
  type Actor,
  Forbidden,
  formServiceId,
  IllegalArgument,
  isProven,
  NotFound,
  noFactors,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  failingAt,
  nobody,
  PASSWORD,
  planted,
  recording,
  root,
  START,
  settings,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';
import type { CreateUserInput } from './create-user.ts';

const create = (ports: Ports, actor: Actor, input: CreateUserInput) =>
  useCases(ports).users.createUser.execute(actor, input);

async function prepare() {
  const w = world();
  const service = await w.addService();
  const builtIn = await w.useCases.services.openFormService.execute(operator);
  const input: CreateUserInput = { isEnabled: true, name: 'Ada', email: 'ada@example.com' };
  return { w, service, by: asService(service), builtIn, input };
}

const fieldsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(IllegalArgument);
  return (error as IllegalArgument).violations.map(({ field }) => field);
};

describe('creating a user', () => {
  test('keeps what was given, in its canonical form', async () => {
    const { w, service, by, input } = await prepare();
    const { user, quality } = await create(w, by, {
      ...input,
      isEnabled: false,
      name: ' Ada ',
      email: 'Ada@BÜCHER.example',
      locale: 'de-de',
      timezone: 'Europe/Berlin',
      password: PASSWORD,
      passwordAllowReset: false,
      passwordRequireUpdate: true,
      attributes: { plan: 'pro' },
    });
    expect(user).toEqual({
      id: user.id,
      createdAt: START,
      updatedAt: START,
      isEnabled: false,
      isLocked: false,
      isDisabledByOperator: false,
      isAdmin: false,
      name: 'Ada',
      email: 'ada@xn--bcher-kva.example',
      emailValid: false,
      emailProven: false,
      emailChanged: false,
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      passwordAllowReset: false,
      passwordRequireUpdate: true,
      lastLoginAt: null,
      createdBy: service.id,
      factors: noFactors,
      attributes: { plan: 'pro' },
    });
    expect(quality).toEqual(await w.meter.assess(PASSWORD, []));
    expect(await w.useCases.users.readUser.execute(by, { id: user.id })).toEqual(user);
    expect(await w.hasPassword(user, PASSWORD)).toBe(true);
  });

  test('needs no more than a name and an address', async () => {
    const { w, by, input } = await prepare();
    const { isEnabled: _, ...bare } = input;
    const { user, quality } = await create(w, by, bare);
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
      deviceEpoch: 1,
      networks: null,
    });
  });

  test('makes a TOKEN key of the service along where that is asked for: the user can log in', async () => {
    const { w, service, by, input } = await prepare();
    const { user } = await create(w, by, { ...input, password: PASSWORD, tokenKey: true });
    expect((await w.logIn({ user, service })).userId).toBe(user.id);
    const entries = await w.database.read(({ audit }) => audit.follow(service.id, 0, 10));
    expect(entries.map(({ type }) => type)).toEqual([
      'sso:UserCreate',
      'sso:KeyCreate',
      'sso:AuthLocalLogin',
    ]);
  });

  test('is not gated by whether people may register at the service', async () => {
    const { w, input } = await prepare();
    const closed = asService(await w.addService({ userAllowRegister: false }));
    expect((await create(w, closed, input)).user.createdBy).toBe(closed.service.id);
  });

  test('makes no key along where none is asked for', async () => {
    const { w, service, by, input } = await prepare();
    const { user } = await create(w, by, { ...input, password: PASSWORD });
    const key = await w.database.read(({ keys }) => keys.findToken(user.id, service.id, START));
    expect(key).toBeNull();
  });
});

describe('somebody who signs up', () => {
  test('is a user of the built-in service with a TOKEN key there, and can log in at once', async () => {
    const { w, builtIn, input } = await prepare();
    const { user, quality } = await create(w, nobody, { ...input, password: PASSWORD });
    expect(user.createdBy).toBe(formServiceId);
    expect(quality).toEqual(await w.meter.assess(PASSWORD, []));
    expect((await w.logIn({ user, service: builtIn })).userId).toBe(user.id);
  });

  test('is turned away where the operator lets nobody sign up, before anything else', async () => {
    const { w, input } = await prepare();
    const closed = { ...w, settings: { ...settings, usersSignup: false } };
    const before = w.database.snapshot();
    const end = await endOf(create(closed, nobody, { ...input, email: 'none' }));
    expect(end).toMatchObject({ code: 'registration_closed' });
    expect(end).toBeInstanceOf(Forbidden);
    expect(w.database.snapshot()).toEqual(before);
  });

  test('keeps no account without the key, wherever it fails', async () => {
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    const asked = { ...healthy.input, password: PASSWORD };
    await create({ ...healthy.w, database }, nobody, asked);
    expect(done).toEqual([
      'users.insert',
      'oneTimeTokens.isReserved',
      'services.keep',
      'keys.insert',
      'oneTimeTokens.insert',
      'deliveries.insert',
      'events.insert',
      'services.seeing',
      'events.insert',
      'audit.insert',
      'audit.insert',
    ]);
    const { w } = await prepare();
    const before = w.database.snapshot('throttles');
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(create(broken, nobody, asked))).toBe(planted);
      expect(w.database.snapshot('throttles')).toEqual(before);
    }
  });
});

describe('a user is refused', () => {
  test('for every argument that is wrong, all at once, and never with its value', async () => {
    const { w, by, input } = await prepare();
    const wrong = {
      name: '',
      email: 's3cret',
      locale: 's3cret!',
      timezone: 's3cret',
      password: 's3cret',
    };
    const end = await endOf(create(w, by, { ...input, ...wrong }));
    expect(fieldsOf(end)).toEqual(['name', 'email', 'locale', 'timezone', 'password']);
    expect(JSON.stringify([end, String(end), (end as Error).stack])).not.toContain('s3cret');
  });

  test('with a password that the policy refuses', async () => {
    const { w, by, input } = await prepare();
    const strict = { ...w, settings: { ...settings, passwordPolicy: 'standard' as const } };
    for (const password of ['password', 'for Ada herself', 'the shop on the corner']) {
      const before = w.database.snapshot();
      const email = 'ada@example.com';
      expect(fieldsOf(await endOf(create(strict, by, { ...input, email, password })))).toEqual([
        'password',
      ]);
      expect(w.database.snapshot()).toEqual(before);
    }
  });

  test.each([undefined, PASSWORD])(
    'where the address is taken like where it may not be used: %s',
    async (password) => {
      const { w, by, input } = await prepare();
      await create(w, by, input);
      const before = w.database.snapshot();
      const again = { ...input, name: 'Eve', email: 'ADA@example.com' };
      const work = w.hasher.work();
      const end = await endOf(create(w, by, { ...again, password }));
      const unusable = await endOf(create(w, by, { ...input, email: 'ada@localhost' }));
      expect(end).toEqual(unusable);
      expect((end as IllegalArgument).violations).toEqual((unusable as IllegalArgument).violations);
      expect(w.database.snapshot()).toEqual(before);
      // As much work as for an address that is free.
      expect(w.hasher.work() - work).toBe(password === undefined ? 0 : 1);
    },
  );

  test('but one where many ask for one address at once', async () => {
    const { w, by, input } = await prepare();
    const ends = await Promise.all(
      Array.from({ length: 16 }, (_, i) => endOf(create(w, by, { ...input, name: `Ada ${i}` }))),
    );
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
  });

  test('to a person with a session', async () => {
    const { w, service, input } = await prepare();
    const grant = await w.logIn(await w.addOwner({}, { service }));
    expect(await endOf(create(w, asUser(grant), input))).toBeInstanceOf(Unauthorized);
  });
});

describe.each([
  ['a root key', root],
  ['the command line', operator],
] as const)('a user that is made with %s', (_name, actor) => {
  test('is of no service, is vouched for, and is in the chain of the operator', async () => {
    const { w, by, input } = await prepare();
    const { user, quality } = await create(w, actor, { ...input, password: PASSWORD });
    expect(user.createdBy).toBeNull();
    expect(isProven(user)).toBe(true);
    expect(quality).toEqual(await w.meter.assess(PASSWORD, []));
    expect(await w.useCases.users.readUser.execute(root, { id: user.id })).toEqual(user);
    const foreign = await endOf(w.useCases.users.readUser.execute(by, { id: user.id }));
    expect(foreign).toBeInstanceOf(NotFound);
    const entries = await w.database.read(({ audit }) => audit.follow(null, 0, 10));
    expect(entries.at(-1)).toMatchObject({ type: 'sso:UserCreate', subjectId: user.id });
    expect(await w.database.read(({ services }) => services.knowing(user.id))).toEqual([]);
  });

  test('has what the operator keeps with it', async () => {
    const { w, input } = await prepare();
    const attributes = { plan: 'pro' };
    const { user } = await create(w, actor, { ...input, attributes });
    const read = await w.useCases.users.readUser.execute(operator, { id: user.id });
    expect(read.attributes).toEqual(attributes);
  });

  test('gets no TOKEN key along, for there is no service, and all else that is wrong is told too', async () => {
    const { w, input } = await prepare();
    const before = w.database.snapshot();
    const end = await endOf(create(w, actor, { ...input, name: '', tokenKey: true }));
    expect(fieldsOf(end)).toEqual(['name', 'tokenKey']);
    expect(w.database.snapshot()).toEqual(before);
  });
});
