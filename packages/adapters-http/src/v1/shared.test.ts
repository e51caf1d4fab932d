import { aUser } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, problemAt, type Rig, rig } from '../../test/harness.ts';
import { instantOut } from './shared.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

it('takes ids in capitals too', async () => {
  const id = '01900000-0000-7000-8000-abcdefabcdef';
  const user = aUser({ id, createdBy: server.service.id });
  await server.database.transact(({ users }) => users.insert(user, null));
  const user_id = id.toUpperCase();
  const read = await server.json('GET', `/v1/user/${user_id}`);
  expect(read.json().data).toMatchObject({ id });
  const body = { is_enabled: true, type: 'KEY', name: 'web', user_id };
  expect((await server.json('POST', '/v1/key', body)).json().data.key.user_id).toBe(id);
});

describe('ids that lead nowhere', () => {
  it.each([
    'not-a-uuid',
    '01900000-0000-7000-8000-ffffffffffff',
    '01900000-0000-7000-8000-fffffffffff%20',
    'x'.repeat(200),
    '%2e%2e',
    '__proto__',
  ])('are not found: %s', async (id) => {
    for (const kind of ['user', 'key']) {
      const response = await server.json('GET', `/v1/${kind}/${id}`);
      expect([response.statusCode, response.json()]).toStrictEqual([
        404,
        problemAt('/v1', 'not_found', 'not found'),
      ]);
    }
  });

  it('are those of other services too', async () => {
    const { user, key } = await enrolled(server);
    const headers = { authorization: await server.otherServiceKey() };
    for (const url of [`/v1/user/${user.id}`, `/v1/key/${key.id}`]) {
      const response = await server.json('GET', url, undefined, { headers });
      expect([response.statusCode, response.json().code]).toStrictEqual([404, 'not_found']);
    }
  });
});

it('instants are written as in RFC 3339, in UTC and to the millisecond', () => {
  const instants = [
    0,
    1,
    -1,
    Date.UTC(2026, 1, 28, 23, 59, 59, 999),
    Date.UTC(2028, 1, 29, 0, 0, 0, 7),
    Date.UTC(2026, 0, 31, 9, 30, 5, 70),
    Date.UTC(9999, 11, 31, 23, 59, 59, 999),
    // More days than are kept.
    ...Array.from({ length: 1100 }, (_, day) => day * 86_412_345),
  ];
  for (const instant of [...instants, ...instants]) {
    expect(instantOut(instant)).toBe(new Date(instant).toISOString());
  }
});
