import { describe, expect, it } from 'vitest';
import { seed, zitadelExport, zitadelUser } from '../../test/exports.ts';
import { rowsOf } from '../../test/reading.ts';
import { zitadel } from './zitadel.ts';

const hash = `$2a$14$${'a'.repeat(53)}`;
const read = (...users: unknown[]) => rowsOf(zitadel, JSON.stringify(zitadelExport(...users)));
const one = async (given: Record<string, unknown>) => (await read(zitadelUser(hash, given)))[0];

describe('a person of Zitadel', () => {
  it('is a user with the address, hash and seed, and the id as an attribute', async () => {
    expect(await read(zitadelUser(hash))).toEqual([
      {
        line: 1,
        leftOut: [],
        user: {
          attributes: { zitadel_id: '104133391271651848' },
          name: 'Ada Lovelace',
          email: 'ada@example.com',
          email_valid: true,
          locale: 'en',
          password_hash: hash,
          totp_secret: seed,
        },
      },
    ]);
  });

  it.each(['dataOrgs', 'data_orgs'])(
    'is read from a body for its import, under %s',
    async (name) => {
      const body = { timeout: '10m', [name]: zitadelExport(zitadelUser(hash)) };
      expect(await rowsOf(zitadel, JSON.stringify(body))).toHaveLength(1);
    },
  );

  it('is not verified where that is not said', async () => {
    expect(await one({ email: { email: 'ada@example.com' } })).toMatchObject({
      user: { email_valid: false },
    });
  });

  it('of a language that nobody named has none', async () => {
    const row = await one({
      profile: { firstName: 'Ada', lastName: 'Lovelace', preferredLanguage: 'und' },
    });
    expect(row).toMatchObject({ user: { name: 'Ada Lovelace' } });
    expect(row).not.toHaveProperty('user.locale', expect.anything());
  });

  it('has all that is left out told by its name', async () => {
    const row = await one({
      userName: 'ada',
      phone: { phone: '+12025550100' },
      otpCode: '?',
      idps: [{ configId: '1' }],
    });
    expect(row?.leftOut).toEqual(['user.phone', 'user.idps', 'user.otpCode', 'user.userName']);
  });

  it('without an address is told', async () => {
    expect(await one({ email: undefined })).toMatchObject({ faults: ['has no e-mail address'] });
  });
});
