import { expect } from 'vitest';
import { badRequest, notFound, unauthorised } from './client.ts';
import { aKey, aSso, aUser, NO_ID, peer, walk } from './peer.ts';

const sso = aSso();

peer('key_list_unauthorised', 'nobody lists keys without one', async () => {
  await sso.stranger.gets(unauthorised, 'KeyList');
});

peer('key_list_bad_request_invalid_limit', 'a list of -1 keys is refused', async () => {
  await (await sso.aService()).gets(badRequest, 'KeyList', { limit: -1 });
});

peer('key_list_ok', 'keys are paged by id, forward and back', async () => {
  const service = await sso.aService();
  const user = await aUser(service);
  const id: string[] = [];
  for (let count = 0; count < 5; count += 1) id.push((await aKey(service, user, 'KEY')).id);
  const rows = await walk(
    async (page) => (await service.ok('KeyList', { limit: 3, id, ...page })).data,
    (row) => ({ gt: row.id }),
    (row) => ({ lt: row.id }),
  );
  expect(rows.map((row) => row.id).sort()).toEqual(id.sort());
});

peer('key_create_unauthorised', 'nobody makes a key without one', async () => {
  const body = { is_enabled: true, type: 'KEY', name: 'key-name' };
  await sso.stranger.gets(unauthorised, 'KeyCreate', body);
});

peer(
  'key_create_bad_request_multiple_active_token_keys',
  'a user has one usable TOKEN key of a service',
  async () => {
    const service = await sso.aService();
    const user = await aUser(service);
    await aKey(service, user, 'TOKEN');
    const body = { is_enabled: true, type: 'TOKEN', name: 'key-name', user_id: user.id };
    await service.gets(badRequest, 'KeyCreate', body);
  },
);

peer(
  'key_create_bad_request_multiple_active_totp_keys',
  'a user has one usable TOTP key of a service',
  async () => {
    const service = await sso.aService();
    const user = await aUser(service);
    await aKey(service, user, 'TOTP');
    const body = { is_enabled: true, type: 'TOTP', name: 'key-name', user_id: user.id };
    await service.gets(badRequest, 'KeyCreate', body);
  },
);

peer(
  'key_create_bad_request_invalid_service_id',
  'a service that is not there gets no key',
  async () => {
    const body = { is_enabled: true, type: 'KEY', name: 'key-name', service_id: NO_ID };
    await sso.root.gets(badRequest, 'KeyCreate', body);
  },
);

peer('key_create_bad_request_invalid_user_id', 'a user who is not there gets no key', async () => {
  const body = { is_enabled: true, type: 'KEY', name: 'key-name', user_id: NO_ID };
  await (await sso.aService()).gets(badRequest, 'KeyCreate', body);
});

peer('key_read_unauthorised', 'nobody reads a key without one', async () => {
  await sso.stranger.gets(unauthorised, 'KeyRead', { id: NO_ID });
});

peer('key_read_not_found_service_mask', 'the key of another service is not found', async () => {
  const { keyId } = await sso.aService();
  await (await sso.aService()).gets(notFound, 'KeyRead', { id: keyId });
});

peer('key_read_ok', 'a root key reads the key of a service', async () => {
  const { keyId } = await sso.aService();
  expect((await sso.root.ok('KeyRead', { id: keyId })).data.id).toBe(keyId);
});

peer('key_delete_not_found_service_mask', 'the key of another service is not deleted', async () => {
  const other = await sso.aService();
  await (await sso.aService()).gets(notFound, 'KeyDelete', { id: other.keyId });
  await other.ok('KeyRead', { id: other.keyId });
});
