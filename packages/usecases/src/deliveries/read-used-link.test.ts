import type { Actor } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  nobody,
  root,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';

const read = (w: World, token: string, actor: Actor = nobody) =>
  w.useCases.deliveries.readUsedLink.execute(actor, { token });

async function aLink() {
  const w = world();
  const supportUrl = 'mailto:help@shop.example';
  const service = await w.addService({ supportUrl });
  const owner = await w.addOwner({ locale: 'de', timezone: 'Europe/Berlin' }, { service });
  const token = await w.changeAndReadMail(owner);
  const press = () => w.useCases.recovery.lockAccount.execute(nobody, { token });
  return { w, owner, service, token, press };
}

describe('a link that was used', () => {
  test('tells whoever holds it when that was, and since when the account is locked', async () => {
    const { w, service, token, press } = await aLink();
    w.clock.set(START + 5000);
    await press();
    w.clock.set(START + 9000);
    const used = {
      purpose: 'update_password',
      serviceName: service.name,
      locale: 'de',
      timezone: 'Europe/Berlin',
      supportUrl: 'mailto:help@shop.example',
      usedAt: START + 5000,
      lockedAt: START + 5000,
      canRecover: false,
    };
    expect(await read(w, token)).toEqual(used);
    expect(await read(w, token, asService(service))).toEqual(used);
  });

  test('tells nothing to others, and nothing of a link that is good, unknown or expired', async () => {
    const { w, service, token, press } = await aLink();
    expect(await read(w, token)).toBeNull();
    await press();
    const unknown = w.linkTokens.make({ id: service.id, purpose: 'update_password', keyId: 'k1' });
    const { id } = w.linkTokens.verify(token)!;
    const renamed = w.linkTokens.make({ id, purpose: 'factor_change', keyId: 'k1' });
    for (const text of [unknown, renamed, 'no token', '']) expect(await read(w, text)).toBeNull();
    expect(await read(w, token, root)).toBeNull();
    expect(await read(w, token, asService(await w.addService()))).toBeNull();
    w.clock.set(START + settings.revokeTokenTtlMs);
    expect(await read(w, token)).toBeNull();
  });
});
