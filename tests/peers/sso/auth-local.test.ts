import { expect } from 'vitest';
import { forbidden, invalid, refused, unauthenticated } from './client.ts';
import { answers } from './differences.ts';
import {
  aKey,
  anEmail,
  aSso,
  aUserWithPassword,
  NO_EMAIL,
  NO_KEY,
  PASSWORD,
  peer,
  type Service,
  WRONG_PASSWORD,
} from './peer.ts';

const sso = aSso();

/** A service that its own key has changed. */
async function aServiceWith(change: Record<string, unknown>): Promise<Service> {
  const service = await sso.aService();
  await service.ok('ServiceUpdate', { id: service.id, ...change });
  return service;
}

peer('auth_local_login_unauthorised', 'nobody logs a user in without a key', async () => {
  const body = { email: anEmail(), password: PASSWORD };
  await sso.stranger.gets(unauthenticated, 'AuthLocalLogin', body);
});

peer(
  'auth_local_login_unauthorised_service_disabled',
  'a service that is disabled logs nobody in',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service);
    await aKey(service, user, 'TOKEN');
    await service.ok('ServiceUpdate', { id: service.id, is_enabled: false });
    const body = { email: user.email, password: PASSWORD };
    await service.gets(unauthenticated, 'AuthLocalLogin', body);
  },
);

peer(
  'auth_local_login_bad_request_invalid_email',
  'a login with a root key and something that is no address is refused',
  async () => {
    const body = { email: NO_EMAIL, password: PASSWORD };
    await sso.root.gets(answers.credentialsFirst.rekey, 'AuthLocalLogin', body);
    await (await sso.aService()).gets(invalid, 'AuthLocalLogin', body);
  },
);

peer(
  'auth_local_login_bad_request_invalid_password',
  'a login with a root key and an empty password is refused',
  async () => {
    const body = { email: anEmail(), password: '' };
    await sso.root.gets(answers.credentialsFirst.rekey, 'AuthLocalLogin', body);
    await (await sso.aService()).gets(invalid, 'AuthLocalLogin', body);
  },
);

peer(
  'auth_local_login_bad_request_unknown_email',
  'an address that has no user is not logged in',
  async () => {
    const body = { email: anEmail(), password: PASSWORD };
    await (await sso.aService()).gets(refused, 'AuthLocalLogin', body);
  },
);

peer(
  'auth_local_login_bad_request_user_disabled',
  'a user who is disabled is not logged in',
  async () => {
    const service = await sso.aService();
    const { email } = await aUserWithPassword(service, { is_enabled: false });
    await service.gets(refused, 'AuthLocalLogin', { email, password: PASSWORD });
  },
);

peer(
  'auth_local_login_bad_request_unknown_user_key',
  'a user without a key of the service is not logged in',
  async () => {
    const service = await sso.aService();
    const { email } = await aUserWithPassword(service);
    await service.gets(refused, 'AuthLocalLogin', { email, password: PASSWORD });
  },
);

peer(
  'auth_local_login_bad_request_incorrect_password',
  'a user is not logged in with a wrong password',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service);
    await aKey(service, user, 'TOKEN');
    const body = { email: user.email, password: WRONG_PASSWORD };
    await service.gets(refused, 'AuthLocalLogin', body);
  },
);

peer(
  'auth_local_login_bad_request_unknown_user_key_for_service',
  'a user with a TOKEN key of another service alone is not logged in',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const user = await aUserWithPassword(mine);
    await aKey(mine, user, 'TOKEN');
    await other.gets(refused, 'AuthLocalLogin', { email: user.email, password: PASSWORD });
  },
);

peer(
  'auth_local_login_bad_request_unknown_user_token_key',
  'a user with a KEY alone is not logged in',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service);
    await aKey(service, user, 'KEY');
    await service.gets(refused, 'AuthLocalLogin', { email: user.email, password: PASSWORD });
  },
);

peer(
  'auth_local_login_forbidden_user_password_require_update',
  'a user who must change the password is not logged in',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service, { password_require_update: true });
    await aKey(service, user, 'TOKEN');
    await service.gets(forbidden, 'AuthLocalLogin', { email: user.email, password: PASSWORD });
  },
);

peer('auth_local_login_ok', 'a user with a password and a TOKEN key is logged in', async () => {
  const service = await sso.aService();
  const user = await aUserWithPassword(service);
  await aKey(service, user, 'TOKEN');
  const login = await service.ok('AuthLocalLogin', { email: user.email, password: PASSWORD });
  expect(login.user.id).toBe(user.id);
});

peer('auth_local_register_unauthorised', 'nobody registers a user without a key', async () => {
  const body = { name: 'user-name', email: anEmail() };
  await sso.stranger.gets(unauthenticated, 'AuthLocalRegister', body);
});

peer(
  'auth_local_register_unauthorised_service_disabled',
  'a service that is disabled registers nobody',
  async () => {
    const service = await aServiceWith({ is_enabled: false });
    const body = { name: 'user-name', email: anEmail() };
    await service.gets(unauthenticated, 'AuthLocalRegister', body);
  },
);

peer(
  'auth_local_register_bad_request_invalid_name',
  'a registration with a root key and an empty name is refused',
  async () => {
    const body = { name: '', email: anEmail() };
    await sso.root.gets(answers.credentialsFirst.rekey, 'AuthLocalRegister', body);
    await (await sso.aService()).gets(invalid, 'AuthLocalRegister', body);
  },
);

