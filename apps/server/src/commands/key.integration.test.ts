import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { operator } from '@rekey/domain';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { withRekey } from './common.ts';

beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('MAIL_DIR', path.join(folder, 'mail'));
  await run(['init']);
});

const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';
const EMAIL = 'ada@example.com';

const answer = async (...args: string[]) => JSON.parse(await outputOf(...args, '--json'));

/** The end of a command line that fails: its message, and the exit code if the line is wrong. */
const errorOf = async (...args: string[]) => (await run(args)).error;

const aShop = async () =>
  (await answer('create-service-with-key', 'Shop', 'https://shop.example')) as {
    service: { id: string };
    key: { id: string; value: string; prefix: string };
  };

/** A service, and a user of it. */
async function prepare() {
  const shop = await aShop();
  const user = await withRekey(async ({ callers, users }) => {
    const origin = { address: '192.0.2.7', client: null };
    const nobody = { kind: 'nobody', origin } as const;
    const actor = await callers.authenticateKey.execute(nobody, { key: shop.key.value });
    return (await users.createUser.execute(actor, { isEnabled: true, name: 'Ada', email: EMAIL }))
      .user;
  });
  return { shop, serviceId: shop.service.id, userId: user.id };
}

const create = (serviceId: string, ...more: string[]) =>
  answer('key', 'create', 'cron', '--service', serviceId, ...more);

describe('rekey key', () => {
  test('makes a key of a user, who is named by address or id, and one of a service', async () => {
    const { serviceId, userId } = await prepare();
    const { key, value } = await create(
      serviceId,
      '--user',
      'ADA@example.com',
      '--type',
      'TOKEN',
      '--expires-at',
      '2999-01-01T00:00:00Z',
      '--scopes',
      'read',
      'write',
    );
    expect(key).toEqual({
      id: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
      is_enabled: true,
      is_revoked: false,
      type: 'TOKEN',
      name: 'cron',
      service_id: serviceId,
      user_id: userId,
      prefix: value.slice(4, 12),
      scopes: ['read', 'write'],
      expires_at: '2999-01-01T00:00:00.000Z',
      last_used_at: null,
    });
    const byId = await create(serviceId, '--user', userId, '--disabled');
    expect(byId.key).toMatchObject({ type: 'KEY', is_enabled: false, user_id: userId });
    const own = await create(serviceId);
    expect(own.key).toMatchObject({ user_id: null });
    expect(own.value).toMatch(/^rks_/);
    const text = await outputOf('key', 'create', 'other', '--service', serviceId);
    expect(text).toMatch(
      /^Key other is made\.\n\n {2}id +\S+\n {2}key +rks_\S+\n\nThe key is shown/,
    );
  });

  test('owes the owner a mail about a KEY, from nowhere in the network', async () => {
    const { serviceId, userId } = await prepare();
    await create(serviceId, '--user', userId);
    const owed = await withRekey(({ deliveries }) =>
      deliveries.listDeliveries.execute(operator, { state: 'waiting', limit: 10 }),
    );
    expect(owed).toMatchObject([{ kind: 'factor_change', to: EMAIL }]);
  });

  test('lists keys by user, service, type and state, and shows one, without its value', async () => {
    const { shop, serviceId, userId } = await prepare();
    const { key, value } = await create(serviceId, '--user', userId);
    const ids = async (...options: string[]) =>
      (await answer('key', 'list', ...options)).keys.map(({ id }: { id: string }) => id);
    expect(await ids('--service', serviceId)).toEqual([shop.key.id, key.id]);
    expect(await ids('--user', EMAIL)).toEqual([key.id]);
    expect(await ids('--type', 'TOKEN')).toEqual([]);
    expect(await ids('--limit', '1')).toEqual([shop.key.id]);
    await answer('key', 'revoke', key.id, '--yes');
    expect(await ids('--state', 'revoked')).toEqual([key.id]);
    expect(await ids('--state', 'enabled', '--user', userId)).toEqual([]);
    expect(await ids('--state', 'disabled')).toEqual([]);
    const table = await outputOf('key', 'list', '--user', userId);
    expect(table.split('\n')[1]).toMatch(
      new RegExp(`^${key.id} +${key.prefix} +KEY +revoked +${serviceId} +${userId} +cron$`),
    );
    expect(await outputOf('key', 'list', '--type', 'TOTP')).toBe('There are none.\n');
    const facts = await outputOf('key', 'show', key.id.toUpperCase());
    expect(facts).toMatch(/^is_revoked +true$/m);
    for (const text of [table, facts]) expect(text).not.toContain(value);
  });

  test('gives a key another value', async () => {
    const { serviceId, userId } = await prepare();
    const { key, value } = await create(serviceId, '--user', userId);
    const rotated = await answer('key', 'rotate', key.id);
    expect(rotated.key).toMatchObject({ id: key.id, prefix: rotated.value.slice(4, 12) });
    expect(rotated.value).not.toBe(value);
    const text = await outputOf('key', 'rotate', key.id, '--overlap', '60');
    expect(text).toContain('The old one works for 60 s.');
    expect(text).toMatch(/^ {2}key +rku_/m);
  });

  test('takes a key back once it is confirmed', async () => {
    const { serviceId, userId } = await prepare();
    const { key } = await create(serviceId, '--user', userId);
    const unasked = await run(['key', 'revoke', key.id]);
    expect(unasked.error?.message).toContain('--yes');
    expect(await answer('key', 'show', key.id)).toEqual({ key });
    const text = await outputOf('key', 'revoke', key.id, '--yes');
    expect(text).toBe(`The key cron (${key.id}) is revoked.\n`);
    expect((await answer('key', 'show', key.id)).key).toMatchObject({ is_revoked: true });
    expect(await errorOf('key', 'revoke', key.id, '--yes')).toMatchObject({
      violations: [{ code: 'not_allowed' }],
    });
  });

  test('says what it does not find', async () => {
    const { serviceId } = await prepare();
    for (const args of [['show'], ['rotate'], ['revoke', '--yes']]) {
      const error = await errorOf('key', args[0] ?? '', UNKNOWN, ...args.slice(1));
      expect(error?.message).toBe(`there is no key ${UNKNOWN}`);
    }
    const stranger = ['--service', serviceId, '--user', 'nobody@example.com'];
    const error = await errorOf('key', 'create', 'cron', ...stranger);
    expect(error?.message).toBe('there is no user nobody@example.com');
    const unknown = await errorOf('key', 'create', 'cron', '--service', UNKNOWN);
    expect(unknown?.message).toBe(`there is no service ${UNKNOWN}`);
  });

  test.each([
    ['list', '--type', 'key'],
    ['list', '--state', 'gone'],
    ['list', '--user', 'ada'],
    ['list', '--limit', '0'],
    ['show'],
    ['show', 'rku_a-key-itself'],
    ['create', 'cron'],
    ['create', 'a\nb', '--service', UNKNOWN],
    ['create', 'cron', '--service', UNKNOWN, '--expires-at', '2001-01-01T00:00:00Z'],
    ['rotate', UNKNOWN, '--overlap', '604801'],
  ])('refuses the line: key %s %s %s', async (...args) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const error = await errorOf('key', ...args.filter((arg) => arg !== undefined));
    expect(error).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^commander\./) });
  });
});

