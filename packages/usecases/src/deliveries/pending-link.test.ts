import { operator } from '@rekey/domain';
import { expect, test } from 'vitest';
import {
  asService,
  deliverAll,
  endOf,
  keyValue,
  NEW_PASSWORD,
  PASSWORD,
  recording,
  START,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

test('a thief who knows the password and can call everything cannot keep the owner’s link from working', async () => {
  const w = world();
  const owner = await w.addOwner();
  const { user, service, tokenKey } = owner;
  const by = asService(service);
  const { seed } = await w.addTotp(owner);
  const key = await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
  // The thief changes the password, and the owner has the mail.
  const link = await w.changeAndReadMail(owner);

  const { database, done } = recording(w.database);
  const all = useCases({ ...w, database });
  const { sessions, keys, factors, passwords, recovery, deliveries, maintenance } = all;
  const logIn = (password: string) => sessions.login.execute(by, { email: user.email, password });

  const { access, refresh } = await logIn(NEW_PASSWORD);
  await sessions.verifyToken.execute(by, { token: access.token });
  const fresh = await sessions.refreshToken.execute(by, { token: refresh!.token });
  await endOf(sessions.refreshToken.execute(by, { token: refresh!.token }));
  await endOf(sessions.revokeToken.execute(by, { token: fresh.refresh.token }));
  await keys.verifyKey.execute(by, { value: keyValue(key) });
  await keys.revokeKey.execute(by, { value: keyValue(key) });
  const code = w.totp.codeAt(seed, START);
  await factors.verifyTotp.execute(by, { userId: user.id, code });
  const second = await logIn(NEW_PASSWORD);
  await sessions.revokeToken.execute(by, { token: second.access.token });
  for (const type of ['TOKEN', 'KEY'] as const) {
    await keys.createKey.execute(by, { userId: user.id, isEnabled: true, type, name: 'again' });
  }
  const change = w.change(owner, { password: NEW_PASSWORD, newPassword: 'kept by a thief' });
  await passwords.updatePassword.execute(by, change);
  expect(await deliverAll(all)).toHaveLength(2);
  await maintenance.prune.execute(operator);
  await deliveries.readNotice.execute(by, { token: link });
  const foreign = asService(await w.addService());
  await endOf(recovery.lockAccount.execute(foreign, { token: link }));
  // Nothing but the link itself, presented where it does not count, came near the right that it holds.
  expect(done.filter((verb) => verb.startsWith('oneTimeTokens.spend'))).toHaveLength(1);
  expect(done).toContain('keys.spendTotpStep');
  expect(done).toContain('sessions.end');
  expect((await w.database.read(({ keys }) => keys.get(tokenKey.id)))?.isRevoked).toBe(true);

  w.clock.set(START + w.settings.revokeTokenTtlMs - 1);
  await maintenance.prune.execute(operator);
  await recovery.lockAccount.execute(by, { token: link });
  expect(await w.credentialOf(user)).toMatchObject({ passwordHash: null });
  for (const password of [PASSWORD, NEW_PASSWORD, 'kept by a thief']) {
    expect(await endOf(logIn(password))).not.toBe('done');
  }
});
