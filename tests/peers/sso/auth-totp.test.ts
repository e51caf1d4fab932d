import { codeAt } from '../../harness.ts';
import { invalid, refused, unauthenticated } from './client.ts';
import { aKey, aSso, aUserWithPassword, NO_ID, peer } from './peer.ts';

const sso = aSso();

peer('auth_totp_unauthorised', 'nobody verifies a code without a key', async () => {
  await sso.stranger.gets(unauthenticated, 'AuthTotpVerify', { user_id: NO_ID, totp: '123456' });
});

peer('auth_totp_bad_request_invalid_totp', 'an empty code is refused', async () => {
  await (await sso.aService()).gets(invalid, 'AuthTotpVerify', { user_id: NO_ID, totp: '' });
});

peer(
  'auth_totp_bad_request_unknown_user_totp_key',
  'a user with a KEY alone has no code that is right',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service);
    const { value } = await aKey(service, user, 'KEY');
    // The value is no seed here: its letters make one.
    const totp = codeAt(
      value
        .toUpperCase()
        .replaceAll(/[^A-Z2-7]/g, '')
        .slice(0, 32),
      Date.now(),
    );
    await service.gets(refused, 'AuthTotpVerify', { user_id: user.id, totp });
  },
);

peer('auth_totp_ok', 'the code of a TOTP key is right', async () => {
  const service = await sso.aService();
  const user = await aUserWithPassword(service);
  const { value } = await aKey(service, user, 'TOTP');
  await service.ok('AuthTotpVerify', { user_id: user.id, totp: codeAt(value, Date.now()) });
});
