import {
  Forbidden,
  formServiceId,
  IllegalArgument,
  operator,
  TooManyRequests,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  endOf,
  nobody,
  PASSWORD,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const asked = { name: 'Orion', email: 'Orion@Example.com', password: PASSWORD };

async function prepare() {
  const w = world();
  const builtIn = await w.useCases.services.openFormService.execute(operator);
  return { w, builtIn };
}

/** Both ways to sign up, and the user that each answers. */
const ways = {
  'signing up': (ports: Ports, input: object = {}) =>
    useCases(ports).users.signUp.execute(nobody, { ...asked, ...input }),
  'signing up and logging in': async (ports: Ports, input: object = {}) =>
    (await useCases(ports).users.signUpAndLogIn.execute(nobody, { ...asked, ...input })).user,
} as const;
const names = Object.keys(ways) as (keyof typeof ways)[];

const unusable = async (w: World, way: keyof typeof ways) =>
  endOf(ways[way](w, { email: 'orion@localhost' }));
const violationsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(IllegalArgument);
  return (error as IllegalArgument).violations;
};

describe.each(names)('%s', (way) => {
  const signUp = ways[way];

  test('makes a user of the built-in service', async () => {
    const { w } = await prepare();
    const user = await signUp(w);
    expect(user).toMatchObject({ name: 'Orion', email: 'orion@example.com', isAdmin: false });
    expect(user.createdBy).toBe(formServiceId);
  });

  test('once more with the right password answers the user as it is', async () => {
    const { w } = await prepare();
    const user = await signUp(w);
    w.clock.set(START + 60_000);
    const again = await signUp(w, { name: 'Rigel', email: 'ORION@example.com' });
    expect(again).toMatchObject({ id: user.id, name: 'Orion', updatedAt: START });
    expect((await w.database.read(({ users }) => users.findByEmail(user.email)))?.user.name).toBe(
      'Orion',
    );
  });

  test('twice at once answers one user', async () => {
    const { w } = await prepare();
    const users = await Promise.all(Array.from({ length: 8 }, () => signUp(w)));
    expect(new Set(users.map(({ id }) => id)).size).toBe(1);
  });

  test('is refused for every argument that is wrong, all at once', async () => {
    const { w } = await prepare();
    const end = await endOf(signUp(w, { name: '', email: 'orion#test', password: '123' }));
    expect(violationsOf(end).map(({ field }) => field)).toEqual(['name', 'email', 'password']);
  });

  test('is closed where the operator says so, for accounts that are there as well', async () => {
    const { w } = await prepare();
    await signUp(w);
    const closed = { ...w, settings: { ...settings, usersSignup: false } };
    const before = w.database.snapshot();
    for (const input of [{}, { email: 'rigel@example.com' }, { email: 'none' }]) {
      const end = await endOf(signUp(closed, input));
      expect(end).toBeInstanceOf(Forbidden);
      expect(end).toMatchObject({ code: 'registration_closed' });
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  /** Accounts at which a proof fails. */
  const states: Record<string, (w: World, user: User) => Promise<unknown>> = {
    'has another password': async () => {},
    'is disabled': ({ database }, user) =>
      database.transact(({ users }) => users.update({ ...user, isEnabled: false })),
    'is locked': ({ database }, { id }) =>
      database.transact(({ users }) => users.lockOut(id, START)),
    'has no key here': ({ database }, { id }) =>
      database.transact(({ keys }) => keys.revokeAllOf(id, START)),
  };

  test.each(Object.keys(states))(
    'where the address is taken by an account that %s is refused like an address that may not be used',
    async (state) => {
      const { w } = await prepare();
      const user = await ways['signing up'](w);
      await states[state]?.(w, user);
      const work = w.hasher.work();
      const password = state === 'has another password' ? 'not this one' : PASSWORD;
      const end = await endOf(signUp(w, { password }));
      expect(end).toEqual(await unusable(w, way));
      expect(violationsOf(end)).toEqual(violationsOf(await unusable(w, way)));
      expect(w.hasher.work() - work).toBe(1);
    },
  );

  test('where the address is taken by an account without a password, or of another service, is refused as well', async () => {
    const { w, builtIn } = await prepare();
    const bare = await w.addOwner({}, { service: builtIn, passwordHash: null });
    const foreign = await w.addOwner();
    for (const { user } of [bare, foreign]) {
      const work = w.hasher.work();
      const end = await endOf(signUp(w, { email: user.email }));
      expect(violationsOf(end)).toEqual(violationsOf(await unusable(w, way)));
      expect(w.hasher.work() - work).toBe(1);
    }
  });

  test('guesses no password that a login could not guess', async () => {
    const { w } = await prepare();
    await ways['signing up'](w);
    const throttle = { ...settings.throttle, accountFree: 5 };
    const ports = { ...w, settings: { ...settings, throttle } };
    const guess = (n: number) => endOf(signUp(ports, { password: `not this one ${n}` }));
    for (let n = 0; n < 5; n += 1) {
      expect(await guess(n)).toBeInstanceOf(IllegalArgument);
    }
    expect(await guess(5)).toBeInstanceOf(TooManyRequests);
    // The right one has to wait as well, and so has a login.
    expect(await endOf(signUp(ports))).toBeInstanceOf(TooManyRequests);
    const claim = { email: 'orion@example.com', password: PASSWORD };
    const login = useCases(ports).sessions.login.execute(nobody, claim);
    expect(await endOf(login)).toBeInstanceOf(TooManyRequests);
  });

  test('leaves each guess in the audit', async () => {
    const { w } = await prepare();
    const user = await ways['signing up'](w);
    await endOf(signUp(w, { password: 'not this one' }));
    const { entries } = await w.useCases.audit.listAudit.execute(operator, {
      userIds: [user.id],
      limit: 100,
    });
    expect(entries.map(({ type, outcome }) => [type, outcome])).toContainEqual([
      'sso:AuthLocalLogin',
      'failure',
    ]);
  });

  test('from a known device gets in however often others tried', async () => {
    const { w } = await prepare();
    const { device } = await w.useCases.users.signUpAndLogIn.execute(nobody, asked);
    const throttle = { ...settings.throttle, accountFree: 1 };
    const ports = { ...w, settings: { ...settings, throttle } };
    for (let n = 0; n < 3; n += 1) await endOf(signUp(ports, { password: `not this one ${n}` }));
    expect(await endOf(signUp(ports))).toBeInstanceOf(TooManyRequests);
    expect(await endOf(signUp(ports, { device }))).toBe('done');
  });
});

describe('signing up and logging in', () => {
  const execute = ({ useCases: { users } }: World, input: object = {}) =>
    users.signUpAndLogIn.execute(asNobody(), { ...asked, ...input });

  test('opens a session of the account, new or not', async () => {
    const { w } = await prepare();
    const first = await execute(w);
    const second = await execute(w);
    expect(second.user.id).toBe(first.user.id);
    for (const { access } of [first, second]) expect(await w.isLive(access.token)).toBe(true);
    expect(first.refresh).toBeNull();
  });

  test('lets nobody in whose password has to be changed first', async () => {
    const { w, builtIn } = await prepare();
    const { user } = await w.addOwner({ passwordRequireUpdate: true }, { service: builtIn });
    const end = await endOf(execute(w, { email: user.email }));
    expect(end).toMatchObject({ code: 'password_update_required' });
    expect(await endOf(execute(w, { email: user.email, password: 'not this one' }))).toBeInstanceOf(
      IllegalArgument,
    );
  });

  test('is for nobody who acts for others', async () => {
    const { w } = await prepare();
    const service = await w.addService();
    const { users } = w.useCases;
    const end = await endOf(users.signUpAndLogIn.execute(asService(service), asked));
    expect(end).not.toBe('done');
  });
});
