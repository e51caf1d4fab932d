import { type CustomAuditType, InvalidToken, operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, endOf, nobody, root, START, world } from '../../testing/index.ts';

async function aToken(ttlMs = 1_000_000) {
  const w = world();
  const service = await w.addService();
  const other = await w.addService();
  const { createCsrfToken, verifyCsrfToken } = w.useCases.csrf;
  const made = await createCsrfToken.execute(asService(service), { ttlMs });
  const verify = (value = made.value, by = service, audit?: CustomAuditType) =>
    verifyCsrfToken.execute(asService(by), { value, audit });
  return { w, service, other, made, verify };
}

describe('a CSRF token', () => {
  test('says when it was made, when it expires and of which service it is', async () => {
    const { service, made } = await aToken(5000);
    expect(made).toEqual({
      value: expect.stringMatching(/^rkc_\w{43}$/),
      createdAt: START,
      expiresAt: START + 5000,
      serviceId: service.id,
    });
  });

  test('is good once', async () => {
    const { verify } = await aToken();
    expect(await verify()).toBeNull();
    expect(await endOf(verify())).toBeInstanceOf(InvalidToken);
  });

  test('is good at its service alone, and a foreign try spends nothing', async () => {
    const { w, other, made, verify } = await aToken();
    const before = w.database.snapshot();
    expect(await endOf(verify(made.value, other))).toBeInstanceOf(InvalidToken);
    expect(w.database.snapshot()).toEqual(before);
    await verify();
  });

  test('is good until it expires, and what is none is never good', async () => {
    const { w, made, verify } = await aToken(5000);
    for (const value of ['', 'rkc_', `${made.value}x`]) {
      expect(await endOf(verify(value))).toBeInstanceOf(InvalidToken);
    }
    w.clock.set(made.expiresAt);
    expect(await endOf(verify())).toBeInstanceOf(InvalidToken);
    w.clock.set(made.expiresAt - 1);
    await verify();
  });

  test('may expire at once', async () => {
    const { verify } = await aToken(0);
    expect(await endOf(verify())).toBeInstanceOf(InvalidToken);
  });

  test('is kept as a digest, and goes once it has expired', async () => {
    const { w, made } = await aToken(5000);
    expect(JSON.stringify(w.database.snapshot())).not.toContain(made.value);
    const { prune } = w.useCases.maintenance;
    w.clock.set(made.expiresAt - 1);
    expect(await prune.execute(operator)).toBe(0);
    w.clock.set(made.expiresAt);
    expect(await prune.execute(operator)).toBe(1);
  });

  test('leaves nothing in the audit, but for an entry that is asked for where it was good', async () => {
    const { w, service, made, verify } = await aToken();
    const entries = () => (w.database.snapshot() as { audit: unknown[] }).audit.length;
    const before = entries();
    const type = 'shop:CheckOut' as CustomAuditType;
    const entryId = await verify(made.value, service, type);
    expect(entryId).toEqual(expect.any(String));
    expect(entries()).toBe(before + 1);
    expect(await endOf(verify(made.value, service, type))).toBeInstanceOf(InvalidToken);
    expect(entries()).toBe(before + 1);
  });

  test('is a matter of services alone', async () => {
    const { w, made } = await aToken();
    const { createCsrfToken, verifyCsrfToken } = w.useCases.csrf;
    for (const actor of [root, nobody, operator]) {
      const making = createCsrfToken.execute(actor, { ttlMs: 1 });
      expect(await endOf(making)).toBeInstanceOf(Unauthorized);
      const verifying = verifyCsrfToken.execute(actor, { value: made.value });
      expect(await endOf(verifying)).toBeInstanceOf(Unauthorized);
    }
  });
});
