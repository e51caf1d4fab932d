import {
  formServiceId,
  formServiceName,
  IllegalArgument,
  InvalidCredentials,
  operator,
  type PasswordPolicy,
  type PasswordQuality,
} from '@rekey/domain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asService,
  endOf,
  fakeBreachList,
  nobody,
  PASSWORD,
  settings,
  world,
} from '../../testing/index.ts';
import { type BreachList, type Ports, useCases } from '../index.ts';
import { judgeNewPassword, parseNewPassword } from '../shared/new-password.ts';

const LISTED = 'listed in a breach';
const UNLISTED = 'listed nowhere yet';
/** The one password that the offline meter of the tests knows by itself. */
const COMMON = 'password';

async function prepare(policy: PasswordPolicy = 'compat', breachList: BreachList | null = null) {
  const w = world();
  const ports: Ports = { ...w, breachList, settings: { ...settings, passwordPolicy: policy } };
  const owner = await w.addOwner({ email: 'ada.l@example.com' });
  const profile = { isEnabled: true, name: 'Ada' };
  return { w, all: useCases(ports), ports, owner, by: asService(owner.service), profile };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

/** The ways in which a password is set by somebody who proved something. */
const settingIt: [string, (p: Prepared, password: string) => Promise<PasswordQuality | null>][] = [
  [
    'a user whom a service creates',
    async ({ all, by, profile }, password) => {
      const asked = { ...profile, email: 'ada.l@example.net', password };
      return (await all.users.createUser.execute(by, asked)).quality;
    },
  ],
  [
    'a change',
    async ({ w, all, by, owner }, newPassword) => {
      const asked = w.change(owner, { newPassword });
      return (await all.passwords.updatePassword.execute(by, asked)).quality;
    },
  ],
];

/** Everything here but the common one is long enough to be strong. */
const pwned = (isPwned: boolean | null): PasswordQuality => ({ strength: 4, isPwned });

const refusalsOf = async (setting: Promise<unknown>) => {
  const end = await endOf(setting);
  return end instanceof IllegalArgument ? end.violations.map(({ code }) => code) : end;
};

describe.each(settingIt)('the password of %s', (_what, set) => {
  test('is pwned where the breach list has it, not where it does not, and unknown without an answer', async () => {
    const breachList = fakeBreachList(LISTED);
    expect(await set(await prepare('compat', breachList), LISTED)).toEqual(pwned(true));
    expect(await set(await prepare('compat', breachList), UNLISTED)).toEqual(pwned(false));
    breachList.fallSilent();
    expect(await set(await prepare('compat', breachList), LISTED)).toEqual(pwned(null));
    expect(await set(await prepare('compat', null), LISTED)).toEqual(pwned(null));
  });

  test('is not asked about where it is known offline', async () => {
    const breachList = fakeBreachList(LISTED);
    const quality = await set(await prepare('compat', breachList), COMMON);
    expect(quality).toEqual({ strength: 1, isPwned: true });
    expect(breachList.asked).toEqual([]);
  });

  test('is asked about in the form that is hashed', async () => {
    const breachList = fakeBreachList(LISTED);
    await set(await prepare('compat', breachList), 're\u0301glisse noire');
    expect(breachList.asked).toEqual(['r\u00e9glisse noire']);
  });

  test('is asked about outside of every transaction', async () => {
    const { w } = await prepare();
    // A transaction inside of another is an error.
    const breachList: BreachList = { has: () => w.database.transact(async () => false) };
    await expect(w.database.transact(() => breachList.has(UNLISTED))).rejects.toThrow();
    const prepared = await prepare('compat', {
      has: () => prepared.w.database.transact(async () => false),
    });
    expect(await set(prepared, UNLISTED)).toEqual(pwned(false));
  });

  test.each(['standard', 'nist'] as const)(
    'is refused under %s wherever it is known, and never for want of an answer',
    async (policy) => {
      const breachList = fakeBreachList(LISTED);
      const prepared = await prepare(policy, breachList);
      expect(await refusalsOf(set(prepared, LISTED))).toEqual(['common']);
      breachList.fallSilent();
      expect(await set(prepared, LISTED)).toEqual(pwned(null));
    },
  );

  test('is refused for every reason there is', async () => {
    const bad = 'Ada L. at the Shop';
    const prepared = await prepare('standard', fakeBreachList(bad));
    expect(await refusalsOf(set(prepared, bad))).toEqual([
      'common',
      'contains_email',
      'contains_service',
    ]);
  });
});

test('a password at the built-in service may not contain the name that people know the service by', async () => {
  const { ports } = await prepare('standard');
  const user = { name: 'Ada', email: 'ada@example.com' };
  const service = { id: formServiceId, name: formServiceName };
  const judge = (password: string) =>
    refusalsOf(judgeNewPassword(ports, password, user, service, 'password'));
  expect(await judge(`at the ${settings.brandName} gate`)).toEqual(['contains_service']);
  expect(await judge(`all ${formServiceName} of it`)).toBe('done');
});

describe('the breach list is not asked', () => {
  const email = 'eve@example.com';

  test('for a user without a password, of whom nothing is known', async () => {
    const breachList = fakeBreachList(LISTED);
    const { all, by, profile } = await prepare('compat', breachList);
    const { quality } = await all.users.createUser.execute(by, { ...profile, email });
    expect(quality).toBeNull();
    expect(breachList.asked).toEqual([]);
  });

  test('for somebody who signs up alone', async () => {
    const breachList = fakeBreachList(LISTED);
    const { all, profile } = await prepare('standard', breachList);
    await all.services.openFormService.execute(operator);
    const signUp = (password: string) =>
      all.users.createUser.execute(nobody, { ...profile, email, password });
    expect(await refusalsOf(signUp(COMMON))).toEqual(['common']);
    expect((await signUp(LISTED)).quality).toEqual(pwned(null));
    expect(breachList.asked).toEqual([]);
  });

  test('for somebody who does not prove the current password', async () => {
    const breachList = fakeBreachList(LISTED);
    const { w, all, by, owner } = await prepare('compat', breachList);
    for (const wrong of [{ password: 'not this one' }, { email: 'nobody@example.com' }]) {
      const ask = w.change(owner, { newPassword: LISTED, ...wrong });
      const end = await endOf(all.passwords.updatePassword.execute(by, ask));
      expect(end).toBeInstanceOf(InvalidCredentials);
    }
    expect(breachList.asked).toEqual([]);
  });

  test('for a login, which waits for nobody', async () => {
    const breachList = fakeBreachList(PASSWORD);
    const { all, by, owner } = await prepare('compat', breachList);
    const claim = { email: owner.user.email, password: PASSWORD } as const;
    const { quality } = await all.sessions.login.execute(by, claim);
    expect(quality).toEqual(pwned(null));
    expect(breachList.asked).toEqual([]);
  });
});

test('a password gets the same verdict in every normalization', async () => {
  const { ports, owner } = await prepare('standard', fakeBreachList(LISTED));
  // Names that texts of the letters below often hold.
  const user = { name: 'Ada', email: '\u00e4\u00e4\u00f6@example.com' };
  const service = { ...owner.service, name: 'A \u00f6\u00e4' };
  const verdict = async (text: string) => {
    try {
      const password = parseNewPassword(ports, text, 'password');
      return await judgeNewPassword(ports, password, user, service, 'password');
    } catch (error) {
      return (error as IllegalArgument).violations;
    }
  };
  const unit = fc.constantFrom('a', '\u00e4', 'o\u0308', '\u212b', '\uac01', 'e\u0323\u0301', ' ');
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, minLength: 6, maxLength: 20 }), async (text) => {
      const composed = await verdict(text.normalize('NFC'));
      expect(await verdict(text.normalize('NFD'))).toEqual(composed);
      expect(await verdict(text)).toEqual(composed);
    }),
  );
});
