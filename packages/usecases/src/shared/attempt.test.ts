import { Forbidden, IllegalArgument, Overloaded } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, endOf, planted, settings as wide, world } from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

/** A world in which a second failure would have to wait, and an owner in it. */
async function aWorld() {
  const settings = { ...wide, throttle: { ...wide.throttle, accountFree: 1 } };
  const w = { ...world(), settings };
  const owner = await w.addOwner();
  const by = asService(owner.service);
  const claim = { email: owner.user.email, password: 'correct horse' };
  const login = (ports: Ports) => endOf(useCases(ports).sessions.login.execute(by, { ...claim }));
  const update = (ports: Ports) =>
    endOf(useCases(ports).passwords.updatePassword.execute(by, w.change(owner)));
  /** How often something failed, by the key that it is counted under. */
  const failures = async () => {
    const { throttles } = w.database.snapshot() as {
      throttles: [string, { bucket: { level: number } }][];
    };
    return throttles.map(([, { bucket }]) => bucket.level);
  };
  const entries = async () => {
    const chain = await w.database.read(({ audit }) => audit.follow(by.service.id, 0, 100));
    return chain.map(({ type, outcome }) => `${type} ${outcome}`);
  };
  return { w, owner, login, update, failures, entries };
}

type Act = 'login' | 'update';

describe('a right password', () => {
  const broken: [string, Act, (w: Ports) => Ports, unknown][] = [
    [
      'the meter of a login throws',
      'login',
      (w) => ({ ...w, meter: { assess: () => Promise.reject(planted) } }),
      planted,
    ],
    [
      'the meter of a login throws at once',
      'login',
      (w) => ({
        ...w,
        meter: {
          assess: () => {
            throw planted;
          },
        },
      }),
      planted,
    ],
    [
      'the access token of a login cannot be signed',
      'login',
      (w) => ({
        ...w,
        accessTokens: { ...w.accessTokens, issue: () => Promise.reject(planted) },
      }),
      planted,
    ],
    [
      'the quality of a login cannot be sealed',
      'login',
      (w) => ({
        ...w,
        secrets: {
          ...w.secrets,
          seal: () => {
            throw planted;
          },
        },
      }),
      planted,
    ],
    [
      'the meter of a change throws',
      'update',
      (w) => ({ ...w, meter: { assess: () => Promise.reject(planted) } }),
      planted,
    ],
    [
      'the hash of a change cannot be made',
      'update',
      (w) => ({
        ...w,
        hasher: { ...w.hasher, hash: () => Promise.reject(new Overloaded(1)) },
      }),
      new Overloaded(1),
    ],
  ];

  test.each(broken)(
    'does not stay counted as a failure: %s',
    async (_what, act, breakIt, error) => {
      const it = await aWorld();
      for (let i = 0; i < 5; i += 1) {
        expect(await it[act](breakIt(it.w))).toEqual(error);
        expect(await it.failures()).toEqual([0, 0, 0]);
      }
      expect(await it[act](it.w)).toBe('done');
      // It was no failure, and is recorded as none.
      const type = act === 'login' ? 'sso:AuthLocalLogin' : 'sso:AuthLocalUpdatePassword';
      expect(await it.entries()).toEqual([`${type} success`]);
    },
  );

  test('takes back its own try alone, although its preparation throws', async () => {
    const it = await aWorld();
    const settings = { ...it.w.settings, throttle: { ...it.w.settings.throttle, accountFree: 3 } };
    const ports = { ...it.w, settings };
    const wrong = { ...ports, hasher: { ...it.w.hasher, verify: async () => false } };
    for (let i = 0; i < 2; i += 1) await it.login(wrong);
    expect(await it.failures()).toEqual([2, 2, 2]);
    const meter = { assess: () => Promise.reject(planted) };
    expect(await it.login({ ...ports, meter })).toBe(planted);
    expect(await it.failures()).toEqual([2, 2, 2]);
  });

  test('that may not be used counts for nothing, and its refusal is recorded', async () => {
    const it = await aWorld();
    const refuse = () => Promise.reject(new Forbidden('password_update_required'));
    const accessTokens = { ...it.w.accessTokens, issue: refuse };
    expect(await it.login({ ...it.w, accessTokens })).toBeInstanceOf(Forbidden);
    expect(await it.failures()).toEqual([0, 0, 0]);
    expect(await it.entries()).toEqual(['sso:AuthLocalLogin failure']);
  });

  test('with a new password that the policy refuses counts for nothing', async () => {
    const it = await aWorld();
    const settings = { ...it.w.settings, passwordPolicy: 'standard' as const };
    const meter = { assess: async () => ({ strength: 0, isPwned: true }) as const };
    expect(await it.update({ ...it.w, settings, meter })).toBeInstanceOf(IllegalArgument);
    expect(await it.failures()).toEqual([0, 0, 0]);
  });
});

describe('a proof that cannot be looked at', () => {
  test.each(['login', 'update'] as const)('is no failure, and is not recorded: %s', async (act) => {
    const it = await aWorld();
    const hasher = { ...it.w.hasher, verify: () => Promise.reject(planted) };
    for (let i = 0; i < 5; i += 1) {
      expect(await it[act]({ ...it.w, hasher })).toBe(planted);
      expect(await it.failures()).toEqual([0, 0, 0]);
    }
    expect(await it.entries()).toEqual([]);
  });
});

describe('a proof that is void when it is used', () => {
  test('stays counted as a failure, and is recorded as one', async () => {
    const it = await aWorld();
    const { user } = it.owner;
    const issue: Ports['accessTokens']['issue'] = async (...args) => {
      await it.w.database.transact(({ users }) => users.changePassword(user.id, 1, 'other', 0));
      return it.w.accessTokens.issue(...args);
    };
    const accessTokens = { ...it.w.accessTokens, issue };
    expect(await it.login({ ...it.w, accessTokens })).toMatchObject({
      code: 'invalid_credentials',
    });
    expect(await it.failures()).toEqual([1, 1, 1]);
    expect(await it.entries()).toEqual(['sso:AuthLocalLogin failure', 'rekey:Throttle failure']);
  });
});

describe('the count of a try', () => {
  const verified = (isRight: boolean) => (w: Ports) => ({
    ...w,
    hasher: { ...w.hasher, verify: async () => isRight },
  });
  test.each<[string, (w: Ports) => Ports]>([
    ['it was right', verified(true)],
    ['it was wrong', verified(false)],
    [
      'it could not be looked at',
      (w) => ({ ...w, hasher: { ...w.hasher, verify: () => Promise.reject(planted) } }),
    ],
    [
      'it was right and came to nothing',
      (w) => ({ ...w, meter: { assess: () => Promise.reject(planted) } }),
    ],
  ])(
    'waits for no disk, and is taken there before anybody is told what became of it: %s',
    async (_what, portsOf) => {
      const it = await aWorld();
      const commits: string[] = [];
      const transact: Ports['database']['transact'] = async (work, onDisk = 'now') => {
        const result = await it.w.database.transact(work, onDisk);
        commits.push(onDisk);
        return result;
      };
      await it.login({ ...portsOf(it.w), database: { ...it.w.database, transact } });
      expect(commits).toEqual(['with the next one', 'now']);
    },
  );
});