describe('rekey root-key', () => {
  test('makes root keys, lists them alone, and ends them', async () => {
    const { shop } = await prepare();
    const { key: first } = await answer('create-root-key', 'first');
    const { key: second } = await answer('root-key', 'create', 'second');
    expect(second.value).toMatch(/^rkr_/);
    const listed = async () =>
      (await answer('root-key', 'list')).keys.map(
        ({ id, is_revoked }: { id: string; is_revoked: boolean }) => [id, is_revoked],
      );
    expect(await listed()).toEqual([
      [second.id, false],
      [first.id, false],
    ]);
    const rotated = await answer('root-key', 'rotate', second.id);
    expect(rotated.value).toMatch(/^rkr_/);
    await answer('root-key', 'revoke', first.id, '--yes');
    expect(await listed()).toEqual([
      [second.id, false],
      [first.id, true],
    ]);
    const table = await outputOf('root-key', 'list');
    expect(table).toMatch(new RegExp(`^${first.id} +${first.prefix} +revoked .*first$`, 'm'));
    for (const verb of [['rotate'], ['revoke', '--yes']]) {
      const error = await errorOf('root-key', verb[0] ?? '', shop.key.id, ...verb.slice(1));
      expect(error?.message).toBe(`there is no root key ${shop.key.id}`);
    }
  });

  test('says that there are none', async () => {
    await prepare();
    expect(await outputOf('root-key', 'list')).toBe('There are none.\n');
  });
});
