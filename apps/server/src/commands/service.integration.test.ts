import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';

beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-service-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  await run(['init']);
});

const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';

const service = async (...args: string[]) =>
  JSON.parse(await outputOf('service', ...args, '--json'));

/** The error of a command line. */
const errorOf = async (...args: string[]) => (await run(['service', ...args])).error;

const aShop = (...options: string[]) =>
  service('create', 'Shop', 'https://shop.example', ...options);

describe('rekey service', () => {
  test('registers a service with every field, as the command of the first seed does', async () => {
    const options = {
      '--local-url': 'http://localhost',
      '--github-url': 'http://localhost/github',
      '--microsoft-url': 'http://localhost/microsoft',
      '--google-url': 'http://localhost/google',
      '--support-url': 'mailto:help@shop.example',
      '--email-text': 'Call us.',
      '--allow-register': 'true',
      '--sees-all-users': 'true',
      '--owner-recovery': 'true',
      '--require-factor': 'true',
      '--new-device-mail': 'true',
    };
    const given = Object.entries(options).flat();
    const { service: made, key } = await aShop(...given);
    expect(made).toEqual({
      id: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
      is_enabled: true,
      name: 'Shop',
      url: 'https://shop.example',
      user_allow_register: true,
      user_email_text: 'Call us.',
      provider_local_url: 'http://localhost',
      provider_github_oauth2_url: 'http://localhost/github',
      provider_microsoft_oauth2_url: 'http://localhost/microsoft',
      provider_google_oauth2_url: 'http://localhost/google',
      sees_all_users: true,
      owner_recovery: true,
      require_factor: true,
      new_device_mail: true,
      support_url: 'mailto:help@shop.example',
    });
    expect(key.value).toMatch(/^rks_/);
    const again = ['create-service-with-key', 'Shop', 'https://shop.example', ...given, '--json'];
    const { id: _, created_at: __, updated_at: ___, ...alike } = made;
    expect(JSON.parse(await outputOf(...again)).service).toMatchObject(alike);
  });

  test('lists services, and shows one with the keys that it asks with', async () => {
    const { service: shop, key } = await aShop();
    expect(await service('list')).toEqual({ services: [shop] });
    const { value, ...listed } = key;
    expect(await service('show', shop.id)).toEqual({ service: shop, keys: [listed] });
    const table = await outputOf('service', 'list');
    expect(table.split('\n')[1]).toMatch(new RegExp(`^${shop.id} +Shop +enabled +https://shop`));
    const facts = await outputOf('service', 'show', shop.id);
    expect(facts).toMatch(/^url +https:\/\/shop.example$/m);
    expect(facts).toMatch(new RegExp(`^${key.id} +${key.prefix} +enabled +Shop$`, 'm'));
    expect(facts).not.toContain(value);
  });

  test('changes what is named alone', async () => {
    const { service: shop } = await aShop('--local-url', 'http://localhost');
    const { service: changed } = await service(
      'update',
      shop.id,
      '--local-url',
      '',
      '--name',
      'Store',
    );
    const at = { updated_at: expect.any(String) };
    expect(changed).toEqual({ ...shop, ...at, name: 'Store', provider_local_url: null });
    expect(await errorOf('update', shop.id)).toMatchObject({ name: 'WrongUsage' });
    expect(await errorOf('update', shop.id, '--name', 'users')).toMatchObject({
      code: 'commander.invalidArgument',
    });
  });

  test('disables and enables a service', async () => {
    const { service: shop } = await aShop();
    expect((await service('disable', shop.id)).service.is_enabled).toBe(false);
    expect(await outputOf('service', 'list')).toContain(' disabled ');
    expect((await service('enable', shop.id)).service.is_enabled).toBe(true);
  });

  test('gives the key of a service another value, by one command', async () => {
    const { service: shop, key } = await aShop();
    const rotated = await service('rotate-key', shop.id);
    expect(rotated.key.id).toBe(key.id);
    expect(rotated.value).toMatch(/^rks_/);
    expect(rotated.value).not.toBe(key.value);
    const { prefix } = rotated.key;
    expect(await outputOf('service', 'rotate-key', shop.id, prefix, '--overlap', '60')).toMatch(
      /^The key has another value\. The old one works for 60 s\.$/m,
    );
  });

  test('revokes a key for good, and then there is none to be rotated', async () => {
    const { service: shop, key } = await aShop();
    const { key: revoked } = await service('revoke-key', shop.id, key.prefix, '--yes');
    expect(revoked).toMatchObject({ id: key.id, is_enabled: false, is_revoked: true });
    expect(await errorOf('rotate-key', shop.id)).toMatchObject({
      message: 'the service has no usable key',
    });
    expect(await errorOf('revoke-key', shop.id, 'unknown', '--yes')).toMatchObject({
      message: 'the service has no such key',
    });
  });

  test('deletes a service, with its keys', async () => {
    const { service: shop } = await aShop();
    expect(await service('delete', shop.id, '--yes')).toEqual({});
    expect(await service('list')).toEqual({ services: [] });
  });

  test.each(['delete', 'revoke-key'])('does not %s without a question', async (verb) => {
    const { service: shop, key } = await aShop();
    const args = verb === 'delete' ? [verb, shop.id] : [verb, shop.id, key.id];
    expect(await errorOf(...args)).toMatchObject({ name: 'WrongUsage' });
    expect((await service('show', shop.id)).keys).toMatchObject([{ is_revoked: false }]);
  });

  test.each([
    ['show'],
    ['update', '--name', 'Store'],
    ['rotate-key'],
    ['revoke-key', 'key', '--yes'],
    ['disable'],
    ['enable'],
    ['delete', '--yes'],
  ])('says that there is no such service: %s', async (verb, ...more) => {
    expect(await errorOf(verb, UNKNOWN, ...more)).toMatchObject({
      message: `there is no service ${UNKNOWN}`,
    });
    expect(await errorOf(verb, 'Shop', ...more)).toMatchObject({
      code: 'commander.invalidArgument',
    });
  });
});
