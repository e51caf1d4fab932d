import { refused, unauthenticated } from './client.ts';
import { aLogin, aSso, NO_KEY, peer, refreshes, verifies } from './peer.ts';

const sso = aSso();

peer('auth_token_verify_unauthorised', 'nobody verifies a token without a key', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthTokenVerify', { token: NO_KEY });
});

peer('auth_token_verify_bad_request_invalid_token', 'an unknown token is not good', async () => {
  await (await sso.aService()).gets(refused, 'AuthTokenVerify', { token: NO_KEY });
});

peer(
  'auth_token_verify_bad_request_unknown_user_key_for_service',
  'an access token is good at its own service alone',
  async () => {
    const { access } = await aLogin(await sso.aService());
    const other = await sso.aService();
    await other.gets(refused, 'AuthTokenVerify', { token: access.token });
  },
);

peer('auth_token_verify_ok', 'the access token of a login is good', async () => {
  const service = await sso.aService();
  await verifies(service, await aLogin(service));
});

peer('auth_token_refresh_unauthorised', 'nobody refreshes a token without a key', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthTokenRefresh', { token: NO_KEY });
});

peer(
  'auth_token_refresh_bad_request_invalid_token',
  'an unknown token is not refreshed',
  async () => {
    await (await sso.aService()).gets(refused, 'AuthTokenRefresh', { token: NO_KEY });
  },
);

peer(
  'auth_token_refresh_bad_request_unknown_user_key_for_service',
  'a refresh token is good at its own service alone',
  async () => {
    const { refresh } = await aLogin(await sso.aService());
    const other = await sso.aService();
    await other.gets(refused, 'AuthTokenRefresh', { token: refresh.token });
  },
);

peer(
  'auth_token_refresh_bad_request_used_refresh_token',
  'a refresh token works once',
  async () => {
    const service = await sso.aService();
    const login = await aLogin(service);
    await verifies(service, login);
    await verifies(service, await refreshes(service, login));
    await service.gets(refused, 'AuthTokenRefresh', { token: login.refresh.token });
  },
);

peer('auth_token_refresh_ok', 'a refreshed access token is good', async () => {
  const service = await sso.aService();
  const login = await aLogin(service);
  await verifies(service, login);
  await verifies(service, await refreshes(service, login));
});

peer('auth_token_revoke_unauthorised', 'nobody revokes a token without a key', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthTokenRevoke', { token: NO_KEY });
});

peer('auth_token_revoke_bad_request_invalid_token', 'an unknown token is not revoked', async () => {
  await (await sso.aService()).gets(refused, 'AuthTokenRevoke', { token: NO_KEY });
});

peer(
  'auth_token_revoke_bad_request_unknown_user_key_for_service',
  'a token is revoked by its own service alone',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const login = await aLogin(mine);
    await other.gets(refused, 'AuthTokenRevoke', { token: login.refresh.token });
    await verifies(mine, login);
  },
);

peer('auth_token_revoke_ok', 'an access token that was revoked is good no more', async () => {
  const service = await sso.aService();
  const login = await aLogin(service);
  await verifies(service, login);
  const { token } = login.access;
  await service.ok('AuthTokenRevoke', { token });
  await service.gets(refused, 'AuthTokenVerify', { token });
});
