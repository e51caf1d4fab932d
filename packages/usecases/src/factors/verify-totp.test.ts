import { InvalidCredentials, operator, type Service, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aKey,
  asService,
  asUser,
  endOf,
  failingAt,
  nobody,
  planted,
  root,
  START,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const STEP_MS = 30_000;

async function aTotp() {
  const w = world();
  const owner = await w.addOwner();
  const { key, seed } = await w.addTotp(owner);
  const other = await w.addService();
  const codeAt = (at: number) => w.totp.codeAt(seed, at);
  const verify = (
    code: string,
    details: { readonly service?: Service; readonly userId?: string } = {},
    ports: Ports = w,
  ) => {
    const { service = owner.service, userId = owner.user.id } = details;
    return endOf(useCases(ports).factors.verifyTotp.execute(asService(service), { userId, code }));
  };
  return { w, owner, key, seed, other, codeAt, verify };
}

describe('a one-time code', () => {
  test('is taken once', async () => {
    const { codeAt, verify } = await aTotp();
    expect(await verify(codeAt(START))).toBe('done');
    expect(await verify(codeAt(START))).toBeInstanceOf(InvalidCredentials);
  });

  test('may be typed as a device shows it', async () => {
    const { codeAt, verify } = await aTotp();
    const code = codeAt(START);
    expect(await verify(` ${code.slice(0, 3)} ${code.slice(3)}\n`)).toBe('done');
    expect(await verify(code)).toBeInstanceOf(InvalidCredentials);
  });

  test('is verified for services alone, and stays good', async () => {
    const { w, owner, codeAt, verify } = await aTotp();
    const input = { userId: owner.user.id, code: codeAt(START) };
    for (const actor of [nobody, asUser(await w.logIn(owner)), root, operator]) {
      const end = await endOf(w.useCases.factors.verifyTotp.execute(actor, input));
      expect(end).toBeInstanceOf(Unauthorized);
    }
    expect(await verify(codeAt(START))).toBe('done');
  });

  test('may be a step early or late, and none before one that was taken', async () => {
    const { w, codeAt, verify } = await aTotp();
    for (const off of [-2, 2]) {
      expect(await verify(codeAt(START + off * STEP_MS))).toBeInstanceOf(InvalidCredentials);
    }
    expect(await verify(codeAt(START - STEP_MS))).toBe('done');
    expect(await verify(codeAt(START + STEP_MS))).toBe('done');
    expect(await verify(codeAt(START))).toBeInstanceOf(InvalidCredentials);
    w.clock.set(START + 2 * STEP_MS);
    expect(await verify(codeAt(START + 2 * STEP_MS))).toBe('done');
  });

  test('is worth nothing for another service or user, and stays good', async () => {
    const { w, other, codeAt, verify } = await aTotp();
    const stranger = await w.addOwner();
    const code = codeAt(START);
    expect(await verify(code, { service: other })).toBeInstanceOf(InvalidCredentials);
    expect(await verify(code, { userId: stranger.user.id })).toBeInstanceOf(InvalidCredentials);
    expect(await verify(code)).toBe('done');
  });

  test('is worth nothing once the key is revoked or the user is locked out', async () => {
    const revoked = await aTotp();
    await revoked.w.database.transact(({ keys }) => keys.revoke(revoked.key.id, START));
    expect(await revoked.verify(revoked.codeAt(START))).toBeInstanceOf(InvalidCredentials);

    const locked = await aTotp();
    await locked.w.database.transact(({ users }) => users.lockOut(locked.owner.user.id, START));
    expect(await locked.verify(locked.codeAt(START))).toBeInstanceOf(InvalidCredentials);
  });

  test('is worth nothing where the key is revoked while it is looked at', async () => {
    const { w, key, codeAt, verify } = await aTotp();
    const database = {
      ...w.database,
      read: async (...[work]: Parameters<typeof w.database.read>) => {
        const found = await w.database.read(work);
        await w.database.transact(({ keys }) => keys.revoke(key.id, START));
        return found;
      },
    } as Ports['database'];
    expect(await verify(codeAt(START), {}, { ...w, database })).toBeInstanceOf(InvalidCredentials);
  });

  test('is one of the key that is usable, for a user with several', async () => {
    const { w, owner, codeAt, verify } = await aTotp();
    const { user, service } = owner;
    const old = await w.database.read(({ keys }) => keys.findTotp(user.id, service.id, START));
    await w.database.transact(({ keys }) => keys.revoke(old!.id, START));
    const { seed } = await w.addTotp(owner);
    expect(await verify(codeAt(START))).toBeInstanceOf(InvalidCredentials);
    expect(await verify(w.totp.codeAt(seed, START))).toBe('done');
  });

  test('is worth nothing where somebody moved its seed to the key of another user', async () => {
    const { w, owner, codeAt, verify } = await aTotp();
    const { user, service } = await w.addOwner({}, { service: owner.service });
    const found = await w.database.read(({ keys }) =>
      keys.findTotp(owner.user.id, service.id, START),
    );
    const planted = aKey({ userId: user.id, serviceId: service.id, type: 'TOTP' });
    await w.database.transact(({ keys }) =>
      keys.insert(planted, { digest: 'planted', sealed: found!.sealed }),
    );
    const end = await verify(codeAt(START), { userId: user.id });
    expect(String(end)).toMatch(/not sealed/);
    expect(await verify(codeAt(START))).toBe('done');
  });

  test('is not taken when the database fails, and can be tried again', async () => {
    const { w, codeAt, verify } = await aTotp();
    let step = 1;
    for (; ; step += 1) {
      const end = await verify(codeAt(START), {}, { ...w, database: failingAt(w.database, step) });
      if (end === 'done') break;
      expect(end).toBe(planted);
    }
    expect(step).toBeGreaterThan(1);
  });
});

describe('a wrong code, a user without a key, one who is disabled, and one who is not there', () => {
  test('cost as much as each other, and are answered alike', async () => {
    const { w, owner, other, codeAt, verify } = await aTotp();
    const disabled = await w.addOwner({ isEnabled: false }, { service: owner.service });
    await w.addTotp(disabled);
    const bare = await w.addOwner({}, { service: owner.service });

    /** The work that is done for a code, and its end. */
    const watch = async (details: Parameters<typeof verify>[1], code: string) => {
      const done: string[] = [];
      const secrets: Ports['secrets'] = {
        ...w.secrets,
        seal: (secret, owner) => {
          done.push(`seal ${secret.length}`);
          return w.secrets.seal(secret, owner);
        },
        unseal: (sealed, owner) => {
          done.push('unseal');
          return w.secrets.unseal(sealed, owner);
        },
      };
      const totp: Ports['totp'] = {
        stepOf: (given, seed, now) => {
          done.push(`stepOf ${given.length} ${seed.length}`);
          return w.totp.stepOf(given, seed, now);
        },
      };
      const end = await verify(code, details, { ...w, secrets, totp });
      expect(end).toBeInstanceOf(InvalidCredentials);
      return [done, (end as Error).message];
    };

    const wrong = await watch({}, '000000');
    expect(wrong).toEqual([['seal 32', 'unseal', 'stepOf 6 32'], 'the code is not right']);
    const right = codeAt(START);
    expect(await watch({ userId: bare.user.id }, right)).toEqual(wrong);
    expect(await watch({ userId: disabled.user.id }, right)).toEqual(wrong);
    expect(await watch({ userId: other.id }, right)).toEqual(wrong);
    expect(await watch({ service: other }, right)).toEqual(wrong);
    expect(await verify(right)).toBe('done');
  });
});
