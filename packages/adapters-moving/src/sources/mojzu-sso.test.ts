import { describe, expect, it } from 'vitest';
import { lines, seed } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { mojzuSso } from './mojzu-sso.ts';

const at = { created_at: '2020-02-01T10:00:00+00:00', updated_at: '2020-02-02T10:00:00+00:00' };
const id = (last: number) => `5f86c319-0000-4000-8000-00000000000${last}`;
const key = (given: Record<string, unknown>) => ({
  ...at,
  id: id(9),
  is_enabled: true,
  is_revoked: false,
  type: 'Key',
  name: 'key',
  value: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPAA',
  service_id: null,
  user_id: null,
  ...given,
});
const service = {
  ...at,
  id: id(2),
  is_enabled: true,
  name: 'shop',
  url: 'https://shop.example',
  user_allow_register: true,
  user_email_text: '',
  provider_local_url: 'https://shop.example/auth',
  provider_github_oauth2_url: null,
  provider_microsoft_oauth2_url: null,
};
const user = {
  ...at,
  id: id(3),
  is_enabled: false,
  name: 'Ada',
  email: 'ada@example.com',
  locale: 'en',
  timezone: 'Etc/UTC',
  password_allow_reset: true,
  password_require_update: false,
  password_hash: '$argon2$lanes=4,mem=12,len=128,passes=3,norm=nfkc$c2FsdA$aGFzaA',
};
const read = (...entries: unknown[]) => rowsOf(mojzuSso, lines(...entries));

describe('an entry of mojzu/sso', () => {
  it('is a root key, a service with its keys or a user with theirs, all with the ids they had', async () => {
    const ofService = key({ id: id(4), service_id: id(2) });
    const ofUser = { service_id: id(2), user_id: id(3) };
    const rows = await read(
      { root_key: key({}) },
      { service, keys: [ofService] },
      {
        user,
        keys: [
          key({ id: id(5), ...ofUser }),
          key({ id: id(6), ...ofUser, type: 'Token', is_revoked: true, is_enabled: false }),
          key({ id: id(7), ...ofUser, type: 'Totp', value: seed }),
        ],
      },
      { user, keys: null },
    );
    const shared = { ...at, is_enabled: true, is_revoked: false, name: 'key' };
    const value = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPAA';
    expect(rows).toEqual([
      { line: 1, rootKey: { ...shared, id: id(9), type: 'KEY', value } },
      {
        line: 2,
        leftOut: [],
        service: { ...service, keys: [{ ...shared, id: id(4), type: 'KEY', value }] },
      },
      {
        line: 3,
        leftOut: [],
        user: {
          ...user,
          keys: [
            { ...shared, id: id(5), type: 'KEY', value, service: id(2) },
            {
              ...shared,
              id: id(6),
              type: 'TOKEN',
              service: id(2),
              is_enabled: false,
              is_revoked: true,
            },
            { ...shared, id: id(7), type: 'TOTP', value: seed, service: id(2) },
          ],
        },
      },
      { line: 4, leftOut: [], user: { ...user, keys: [] } },
    ]);
  });

  it('has columns that are left out told', async () => {
    expect(await read({ user: { ...user, mobile: '1' } })).toMatchObject([{ leftOut: ['mobile'] }]);
  });

  it.each([
    [
      'a key of another type',
      { user, keys: [key({ type: 'Webauthn' })] },
      'has a key of a type that is not known',
    ],
    ['something else', { audit: {} }, 'is neither a user, a service nor a root key'],
    ['no object', 7, 'is not an object'],
  ])('that is %s is told', async (_name, entry, fault) => {
    expect(await read(entry)).toEqual([{ line: 1, faults: [fault] }]);
  });
});
