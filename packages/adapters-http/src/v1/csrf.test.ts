import { beforeEach, describe, expect, it } from 'vitest';
import { expectRefused, type Rig, rig, TIME, UUID } from '../../test/harness.ts';

const DEAD = 'this token or key is unknown, expired, used or revoked';
const URL = '/v1/auth/csrf';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const make = async (query = '') => (await server.json('GET', `${URL}${query}`)).json().csrf;
const verify = (csrf: string, more: object = {}, headers: Record<string, string> = {}) =>
  server.json('POST', URL, { csrf, ...more }, { headers });
const after = (seconds: number) => new Date(Date.parse(TIME) + seconds * 1000).toISOString();

describe('GET /v1/auth/csrf', () => {
  it('answers with a token and when it expires', async () => {
    const csrf = await make();
    expect(csrf).toStrictEqual({
      created_at: TIME,
      key: expect.stringMatching(/^rkc_\w{43}$/),
      value: csrf.key,
      ttl: after(1000),
      service_id: server.service.id,
    });
    expect((await make('?expires_s=0')).ttl).toBe(after(0));
    expect((await make('?expires_s=86400')).ttl).toBe(after(86_400));
  });

  it.each(['-1', '86401', '1.5', 'x', '', '1e3', '9'.repeat(30)])(
    'refuses to expire after %s seconds',
    async (text) => {
      const response = await server.json('GET', `${URL}?expires_s=${text}`);
      expect([response.statusCode, response.json().errors]).toStrictEqual([
        400,
        [
          {
            field: 'expires_s',
            message: 'must be a whole number from 0 to 86400',
            code: 'malformed',
          },
        ],
      ]);
    },
  );
});

describe('POST /v1/auth/csrf', () => {
  it('takes a token once', async () => {
    const { key } = await make();
    const response = await verify(key);
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    expectRefused(await verify(key), 'invalid_token', DEAD);
  });

  it('writes an entry that it is asked for, and answers its id', async () => {
    const { key } = await make();
    const response = await verify(key, { audit: 'shop:CheckOut' });
    expect(response.json()).toStrictEqual({ audit: UUID });
    const entry = await server.json('GET', `/v1/audit/${response.json().audit}`);
    expect(entry.json().data.type).toBe('shop:CheckOut');
  });

  it('refuses a token of another service, which stays good', async () => {
    const { key } = await make();
    const foreign = { authorization: await server.otherServiceKey() };
    expectRefused(await verify(key, {}, foreign), 'invalid_token', DEAD);
    expectRefused(await verify('x'.repeat(15_000)), 'invalid_token', DEAD);
    expect((await verify(key)).statusCode).toBe(200);
  });
});
