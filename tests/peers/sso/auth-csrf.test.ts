import { badRequest, unauthenticated } from './client.ts';
import { aSso, peer } from './peer.ts';

const sso = aSso();

peer('auth_csrf_create_unauthorised', 'nobody gets a CSRF token without a key', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthCsrfCreate');
});

peer('auth_csrf_bad_request_verify_once', 'a CSRF token is good once', async () => {
  const service = await sso.aService();
  const { csrf } = await service.ok('AuthCsrfCreate');
  await service.ok('AuthCsrfVerify', { csrf: csrf.key });
  await service.gets(badRequest, 'AuthCsrfVerify', { csrf: csrf.key });
});

peer('auth_csrf_create_verify_ok', 'a service verifies the CSRF token that it made', async () => {
  const service = await sso.aService();
  const { csrf } = await service.ok('AuthCsrfCreate');
  await service.ok('AuthCsrfVerify', { csrf: csrf.key });
});
