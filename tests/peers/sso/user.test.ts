import { expect } from 'vitest';
import { badRequest, unauthorised } from './client.ts';
import {
  afterMs,
  aKey,
  anEmail,
  aSso,
  aUser,
  NO_ID,
  peer,
  type Service,
  type User,
  walk,
} from './peer.ts';

const sso = aSso();

/** What a caller is answered who changes a user, a moment after it was changed last. */
async function update(by: Pick<Service, 'ok'>, user: User, change: Record<string, unknown>) {
  await afterMs(Date.parse(user.updated_at));
  const { data } = await by.ok('UserUpdate', { id: user.id, ...change });
  expect(data.id).toBe(user.id);
  expect(data.updated_at).not.toBe(user.updated_at);
  return data;
}

/** The query for all that the audit has of changes of a user. */
const changesOf = (user: User) => ({ type: ['sso:UserUpdate'], subject: [user.id] });

peer('user_list_unauthorised', 'nobody lists users without a key', async () => {
  await sso.stranger.gets(unauthorised, 'UserList');
});

peer('user_list_id_ok', 'users are paged by id, forward and back', async () => {
  const service = await sso.aService();
  for (let count = 0; count < 5; count += 1) await aUser(service);
  await walk(
    async (page) => (await service.ok('UserList', { limit: 3, ...page })).data,
    ({ id }) => ({ gt: id }),
    ({ id }) => ({ lt: id }),
  );
});

peer('user_list_name_ok', 'users are paged by name, forward and back', async () => {
  const service = await sso.aService();
  const id: string[] = [];
  for (const name of ['eee', 'ddd', 'ccc', 'bbb', 'aaa']) {
    id.push((await aUser(service, { name })).id);
  }
  const rows = await walk(
    async (page) => (await service.ok('UserList', { limit: 3, id, ...page })).data,
    (row) => ({ name_ge: row.name, offset_id: row.id }),
    (row) => ({ name_le: row.name, offset_id: row.id }),
    { name_ge: '_' },
  );
  expect(rows.map(({ name }) => name)).toEqual(['aaa', 'bbb', 'ccc', 'ddd', 'eee']);
});

peer('user_list_filter_id_ok', 'a user is found by id', async () => {
  const service = await sso.aService();
  const { id } = await aUser(service);
  expect((await service.ok('UserList', { id: [id] })).data).toMatchObject([{ id }]);
});

peer('user_list_filter_email_ok', 'a user is found by address', async () => {
  const service = await sso.aService();
  const { id, email } = await aUser(service);
  expect((await service.ok('UserList', { email: [email] })).data).toMatchObject([{ id }]);
});

peer('user_create_ok', 'a service makes a user', async () => {
  await aUser(await sso.aService());
});

peer('user_create_unauthorised', 'nobody makes a user without a key', async () => {
  const body = { is_enabled: true, name: 'user-name', email: anEmail() };
  await sso.stranger.gets(unauthorised, 'UserCreate', body);
});

peer(
  'user_create_bad_request_duplicate_user_email',
  'an address that has a user gets no second one',
  async () => {
    const service = await sso.aService();
    const { email } = await aUser(service);
    const body = { is_enabled: true, name: 'user-name', email };
    await service.gets(badRequest, 'UserCreate', body);
  },
);

peer('user_create_bad_request_invalid_locale', 'an empty locale is refused', async () => {
  const body = { is_enabled: true, name: 'user-name', email: anEmail(), locale: '' };
  await (await sso.aService()).gets(badRequest, 'UserCreate', body);
});

peer('user_create_bad_request_invalid_timezone', 'an unknown timezone is refused', async () => {
  const body = { is_enabled: true, name: 'user-name', email: anEmail(), timezone: 'invalid' };
  await (await sso.aService()).gets(badRequest, 'UserCreate', body);
});

peer('user_read_unauthorised', 'nobody reads a user without a key', async () => {
  await sso.stranger.gets(unauthorised, 'UserRead', { id: NO_ID });
});

peer('user_read_ok', 'a root key makes a user and reads it', async () => {
  const { id } = await aUser(sso.root);
  expect((await sso.root.ok('UserRead', { id })).data.id).toBe(id);
});

peer('user_update_unauthorised', 'nobody changes a user without a key', async () => {
  await sso.stranger.gets(unauthorised, 'UserUpdate', { id: NO_ID });
});

peer('user_update_ok', 'a change of a user is in the audit, with who made it', async () => {
  const service = await sso.aService();
  const user = await aUser(service);
  await update(service, user, { is_enabled: false });
  expect((await service.ok('AuditList', changesOf(user))).data).toMatchObject([
    { key_id: service.keyId, service_id: service.id },
  ]);
});

peer(
  'user_update_user_authorisation_forbidden_user_disabled',
  'the key of a user who is disabled proves nobody',
  async () => {
    const service = await sso.aService();
    const user = await aUser(service);
    const proven = service.withUser((await aKey(service, user, 'KEY')).value);
    await update(proven, user, { is_enabled: false });
    await proven.gets(unauthorised, 'AuditList', changesOf(user));
  },
);

peer(
  'user_update_user_authorisation_ok',
  'a change that a user was proven for is in the audit with the key of the user',
  async () => {
    const service = await sso.aService();
    const user = await aUser(service);
    const key = await aKey(service, user, 'KEY');
    const proven = service.withUser(key.value);
    await update(proven, user, { name: '123' });
    expect((await proven.ok('AuditList', changesOf(user))).data).toMatchObject([
      {
        key_id: service.keyId,
        service_id: service.id,
        user_id: user.id,
        user_key_id: key.id,
      },
    ]);
  },
);
