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
