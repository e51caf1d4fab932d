import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const LOCAL = '/v1/auth/provider/local';

describe('POST /v1/auth/provider/local/update-email', () => {
  const body = { email: 'ada@example.com', password: PASSWORD, new_email: 'ada@example.net' };
  const change = (more: object = {}) =>
    server.json('POST', `${LOCAL}/update-email`, { ...body, ...more });

  it('changes the address', async () => {
    const { user } = await enrolled(server);
    const response = await change();
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    const login = { email: 'ada@example.net', password: PASSWORD };
    const { user: moved } = (await server.json('POST', `${LOCAL}/login`, login)).json();
    expect(moved).toMatchObject({ id: user.id, email: 'ada@example.net', email_valid: false });
  });

  it.each([
    ['none', 'no address'],
    ['one that is taken', 'ada@example.com'],
    ['one that its owner can take back', 'left@example.com'],
  ])('refuses %s, and names the field in snake case', async (_, new_email) => {
    await enrolled(server);
    const create = async (email: string) => {
      const asked = { name: 'Eve', email, password: PASSWORD, token_key: true };
      expect((await server.json('POST', '/v1/user', asked)).statusCode).toBe(200);
    };
    await create('left@example.com');
    await change({ email: 'left@example.com', new_email: 'moved@example.com' });
    await create('eve@example.com');
    const response = await change({ email: 'eve@example.com', new_email });
    expect([response.statusCode, response.json().errors]).toStrictEqual([
      400,
      [
        {
          field: 'new_email',
          message: 'must be an e-mail address that can be used here',
          code: 'unusable',
        },
      ],
    ]);
  });

  it('is 400 for a wrong password, whatever the new address is', async () => {
    await enrolled(server);
    for (const new_email of ['ada@example.net', 'taken@example.com']) {
      const response = await change({ password: 'not this one', new_email });
      expect([response.statusCode, response.json().code]).toStrictEqual([
        400,
        'invalid_credentials',
      ]);
    }
  });

  it('leaves the old address to its owner', async () => {
    await enrolled(server);
    const before = await server.json('POST', '/v1/user', { name: 'Eve', email: body.email });
    await change();
    const after = await server.json('POST', '/v1/user', { name: 'Eve', email: body.email });
    expect(after.statusCode).toBe(400);
    expect(after.json().errors).toStrictEqual(before.json().errors);
  });
});

describe('POST /v1/user/{id}/validate-email', () => {
  const send = (id: string, authorization = server.serviceKey) =>
    server.json('POST', `/v1/user/${id}/validate-email`, {}, { headers: { authorization } });

  it('mails a link that proves the address, and nothing more once it is proven', async () => {
    const { user } = await enrolled(server);
    const response = await send(user.id.toUpperCase());
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    const [token] = await server.mailedTokens();
    const confirmed = await server.json('POST', `${LOCAL}/validate-email/confirm`, { token });
    expect(confirmed.statusCode).toBe(200);
    const read = await server.json('GET', `/v1/user/${user.id}`);
    expect(read.json().data.email_valid).toBe(true);
    expect((await send(user.id, server.rootKey)).statusCode).toBe(200);
    expect(await server.mailedTokens()).toEqual([]);
  });

  it('is 404 for users that are not seen, and 429 for whoever asks too often', async () => {
    const { user } = await enrolled(server);
    const foreign = await send(user.id, await server.otherServiceKey());
    const unknown = await send(server.service.id);
    expect([foreign.statusCode, foreign.json()]).toStrictEqual([404, unknown.json()]);
    for (let n = 0; n < 3; n += 1) expect((await send(user.id)).statusCode).toBe(200);
    const more = await send(user.id);
    expect([more.statusCode, more.json().code]).toEqual([429, 'too_many_requests']);
    expect(more.headers['retry-after']).toBe('1200');
  });
});
