import { IllegalArgument, Overloaded, type PasswordPolicy, passwordPolicies } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  endOf,
  fakeBreachList,
  nobody,
  PASSWORD,
  root,
  settings,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

async function prepare(policy: PasswordPolicy = 'compat') {
  const w = world();
  const owner = await w.addOwner({ email: 'ada.l@example.com', name: 'Ada' });
  const breachList = fakeBreachList('listed in a breach');
  const ports: Ports = { ...w, breachList, settings: { ...settings, passwordPolicy: policy } };
  const all = useCases(ports);
  const by = asService(owner.service);
  const about = { email: owner.user.email, name: owner.user.name };
  const check = (password: string, more: object = about) =>
    all.passwords.checkPassword.execute(by, { password, ...more });
  return { w, all, by, owner, ports, check };
}

describe('the verdict on a password', () => {
  const passwords = [
    'battery staple seven',
    'password',
    'listed in a breach',
    'ada.l and more words',
    'short',
    '',
    'x'.repeat(128),
    'x'.repeat(129),
    'x'.repeat(1000),
    'half a pair \ud800',
    'e\u0301toile du nord, encore',
  ];

  test.each(passwordPolicies)('is the one that a change gets, under %s', async (policy) => {
    for (const password of [...passwords, 'the name of Shop in it']) {
      const { w, all, by, owner, check } = await prepare(policy);
      const change = w.change(owner, { newPassword: password });
      const changed = await all.passwords.updatePassword.execute(by, change).then(
        ({ quality }) => ({ quality, codes: [] as string[] }),
        (error: unknown) => {
          if (!(error instanceof IllegalArgument)) throw error;
          return { quality: null, codes: error.violations.map(({ code }) => code) };
        },
      );
      const { quality, violations } = await check(password);
      const codes = violations.map(({ code }) => code);
      expect([password, codes.slice(0, changed.codes.length || 1)]).toEqual([
        password,
        changed.codes,
      ]);
      if (changed.quality) expect([password, quality]).toEqual([password, changed.quality]);
      for (const { field } of violations) expect(field).toBe('password');
    }
  });

  test('names a length that is refused together with all else', async () => {
    const { check } = await prepare('nist');
    const { quality, violations } = await check('password');
    expect(violations.map(({ code }) => code)).toEqual(['too_short', 'common']);
    expect(quality?.isPwned).toBe(true);
  });

  test('needs neither address nor name, and a root key no service', async () => {
    const { all, check } = await prepare('standard');
    const { violations } = await check('ada.l and more words', {});
    expect(violations).toEqual([]);
    const asked = { password: 'listed in a breach' };
    const verdict = await all.passwords.checkPassword.execute(root, asked);
    expect(verdict.violations.map(({ code }) => code)).toEqual(['common']);
  });

  test('is refused for an address or a name that is none, both at once', async () => {
    const { check } = await prepare();
    const end = await endOf(check(PASSWORD, { email: '@', name: '' }));
    expect(end).toMatchObject({ violations: [{ field: 'email' }, { field: 'name' }] });
  });

  test('is given to nobody without a key', async () => {
    const { all } = await prepare();
    const asked = { password: PASSWORD };
    const end = await endOf(all.passwords.checkPassword.execute(nobody, asked));
    expect(end).toMatchObject({ code: 'unauthorized' });
  });

  test('keeps nothing, and waits for nothing where changes would be turned away', async () => {
    const { w, by, ports, check } = await prepare('standard');
    const before = w.database.snapshot();
    await check('battery staple seven');
    await check('password');
    expect(w.database.snapshot()).toEqual(before);
    const hasher = {
      ...ports.hasher,
      admit: () => {
        throw new Overloaded(1);
      },
    };
    const { passwords } = useCases({ ...ports, hasher });
    const end = await endOf(passwords.checkPassword.execute(by, { password: PASSWORD }));
    expect(end).toBeInstanceOf(Overloaded);
  });
});
