import { expect } from 'vitest';
import { refused, unauthenticated } from './client.ts';
import { answers } from './differences.ts';
import { aKey, aSso, aUser, aUserWithPassword, NO_KEY, peer } from './peer.ts';

const sso = aSso();

peer('auth_key_verify_unauthorised', 'nobody verifies a key without one', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthKeyVerify', { key: NO_KEY });
});

peer('auth_key_verify_bad_request_invalid_key', 'an unknown key is not good', async () => {
  await (await sso.aService()).gets(refused, 'AuthKeyVerify', { key: NO_KEY });
});

peer(
  'auth_key_verify_bad_request_unknown_user_key_for_service',
  'a key of a user is good at its own service alone',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const key = await aKey(mine, await aUserWithPassword(mine), 'KEY');
    await other.gets(refused, 'AuthKeyVerify', { key: key.value });
  },
);

peer(
  'auth_key_verify_bad_request_service_key',
  'the key of a service stands for no user',
  async () => {
    const service = await sso.aService();
    await service.gets(refused, 'AuthKeyVerify', { key: service.key });
  },
);

peer(
  'auth_key_verify_bad_request_unknown_user_key_key',
  'a TOKEN key is not one to be verified',
  async () => {
    const service = await sso.aService();
    const key = await aKey(service, await aUser(service), 'TOKEN');
    await service.gets(refused, 'AuthKeyVerify', { key: key.value });
  },
);

peer('auth_key_verify_ok', 'a KEY is verified with the user whom it stands for', async () => {
  const service = await sso.aService();
  const user = await aUser(service);
  const { id, value } = await aKey(service, user, 'KEY');
  expect(await service.ok('AuthKeyVerify', { key: value })).toMatchObject({
    user: { id: user.id },
    key: { id },
  });
});

peer('auth_key_revoke_unauthorised', 'nobody revokes a key without one', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthKeyRevoke', { key: NO_KEY });
});

peer('auth_key_revoke_bad_request_invalid_key', 'an unknown key cannot be revoked', async () => {
  await (await sso.aService()).gets(refused, 'AuthKeyRevoke', { key: NO_KEY });
});

peer(
  'auth_key_revoke_bad_request_unknown_user_key_for_service',
  'a key of a user is revoked by its own service alone',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const key = await aKey(mine, await aUserWithPassword(mine), 'KEY');
    await other.gets(refused, 'AuthKeyRevoke', { key: key.value });
    await mine.ok('AuthKeyVerify', { key: key.value });
  },
);

peer(
  'auth_key_revoke_bad_request_service_key',
  'a service cannot revoke its own key as if it were one of a user',
  async () => {
    const service = await sso.aService();
    await service.gets(refused, 'AuthKeyRevoke', { key: service.key });
  },
);

peer(
  'auth_key_revoke_bad_request_unknown_user_key_key',
  'a TOKEN key is revoked by its value',
  async () => {
    const service = await sso.aService();
    const key = await aKey(service, await aUser(service), 'TOKEN');
    const { rekey } = answers.revocationOfTokenKey;
    await service.gets(rekey, 'AuthKeyRevoke', { key: key.value });
  },
);

peer('auth_key_revoke_ok', 'a KEY that was revoked is good no more', async () => {
  const service = await sso.aService();
  const { value: key } = await aKey(service, await aUser(service), 'KEY');
  await service.ok('AuthKeyRevoke', { key });
  await service.gets(refused, 'AuthKeyVerify', { key });
});
