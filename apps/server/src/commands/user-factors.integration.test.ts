import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from '@rekey/adapters-db';
import { operator, type Passkey, type ProviderLink, type TotpSeed } from '@rekey/domain';
import { anId, aPasskey, aProviderLink, aTotpSeed, START } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { exitOf } from '../exit.ts';
import { withRekey } from './common.ts';

const nobody = { kind: 'nobody', origin: { address: '192.0.2.7', client: null } } as const;
const orion = { name: 'Orion', email: 'orion@example.com', password: 'correct horse' };
const AT = new Date(START).toISOString();

let userId: string;
let url: string;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rekey-factors-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  url = `sqlite:${path.join(folder, 'rekey.db')}`;
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', url);
  vi.stubEnv('MAIL_DIR', path.join(folder, 'mail'));
  vi.stubEnv('BCRYPT_COST', '10');
  await run(['init']);
  ({ id: userId } = await withRekey(async ({ users, services }) => {
    await services.openFormService.execute(operator);
    return users.signUp.execute(nobody, orion);
  }));
});

/** Gives the user a factor of each kind, as those who log in get them. */
async function giveFactors(): Promise<{ seed: TotpSeed; passkey: Passkey; link: ProviderLink }> {
  const seed = aTotpSeed({ userId });
  const passkey = aPasskey({ userId, name: 'Phone', lastUsedAt: START });
  const link = aProviderLink({ userId });
  const { database, close } = await openDatabase({ url });
  await database.transact(async ({ factors, passkeys, providerLinks, users }) => {
    await factors.insertSeed(seed);
    await factors.confirmSeed(seed.id, 1, START);
    await factors.replaceCodes(userId, ['one', 'two']);
    await passkeys.insert(passkey);
    await providerLinks.insert(link);
    const has = { hasTotp: true, hasPasskey: true, atPassword: true, atProvider: true };
    await users.setFactors(userId, has, START);
  });
  await close();
  return { seed, passkey, link };
}

const seen = async () => JSON.parse(await outputOf('user', 'factors', userId, '--json'));
const remove = (...args: string[]) => run(['user', 'remove-factor', ...args]);

describe('rekey user factors', () => {
  test('shows one-time codes, passkeys and accounts at providers, and no secret', async () => {
    expect(await outputOf('user', 'factors', orion.email)).toBe('There are none.\n');
    const { seed, passkey, link } = await giveFactors();
    const text = await outputOf('user', 'factors', 'ORION@example.com');
    const columns = / +/g;
    const rows = text.split('\n').map((line) => line.replaceAll(columns, ' '));
    expect(rows).toEqual([
      'FACTOR ID SINCE LAST USED NAME',
      `totp ${seed.id} ${AT} ${AT} 2 recovery codes are left`,
      `passkey ${passkey.id} ${AT} ${AT} Phone`,
      `google ${link.id} ${AT} never`,
      '',
      'A second factor is asked for at logins with the password and a provider.',
      '',
    ]);
    const all = await seen();
    expect(all).toMatchObject({
      totp: { id: seed.id, created_at: AT, last_used_at: AT },
      recovery_codes: 2,
      passkeys: [{ id: passkey.id, name: 'Phone', created_at: AT, is_user_verified: true }],
      providers: [{ id: link.id, provider: 'google', created_at: AT, last_used_at: null }],
      required_at_password: true,
      required_at_provider: true,
    });
    for (const secret of [seed.sealed, passkey.publicKey, passkey.credentialId, link.subject]) {
      expect(JSON.stringify(all) + text).not.toContain(secret);
    }
  });
});

describe('rekey user remove-factor', () => {
  test('takes the factor that it names, and no other', async () => {
    const { passkey } = await giveFactors();
    const there = async () => {
      const { totp, recovery_codes, passkeys, providers } = await seen();
      return [totp !== null, recovery_codes, passkeys.length, providers.length];
    };
    expect(await there()).toEqual([true, 2, 1, 1]);
    expect(await outputOf('user', 'remove-factor', userId, 'google', '--yes')).toBe(
      'orion@example.com does not have an account at google any more, and is mailed of it.\n',
    );
    expect(await there()).toEqual([true, 2, 1, 0]);
    const id = passkey.id.toUpperCase();
    const taken = await outputOf('user', 'remove-factor', orion.email, id, '--yes', '--json');
    expect(JSON.parse(taken)).toEqual({ id: userId, factor: passkey.id });
    expect(await there()).toEqual([true, 2, 0, 0]);
    await outputOf('user', 'remove-factor', orion.email, 'totp', '--yes');
    expect(await there()).toEqual([false, 0, 0, 0]);
    const { entries } = JSON.parse(
      await outputOf('audit', 'list', '--type', 'rekey:FactorRemove', '--json'),
    );
    expect(entries.length).toBeGreaterThanOrEqual(3);
    const waiting = JSON.parse(await outputOf('outbox', 'list', '--json'));
    const kinds = waiting.deliveries.map(({ kind }: { kind: string }) => kind);
    expect(kinds.filter((kind: string) => kind === 'factor_change')).toHaveLength(3);
  });

  test('names all that is wrong with its line at once, and opens nothing', async () => {
    vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'missing', 'rekey.db')}`);
    const { error } = await remove('orion', 'phone', '--yes');
    const { code, reason } = exitOf(error);
    expect(code).toBe(2);
    expect(reason).toMatch(/^the user must be .*; the factor must be totp, google, /);
  });

  test('fails where the user or the factor is not there, and asks before it takes one', async () => {
    await giveFactors();
    for (const [user, factor, reason] of [
      ['nobody@example.com', 'totp', 'there is no user nobody@example.com'],
      [orion.email, 'github', 'orion@example.com does not have an account at github'],
      [orion.email, anId(), /^orion@example\.com does not have the passkey [\da-f-]{36}$/],
    ] as const) {
      const { error } = await remove(user, factor, '--yes');
      expect(exitOf(error)).toEqual({
        code: 1,
        reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      });
    }
    const { error } = await remove(orion.email, 'totp');
    expect(exitOf(error).code).toBe(2);
    expect((await seen()).totp).not.toBeNull();
  });
});
