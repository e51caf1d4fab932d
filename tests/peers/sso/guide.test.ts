import { expect } from 'vitest';
import { badRequest } from './client.ts';
import { aKey, aLogin, aSso, aUser, aUserWithPassword, peer, refreshes, verifies } from './peer.ts';

const sso = aSso();

peer('guide_api_key', 'the guide to keys: made, verified, revoked', async () => {
  const service = await sso.aService();
  const user = await aUser(service);
  const { value: key } = await aKey(service, user, 'KEY');
  const verified = await service.ok('AuthKeyVerify', { key });
  expect(verified).toMatchObject({ user: { id: user.id }, key: { user_id: user.id } });
  await service.ok('AuthKeyRevoke', { key });
  await service.gets(badRequest, 'AuthKeyVerify', { key });
});

peer('guide_login', 'the guide to logins: verified, refreshed, revoked', async () => {
  const service = await sso.aService();
  const login = await aLogin(service);
  await verifies(service, login);
  const { access, refresh } = await refreshes(service, login);
  await service.ok('AuthTokenRevoke', { token: access.token });
  await service.gets(badRequest, 'AuthTokenVerify', { token: refresh.token });
});

peer('guide_reset_password', 'the guide to resets: a user asks for one', async () => {
  const service = await sso.aService();
  const user = await aUserWithPassword(service, { password_allow_reset: true });
  await aKey(service, user, 'TOKEN');
  await service.ok('AuthLocalResetPassword', { email: user.email });
});

peer('guide_oauth2_login', 'the guide to providers: a service gets the URL of one', async () => {
  const service = await sso.aService();
  await aKey(service, await aUserWithPassword(service), 'TOKEN');
  const { url } = await service.ok('AuthMicrosoftOauth2Url');
  expect(url).not.toBe('');
});
