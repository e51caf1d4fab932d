import { aUser } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, expectRefused, type Rig, rig, UUID } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });

const newKey = async (type: string, user_id: string) =>
  (await post('/v1/key', { is_enabled: true, type, name: 'web', user_id })).json().data;

describe('POST /v1/auth/totp', () => {
  async function withTotp() {
    // Somebody whose id has letters.
    let { user } = await enrolled(server);
    for (let i = 0; !/[a-f]/.test(user.id); i += 1) {
      ({ user } = await enrolled(server, `user-${i}@example.com`));
    }
    const { value: seed } = await newKey('TOTP', user.id);
    return { user, code: server.totp.codeAt(seed, server.ports.clock.now()) };
  }

  it('takes a code, once', async () => {
    const { user, code } = await withTotp();
    const given = { user_id: user.id.toUpperCase(), totp: code };
    const response = await post('/v1/auth/totp', given);
    expect([response.statusCode, response.json()]).toStrictEqual([200, { audit: UUID }]);
    expectRefused(
      await post('/v1/auth/totp', given),
      'invalid_credentials',
      'the code is not right',
    );
  });

  it('refuses everything else alike, to the byte', async () => {
    const { user, code } = await withTotp();
    const bare = await enrolled(server, 'bob@example.com');
    const ghost = aUser({ createdBy: null });
    const foreign = { authorization: await server.otherServiceKey() };
    const url = '/v1/auth/totp';
    const responses = [
      await post(url, { user_id: user.id, totp: '000000' }),
      await post(url, { user_id: user.id, totp: `${code}0` }),
      await post(url, { user_id: bare.user.id, totp: code }),
      await post(url, { user_id: ghost.id, totp: code }),
      await post(url, { user_id: user.id, totp: code }, foreign),
    ];
    for (const response of responses)
      expectRefused(response, 'invalid_credentials', 'the code is not right');
    expect(new Set(responses.map(({ body }) => body)).size).toBe(1);
    // As apps show it, and people copy it.
    const copied = `${code.slice(0, 3)} ${code.slice(3)} `;
    expect((await post(url, { user_id: user.id, totp: copied })).statusCode).toBe(200);
  });
});
