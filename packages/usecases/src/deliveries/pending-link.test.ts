import { expect, test } from 'vitest';
import {
  endOf,
  keyValue,
  NEW_PASSWORD,
  ORIGIN,
  PASSWORD,
  recording,
  START,
  world,
} from '../testing/index.ts';
import { CreateKey } from './create-key.ts';
import { DeliverMail } from './deliver-mail.ts';
import { Login } from './login.ts';
import { Prune } from './prune.ts';
import { RefreshToken } from './refresh-token.ts';
import { RevokeKey } from './revoke-key.ts';
import { RevokeToken } from './revoke-token.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';
import { VerifyKey } from './verify-key.ts';
import { VerifyToken } from './verify-token.ts';
import { VerifyTotp } from './verify-totp.ts';

test('who knows the password and can call everything cannot keep the owner’s link from working', async () => {
  const w = world();
  const owner = await w.addOwner();
  const { user, service, tokenKey } = owner;
  const { seed } = await w.addTotp(owner);
  const key = await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
  // The thief changes the password, and the owner has the mail.
  const link = await w.changeAndReadMail(owner);

  const { database, done } = recording(w.database);
  const ports = { ...w, database };
  const serviceId = service.id;
  const logIn = (password: string) =>
    new Login(ports).execute({
      serviceId,
      email: user.email,
      password,
      origin: ORIGIN,
      tokenForm: 'signed',
    });

  const { access, refresh } = await logIn(NEW_PASSWORD);
  await new VerifyToken(ports).execute({ serviceId, token: access.token });
  const fresh = await new RefreshToken(ports).execute({ serviceId, token: refresh!.token });
  await endOf(new RefreshToken(ports).execute({ serviceId, token: refresh!.token }));
  await endOf(new RevokeToken(ports).execute({ serviceId, token: fresh.refresh.token }));
  await new VerifyKey(ports).execute({ serviceId, value: keyValue(key) });
  await new RevokeKey(ports).execute({ serviceId, value: keyValue(key) });
  const code = w.totp.codeAt(seed, START);
  await new VerifyTotp(ports).execute({ serviceId, userId: user.id, code, origin: ORIGIN });
  const second = await logIn(NEW_PASSWORD);
  await new RevokeToken(ports).execute({ serviceId, token: second.access.token });
  await new CreateKey(ports).execute({
    service,
    userId: user.id,
    isEnabled: true,
    type: 'TOKEN',
    name: 'again',
  });
  const change = w.change(owner, { password: NEW_PASSWORD, newPassword: 'kept by a thief' });
  await new UpdatePassword(ports).execute(change);
  await Promise.all(await new DeliverMail(ports).execute({ limit: 10 }));
  await new Prune(ports).execute();
  const foreign = await w.addService();
  for (const presentedBy of [foreign.id, 'hosted'] as const) {
    await endOf(new RevokeUpdatePassword(ports).execute({ token: link, presentedBy }));
  }
  // Nothing but the link itself, presented where it does not count, came near the right that it holds.
  expect(done.filter((verb) => verb.startsWith('changes.spend'))).toHaveLength(2);
  expect(done).toContain('keys.spendTotpStep');
  expect(done).toContain('sessions.end');
  expect((await w.database.read(({ keys }) => keys.get(tokenKey.id)))?.isRevoked).toBe(true);

  const { revokeTokenTtl } = w.settings;
  w.clock.set(START + revokeTokenTtl * 1000 - 1);
  await new Prune(ports).execute();
  await new RevokeUpdatePassword(w).execute({ token: link, presentedBy: serviceId });
  expect(await w.credentialOf(user)).toMatchObject({ passwordHash: null });
  for (const password of [PASSWORD, NEW_PASSWORD, 'kept by a thief']) {
    expect(await endOf(logIn(password))).not.toBe('done');
  }
});