peer(
  'auth_local_register_bad_request_invalid_email',
  'a registration with a root key and something that is no address is refused',
  async () => {
    const body = { name: 'user-name', email: NO_EMAIL };
    await sso.root.gets(answers.credentialsFirst.rekey, 'AuthLocalRegister', body);
    await (await sso.aService()).gets(invalid, 'AuthLocalRegister', body);
  },
);

peer(
  'auth_local_register_bad_request_service_register_disabled',
  'a service that takes no registrations registers nobody',
  async () => {
    const service = await aServiceWith({ user_allow_register: false });
    const body = { name: 'user-name', email: anEmail() };
    await service.gets(refused, 'AuthLocalRegister', body);
  },
);

peer('auth_local_register_ok', 'a service that takes registrations takes one', async () => {
  const service = await aServiceWith({ user_allow_register: true });
  await service.ok('AuthLocalRegister', { name: 'user-name', email: anEmail() });
});

peer(
  'auth_local_register_user_exists_ok',
  'a second registration of an address is answered like the first',
  async () => {
    const service = await aServiceWith({ user_allow_register: true });
    const body = { name: 'user-name', email: anEmail() };
    expect(await service.ok('AuthLocalRegister', body)).toEqual(
      await service.ok('AuthLocalRegister', body),
    );
  },
);

peer(
  'auth_local_reset_password_unauthorised',
  'nobody asks for a reset without a key',
  async () => {
    await sso.stranger.gets(unauthenticated, 'AuthLocalResetPassword', { email: anEmail() });
  },
);

peer(
  'auth_local_reset_password_bad_request_invalid_email',
  'a reset for something that is no address is refused',
  async () => {
    await (await sso.aService()).gets(invalid, 'AuthLocalResetPassword', { email: NO_EMAIL });
  },
);

peer(
  'auth_local_reset_password_ok_unknown_email',
  'a reset does not tell that an address has no user',
  async () => {
    await (await sso.aService()).ok('AuthLocalResetPassword', { email: anEmail() });
  },
);

peer(
  'auth_local_reset_password_ok_unknown_user_key_for_service',
  'a reset does not tell that a user has no key of the service',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const user = await aUserWithPassword(mine, { password_allow_reset: true });
    await aKey(mine, user, 'TOKEN');
    await other.ok('AuthLocalResetPassword', { email: user.email });
  },
);

peer(
  'auth_local_reset_password_ok_unknown_user_token_key',
  'a reset does not tell that a user has no TOKEN key',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service, { password_allow_reset: true });
    await aKey(service, user, 'KEY');
    await service.ok('AuthLocalResetPassword', { email: user.email });
  },
);

peer(
  'auth_local_reset_password_ok_reset_not_allowed',
  'a reset does not tell that a user may have none',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service, { password_allow_reset: false });
    await aKey(service, user, 'TOKEN');
    await service.ok('AuthLocalResetPassword', { email: user.email });
  },
);

peer('auth_local_reset_password_ok', 'a user who may have a reset asks for one', async () => {
  const service = await sso.aService();
  const user = await aUserWithPassword(service, { password_allow_reset: true });
  await aKey(service, user, 'TOKEN');
  await service.ok('AuthLocalResetPassword', { email: user.email });
});

peer(
  'auth_local_reset_password_confirm_unauthorised',
  'nobody confirms a reset without a key',
  async () => {
    const body = { token: NO_KEY, password: PASSWORD };
    await sso.stranger.gets(unauthenticated, 'AuthLocalResetPasswordConfirm', body);
  },
);

peer(
  'auth_local_reset_password_confirm_bad_request_invalid_token',
  'an empty token confirms no reset',
  async () => {
    const body = { token: '', password: PASSWORD };
    await (await sso.aService()).gets(invalid, 'AuthLocalResetPasswordConfirm', body);
  },
);

peer(
  'auth_local_reset_password_confirm_bad_request_invalid_password',
  'a reset to an empty password is refused',
  async () => {
    const body = { token: NO_KEY, password: '' };
    await (await sso.aService()).gets(invalid, 'AuthLocalResetPasswordConfirm', body);
  },
);

peer(
  'auth_local_update_email_forbidden_user_password_require_update',
  'a user who must change the password does not change the address',
  async () => {
    const service = await sso.aService();
    const user = await aUserWithPassword(service, { password_require_update: true });
    await aKey(service, user, 'TOKEN');
    const body = { email: user.email, password: PASSWORD, new_email: anEmail() };
    await service.gets(forbidden, 'AuthLocalUpdateEmail', body);
  },
);

peer(
  'auth_local_update_password_unauthorised',
  'nobody changes a password without a key',
  async () => {
    const body = { email: 'test@test.com', password: PASSWORD, new_password: PASSWORD };
    await sso.stranger.gets(unauthenticated, 'AuthLocalUpdatePassword', body);
  },
);

peer(
  'auth_local_update_password_bad_request_invalid_email',
  'a change of the password at something that is no address is refused',
  async () => {
    const body = { email: NO_EMAIL, password: PASSWORD, new_password: PASSWORD };
    await (await sso.aService()).gets(invalid, 'AuthLocalUpdatePassword', body);
  },
);
