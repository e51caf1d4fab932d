import {
  FactorDemanded,
  Forbidden,
  formServiceId,
  IllegalArgument,
  InvalidCredentials,
  InvalidToken,
  NotFound,
  nowhere,
  operator,
  TooManyRequests,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  failingAt,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  planted,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const STEP_MS = 30_000;
const MINUTE_MS = 60_000;

async function anEnrolled() {
  const w = world();
  const owner = await w.addOwner({ emailProven: true });
  const { seed, codes } = await w.enrol(owner);
  const codeAt = (at = w.clock.now()) => w.totp.codeAt(seed, at);
  return { w, owner, seed, codes, codeAt };
}

const claimOf = ({ user }: Owner) => ({ email: user.email, password: PASSWORD });

const logIn = (w: World, owner: Owner, more: object = {}) =>
  w.useCases.sessions.login.execute(asService(owner.service), { ...claimOf(owner), ...more });

/** The challenge of a login that lacks a factor. */
async function challengeOf(w: World, owner: Owner, code = 'second_factor_required') {
  const end = await endOf(logIn(w, owner));
  expect(end).toBeInstanceOf(FactorDemanded);
  expect((end as FactorDemanded).code).toBe(code);
  return (end as FactorDemanded).challenge ?? '';
}

const goOn = (
  w: World,
  owner: Owner,
  challenge: string,
  code: string,
  ports: Ports = w,
  service = owner.service,
) =>
  useCases(ports).sessions.logInWithFactor.execute(asService(service), {
    challenge,
    code,
    kinds: ['login'],
  });

const rowsOf = (w: World, userId: string) =>
  w.database.read(async ({ factors, users }) => ({
    ...(await factors.seedsOf(userId, w.clock.now())),
    codes: await factors.countCodes(userId),
    factors: (await users.get(userId))?.factors,
  }));

const sessionsOf = (w: World, owner: Owner) =>
  w.useCases.sessions.listSessions.execute(operator, {
    userIds: [owner.user.id],
    page: { limit: 50 },
  });

describe('a seed of one-time codes', () => {
  test('is shown to a person with a session, and is no factor until a code of it confirms it', async () => {
    const w = world();
    const owner = await w.addOwner();
    const actor = await w.asPerson(owner);
    const userId = owner.user.id;
    const { uri, secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId });
    expect(uri).toBe(
      `otpauth://totp/Shop:${encodeURIComponent(owner.user.email)}?secret=${secret}&issuer=Shop&algorithm=SHA1&digits=6&period=30`,
    );
    expect((await logIn(w, owner)).user.factors.hasTotp).toBe(false);

    const confirm = (code: string) =>
      endOf(w.useCases.factors.confirmTotp.execute(actor, { userId, code }));
    expect(await confirm('000000')).toBeInstanceOf(InvalidCredentials);
    expect(await confirm(w.totp.codeAt(secret, START))).toBe('done');
    expect(await endOf(logIn(w, owner))).toBeInstanceOf(FactorDemanded);
    const { confirmed, codes, factors } = await rowsOf(w, userId);
    expect(factors).toEqual({
      hasTotp: true,
      hasPasskey: false,
      atPassword: true,
      atProvider: true,
    });
    expect([codes, confirmed?.sealed.includes(secret)]).toEqual([10, false]);
  });

  test('is told by a mail, an event and the audit, ends other sessions, and strengthens its own', async () => {
    const w = world();
    const owner = await w.addOwner({ emailProven: true });
    const other = await w.logIn(owner);
    const session = await w.logIn(owner);
    const actor = await w.asPerson(owner, session);
    const userId = owner.user.id;
    const { secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId });
    w.clock.set(START + MINUTE_MS);
    const code = w.totp.codeAt(secret, w.clock.now());
    const codes = await w.useCases.factors.confirmTotp.execute(actor, { userId, code });
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    for (const each of codes) expect(each).toMatch(/^[a-z2-7]{4}(?:-[a-z2-7]{4}){3}$/);

    expect([await w.isLive(other.token), await w.isLive(session.token)]).toEqual([false, true]);
    const [open] = await sessionsOf(w, owner);
    expect(open).toMatchObject({ amr: ['pwd', 'otp'], authenticatedAt: START + MINUTE_MS });
    await w.deliver();
    const mail = w.channels.mail.sent.at(-1);
    expect(mail).toMatchObject({
      kind: 'factor_change',
      to: owner.user.email,
      factor: { kind: 'totp', change: 'added' },
    });
    const { events, audit } = w.database.snapshot() as Record<string, [string, { type: string }][]>;
    const types = (rows: [string, { type: string }][] = []) => rows.map(([, { type }]) => type);
    expect(types(events)).toContain('factor.added');
    expect(types(audit)).toContain('rekey:FactorAdd');
  });

  test('waits for ten minutes', async () => {
    const w = world();
    const owner = await w.addOwner();
    const actor = await w.asPerson(owner);
    const userId = owner.user.id;
    const { secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId });
    w.clock.set(START + 10 * MINUTE_MS);
    const code = w.totp.codeAt(secret, w.clock.now());
    const end = await endOf(w.useCases.factors.confirmTotp.execute(actor, { userId, code }));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('takes the place of a confirmed one only with a code, and once it is confirmed itself', async () => {
    const { w, owner, codeAt, codes } = await anEnrolled();
    const userId = owner.user.id;
    const challenge = await challengeOf(w, owner);
    const { access } = await goOn(w, owner, challenge, codeAt());
    const session = await w.accessTokens.verify(access.token);
    const actor = await w.asPerson(owner, session!);
    const enrol = (code?: string) => w.useCases.factors.enrolTotp.execute(actor, { userId, code });
    expect(await endOf(enrol())).toBeInstanceOf(IllegalArgument);
    expect(await endOf(enrol('000000'))).toBeInstanceOf(InvalidCredentials);
    const { secret } = await enrol(codes[0]);
    w.clock.set(START + STEP_MS);
    expect(await endOf(goOn(w, owner, await challengeOf(w, owner), codeAt()))).toBe('done');
    const code = w.totp.codeAt(secret, w.clock.now());
    await w.useCases.factors.confirmTotp.execute(actor, { userId, code });
    w.clock.set(START + 2 * STEP_MS);
    const again = await challengeOf(w, owner);
    expect(await endOf(goOn(w, owner, again, codeAt()))).toBeInstanceOf(InvalidCredentials);
    const fresh = w.totp.codeAt(secret, w.clock.now());
    expect(await endOf(goOn(w, owner, again, fresh))).toBe('done');
  });

  test('is for nobody but the person, with a session and not with a key', async () => {
    const w = world();
    const owner = await w.addOwner();
    const other = await w.addOwner({}, { service: owner.service });
    const userId = owner.user.id;
    const key = { ...asService(owner.service), user: { userId, keyId: owner.tokenKey.id } };
    const ended = await w.asPerson(owner);
    await w.useCases.sessions.endAllSessions.execute(root, { userId, serviceId: undefined });
    const { enrolTotp, confirmTotp, removeTotp, renewRecoveryCodes } = w.useCases.factors;
    for (const actor of [asService(owner.service), key, await w.asPerson(other), root, operator]) {
      const code = '000000';
      for (const call of [enrolTotp, confirmTotp, removeTotp, renewRecoveryCodes]) {
        expect(await endOf(call.execute(actor, { userId, code }))).toBeInstanceOf(Forbidden);
      }
    }
    expect(await endOf(enrolTotp.execute(ended, { userId }))).toBeInstanceOf(Unauthorized);
  });

  test('is confirmed whole or not at all, wherever it fails', async () => {
    for (let n = 1; ; n += 1) {
      const w = world();
      const owner = await w.addOwner();
      const actor = await w.asPerson(owner);
      const userId = owner.user.id;
      const { secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId });
      const before = w.database.snapshot('throttles');
      const broken = { ...w, database: failingAt(w.database, n) };
      const code = w.totp.codeAt(secret, START);
      const end = await endOf(
        useCases(broken).factors.confirmTotp.execute(actor, { userId, code }),
      );
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot('throttles')).toEqual(before);
    }
  });
});

describe('a login of a user with a second factor', () => {
  test('opens no session before the factor is shown, and one that says so after it', async () => {
    const { w, owner, codeAt } = await anEnrolled();
    await w.useCases.sessions.endAllSessions.execute(root, {
      userId: owner.user.id,
      serviceId: undefined,
    });
    const challenge = await challengeOf(w, owner);
    expect(await sessionsOf(w, owner)).toEqual([]);
    const { user, access, refresh } = await goOn(w, owner, challenge, codeAt());
    expect([user.id, refresh === null]).toEqual([owner.user.id, false]);
    expect(await w.isLive(access.token)).toBe(true);
    expect((await sessionsOf(w, owner))[0]?.amr).toEqual(['pwd', 'otp']);
  });

  test('takes a code with the password at once, which is spent with it', async () => {
    const { w, owner, codeAt, codes } = await anEnrolled();
    const code = codeAt();
    expect(await endOf(logIn(w, owner, { code: '000000' }))).toBeInstanceOf(InvalidCredentials);
    const wrong = { password: 'not this one', code };
    expect(await endOf(logIn(w, owner, wrong))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(logIn(w, owner, { code }))).toBe('done');
    expect(await endOf(logIn(w, owner, { code }))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(logIn(w, owner, { code: codes[0]?.toUpperCase() }))).toBe('done');
    expect(await endOf(logIn(w, owner, { code: codes[0] }))).toBeInstanceOf(InvalidCredentials);
    expect((await sessionsOf(w, owner)).at(-1)?.amr).toEqual(['pwd', 'recovery_code']);
  });

  test('takes no code of a TOTP key, which is an affair of its service and asked for at no login', async () => {
    const w = world();
    const keyed = await w.addOwner();
    const { seed } = await w.addTotp(keyed);
    expect(await endOf(logIn(w, keyed))).toBe('done');
    const factor = await w.enrol(keyed);
    const challenge = await challengeOf(w, keyed);
    const [ofKey, own] = [seed, factor.seed].map((each) => w.totp.codeAt(each, w.clock.now()));
    expect(await endOf(goOn(w, keyed, challenge, ofKey!))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(goOn(w, keyed, challenge, own!))).toBe('done');
  });

  test('takes each step once, and each recovery code once', async () => {
    const { w, owner, codes, codeAt } = await anEnrolled();
    const code = codeAt();
    expect(await endOf(goOn(w, owner, await challengeOf(w, owner), code))).toBe('done');
    const next = await challengeOf(w, owner);
    expect(await endOf(goOn(w, owner, next, code))).toBeInstanceOf(InvalidCredentials);
    const [first = '', second = ''] = codes;
    expect(await endOf(goOn(w, owner, next, first.replaceAll('-', ' ')))).toBe('done');
    const last = await challengeOf(w, owner);
    expect(await endOf(goOn(w, owner, last, first))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(goOn(w, owner, last, second))).toBe('done');
    expect((await rowsOf(w, owner.user.id)).codes).toBe(8);
  });

  test('spends its challenge once, and neither that nor the code by a try that is refused', async () => {
    const { w, owner, codes, codeAt } = await anEnrolled();
    const challenge = await challengeOf(w, owner);
    const code = codeAt();
    expect(await endOf(goOn(w, owner, 'rkc_none', code))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(goOn(w, owner, challenge, '000000'))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(goOn(w, owner, challenge, code))).toBe('done');
    const [other = ''] = codes;
    expect(await endOf(goOn(w, owner, challenge, other))).toBeInstanceOf(InvalidCredentials);
    expect((await rowsOf(w, owner.user.id)).codes).toBe(10);
  });

  test('waits for five minutes, at its own service, and ends with the password', async () => {
    const { w, owner, codeAt } = await anEnrolled();
    const elsewhere = await w.addService();
    await w.addKey({ serviceId: elsewhere.id, userId: owner.user.id });
    const challenge = await challengeOf(w, owner);
    const foreign = goOn(w, owner, challenge, codeAt(), w, elsewhere);
    expect(await endOf(foreign)).toBeInstanceOf(InvalidCredentials);

    const change = { ...claimOf(owner), newPassword: NEW_PASSWORD };
    await w.useCases.passwords.updatePassword.execute(asService(owner.service), change);
    expect(await endOf(goOn(w, owner, challenge, codeAt()))).toBeInstanceOf(InvalidCredentials);

    const late = await anEnrolled();
    const second = await challengeOf(late.w, late.owner);
    late.w.clock.set(START + 5 * MINUTE_MS);
    const end = await endOf(goOn(late.w, late.owner, second, late.codeAt()));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('is nothing for one whose account was locked or disabled meanwhile', async () => {
    for (const reach of ['lock', 'disable'] as const) {
      const { w, owner, codeAt } = await anEnrolled();
      const challenge = await challengeOf(w, owner);
      const { id } = owner.user;
      if (reach === 'lock') await w.database.transact(({ users }) => users.lockOut(id, START));
      else await w.useCases.users.updateUser.execute(operator, { id, isEnabled: false });
      const end = await endOf(goOn(w, owner, challenge, codeAt()));
      expect(end).toBeInstanceOf(InvalidCredentials);
    }
  });

  test('is as much work, and one answer, whatever is wrong', async () => {
    const { w, owner, codeAt } = await anEnrolled();
    const bare = await w.addOwner({}, { service: owner.service });
    const challenge = await challengeOf(w, owner);
    const watch = async (of: string, code: string) => {
      const done: string[] = [];
      const secrets: Ports['secrets'] = {
        ...w.secrets,
        seal: (...args) => {
          done.push('seal');
          return w.secrets.seal(...args);
        },
        unseal: (...args) => {
          done.push('unseal');
          return w.secrets.unseal(...args);
        },
        blind: (text) => {
          if (text.includes('recovery code')) done.push('blind');
          return w.secrets.blind(text);
        },
      };
      return { end: String(await endOf(goOn(w, owner, of, code, { ...w, secrets }))), done };
    };
    const wrong = await watch(challenge, '000000');
    expect(wrong.done).toEqual(['blind', 'seal', 'unseal', 'unseal']);
    for (const [of, code] of [
      ['rkc_none', codeAt()],
      [challenge, 'aaaa-bbbb-cccc-dddd'],
      [challenge, 'x'.repeat(200)],
      ['', ''],
    ] as const) {
      expect(await watch(of, code)).toEqual(wrong);
    }
    expect(await endOf(logIn(w, bare))).toBe('done');
  });

  test('counts wrong codes as wrong passwords are counted, and no right one', async () => {
    const { w, owner, codeAt } = await anEnrolled();
    const throttle = { accountFree: 3, clientPerMinute: 1000, changesPerHour: 100 };
    const ports = { ...w, settings: { ...w.settings, throttle } };
    const challenge = await challengeOf(w, owner);
    const tries = [];
    for (let n = 0; n < 6; n += 1)
      tries.push(await endOf(goOn(w, owner, challenge, '000000', ports)));
    expect(tries.at(-1)).toBeInstanceOf(TooManyRequests);
    expect(await endOf(goOn(w, owner, challenge, codeAt(), ports))).toBeInstanceOf(TooManyRequests);
    const login = useCases(ports).sessions.login;
    const end = await endOf(login.execute(asService(owner.service), claimOf(owner)));
    expect(end).toBeInstanceOf(TooManyRequests);
  });

  test('is made whole or not at all, wherever it fails', async () => {
    for (let n = 1; ; n += 1) {
      const { w, owner, codeAt } = await anEnrolled();
      const challenge = await challengeOf(w, owner);
      const before = w.database.snapshot('throttles');
      const broken = { ...w, database: failingAt(w.database, n) };
      const end = await endOf(goOn(w, owner, challenge, codeAt(), broken));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot('throttles')).toEqual(before);
      expect(await endOf(goOn(w, owner, challenge, codeAt()))).toBe('done');
    }
  });

  test('lacks nothing after the factor was removed while the password was hashed', async () => {
    const { w, owner } = await anEnrolled();
    const hasher: Ports['hasher'] = {
      ...w.hasher,
      verify: async (...args) => {
        await w.useCases.factors.removeFactor.execute(operator, {
          userId: owner.user.id,
          factor: 'totp',
        });
        return w.hasher.verify(...args);
      },
    };
    const { login } = useCases({ ...w, hasher }).sessions;
    const end = await endOf(login.execute(asService(owner.service), claimOf(owner)));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('lacks a factor that was added while the password was hashed', async () => {
    const w = world();
    const owner = await w.addOwner();
    const hasher: Ports['hasher'] = {
      ...w.hasher,
      verify: async (...args) => {
        const isRight = await w.hasher.verify(...args);
        await w.enrol(owner);
        return isRight;
      },
    };
    const { login } = useCases({ ...w, hasher }).sessions;
    const end = await endOf(login.execute(asService(owner.service), claimOf(owner)));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });
});

describe('a service that requires a factor', () => {
  const aStrict = async (details: object = { emailProven: true }) => {
    const w = world();
    const service = await w.addService({ requireFactor: true });
    const owner = await w.addOwner(details, { service });
    return { w, owner };
  };

  test('has a login that enrols one first, and is whole with it', async () => {
    const { w, owner } = await aStrict();
    const challenge = await challengeOf(w, owner, 'factor_enrolment_required');
    const userId = owner.user.id;
    const actor = asService(owner.service);
    const { secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId, challenge });
    expect(await sessionsOf(w, owner)).toEqual([]);
    const code = w.totp.codeAt(secret, START);
    expect(await endOf(goOn(w, owner, challenge, code))).toBeInstanceOf(InvalidCredentials);
    const login = await w.useCases.sessions.logInWithFactor.execute(actor, {
      challenge,
      userId,
      code,
      kinds: ['enrolment'],
    });
    expect(login.recoveryCodes).toHaveLength(10);
    expect(await w.isLive(login.access.token)).toBe(true);
    const again = w.useCases.factors.enrolTotp.execute(actor, { userId, challenge });
    expect(await endOf(again)).toBeInstanceOf(InvalidToken);
  });

  test('tells and records the factor and the session in the order in which they came', async () => {
    const { w, owner } = await aStrict();
    const challenge = await challengeOf(w, owner, 'factor_enrolment_required');
    const userId = owner.user.id;
    const actor = asService(owner.service);
    const { secret } = await w.useCases.factors.enrolTotp.execute(actor, { userId, challenge });
    const code = w.totp.codeAt(secret, START);
    const shown = { challenge, userId, code, kinds: ['enrolment'] as const };
    await w.useCases.sessions.logInWithFactor.execute(actor, shown);
    const { events, entries } = await w.database.read(async (stores) => ({
      events: await stores.events.follow(owner.service.id, 0, 100),
      entries: await stores.audit.follow(owner.service.id, 0, 100),
    }));
    expect(events.map(({ type }) => type)).toEqual([
      'session.ended',
      'factor.added',
      'session.started',
    ]);
    expect(entries.map(({ type }) => type)).toEqual([
      'rekey:FactorDemand',
      'rekey:FactorAdd',
      'sso:AuthLocalLogin',
    ]);
  });

  test('lets nobody enrol one whose address nobody vouches for', async () => {
    const { w, owner } = await aStrict({ createdBy: '00000000-0000-7000-8000-000000000001' });
    expect(await challengeOf(w, owner, 'factor_enrolment_required')).toBe('');
  });

  test('takes the challenge of no other user, and only as long as it waits', async () => {
    const { w, owner } = await aStrict();
    const other = await w.addOwner({ emailProven: true }, { service: owner.service });
    const challenge = await challengeOf(w, owner, 'factor_enrolment_required');
    const enrol = (userId: string, of = challenge) =>
      endOf(
        w.useCases.factors.enrolTotp.execute(asService(owner.service), { userId, challenge: of }),
      );
    expect(await enrol(other.user.id)).toBeInstanceOf(InvalidToken);
    expect(await enrol(owner.user.id, 'rkc_none')).toBeInstanceOf(InvalidToken);
    w.clock.set(START + 10 * MINUTE_MS);
    expect(await enrol(owner.user.id)).toBeInstanceOf(InvalidToken);
  });
});

describe('the codes of a factor', () => {
  const aSession = async () => {
    const it = await anEnrolled();
    const { access } = await logIn(it.w, it.owner, { code: it.codeAt() });
    const session = await it.w.accessTokens.verify(access.token);
    it.w.clock.set(START + STEP_MS);
    return { ...it, actor: await it.w.asPerson(it.owner, session!) };
  };

  test('remove it, with the recovery codes, and the owner is told', async () => {
    const { w, owner, actor, codes } = await aSession();
    const userId = owner.user.id;
    const remove = (code: string) =>
      endOf(w.useCases.factors.removeTotp.execute(actor, { userId, code }));
    expect(await remove('000000')).toBeInstanceOf(InvalidCredentials);
    expect(await remove(codes[3] ?? '')).toBe('done');
    expect(await rowsOf(w, userId)).toMatchObject({
      confirmed: null,
      codes: 0,
      factors: { hasTotp: false, atPassword: false },
    });
    expect(await endOf(logIn(w, owner))).toBe('done');
    await w.deliver();
    const { factor } = w.channels.mail.sent.at(-1) ?? {};
    expect(factor).toEqual({ kind: 'totp', change: 'removed' });
    const { events } = await w.useCases.events.followEvents.execute(asService(owner.service), {
      limit: 100,
    });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'factor.removed', userId, data: { kind: 'totp' } }),
    );
  });

  test('give new recovery codes, and those from before are worth nothing', async () => {
    const { w, owner, actor, codes, codeAt } = await aSession();
    const userId = owner.user.id;
    const renew = (code: string) =>
      w.useCases.factors.renewRecoveryCodes.execute(actor, { userId, code });
    expect(await endOf(renew('000000'))).toBeInstanceOf(InvalidCredentials);
    const fresh = await renew(codeAt());
    expect(await endOf(logIn(w, owner, { code: codes[0] }))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(logIn(w, owner, { code: fresh[0] }))).toBe('done');
  });

  test('are needed to demand the factor at fewer logins than before, and not at more', async () => {
    const { w, owner, actor, codes } = await aSession();
    const userId = owner.user.id;
    const demand = (atPassword: boolean, atProvider: boolean, code?: string) =>
      endOf(
        w.useCases.factors.changeDemands.execute(actor, { userId, atPassword, atProvider, code }),
      );
    expect(await demand(false, true)).toBeInstanceOf(IllegalArgument);
    expect(await demand(true, false, '000000')).toBeInstanceOf(InvalidCredentials);
    expect(await demand(false, false, codes[0])).toBe('done');
    expect(await endOf(logIn(w, owner))).toBe('done');
    expect(await demand(true, false)).toBe('done');
    expect(await endOf(logIn(w, owner))).toBeInstanceOf(FactorDemanded);
  });

  test('are demanded of nobody who has none', async () => {
    const w = world();
    const owner = await w.addOwner();
    const actor = await w.asPerson(owner);
    const input = { userId: owner.user.id, atPassword: true, atProvider: false };
    const end = await endOf(w.useCases.factors.changeDemands.execute(actor, input));
    expect(end).toBeInstanceOf(IllegalArgument);
  });
});

describe('a session', () => {
  const verify = (w: World, owner: Owner, token: string, more: object) =>
    endOf(w.useCases.sessions.verifyToken.execute(asService(owner.service), { token, ...more }));
  const prove = (w: World, owner: Owner, token: string, more: object) =>
    w.useCases.sessions.proveAgain.execute(asService(owner.service), { token, ...more });

  test('is fresh again once the password is proven in it', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { token } = await w.logIn(owner);
    w.clock.set(START + 61_000);
    expect(await verify(w, owner, token, { maxAgeS: 61 })).toBe('done');
    expect(await verify(w, owner, token, { maxAgeS: 60 })).toBeInstanceOf(Forbidden);
    expect(await endOf(prove(w, owner, token, {}))).toBeInstanceOf(IllegalArgument);
    const wrong = endOf(prove(w, owner, token, { password: 'not this one' }));
    expect(await wrong).toBeInstanceOf(InvalidCredentials);
    const { access, amr, authenticatedAt } = await prove(w, owner, token, { password: PASSWORD });
    expect([amr, authenticatedAt]).toEqual([['pwd'], START + 61_000]);
    for (const each of [token, access.token]) {
      expect(await verify(w, owner, each, { maxAgeS: 0 })).toBe('done');
      expect(await verify(w, owner, each, { levels: ['aal2'] })).toBeInstanceOf(Forbidden);
      expect(await verify(w, owner, each, { levels: ['aal2', 'aal1'] })).toBe('done');
    }
  });

  test('of a user with a factor is fresh again with a code, and not with the password alone', async () => {
    const { w, owner, codeAt } = await anEnrolled();
    const { access } = await logIn(w, owner, { code: codeAt() });
    const { token } = access;
    w.clock.set(START + 90_000);
    expect(await verify(w, owner, token, { levels: ['aal2'] })).toBe('done');
    const alone = endOf(prove(w, owner, token, { password: PASSWORD }));
    expect(await alone).toBeInstanceOf(IllegalArgument);
    const both = { password: 'not this one', code: codeAt() };
    expect(await endOf(prove(w, owner, token, both))).toBeInstanceOf(InvalidCredentials);
    const { amr } = await prove(w, owner, token, { code: codeAt() });
    expect(amr).toEqual(['pwd', 'otp']);
    expect(await verify(w, owner, token, { maxAgeS: 1 })).toBe('done');
    const replayed = endOf(prove(w, owner, token, { code: codeAt() }));
    expect(await replayed).toBeInstanceOf(InvalidCredentials);
  });

  test('is proven again at its own service alone, while it is open', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { token } = await w.logIn(owner);
    const other = await w.addService();
    const input = { token, password: PASSWORD };
    const { proveAgain } = w.useCases.sessions;
    for (const actor of [asService(other), asNobody(nowhere), root, asUser(await w.logIn(owner))]) {
      expect(await endOf(proveAgain.execute(actor, input))).toBeInstanceOf(InvalidToken);
    }
    await w.useCases.sessions.endAllSessions.execute(root, {
      userId: owner.user.id,
      serviceId: undefined,
    });
    expect(await endOf(prove(w, owner, token, input))).toBeInstanceOf(InvalidToken);
  });
});

describe('a change of the password by somebody without a session', () => {
  test('takes the factor too at the built-in service, and none through a service', async () => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    const service = await w.database.read(({ services }) => services.get(formServiceId));
    const owner = await w.addOwner({ emailProven: true }, { service: service! });
    const { codes } = await w.enrol(owner);
    const change = (code?: string) =>
      endOf(
        w.useCases.passwords.updatePassword.execute(asNobody(), {
          ...claimOf(owner),
          newPassword: NEW_PASSWORD,
          code,
        }),
      );
    expect(await change()).toBeInstanceOf(FactorDemanded);
    expect(await change('000000')).toBeInstanceOf(InvalidCredentials);
    expect(await w.hasPassword(owner.user, PASSWORD)).toBe(true);
    expect(await change(codes[0])).toBe('done');
    expect(await w.hasPassword(owner.user, NEW_PASSWORD)).toBe(true);
    expect((await rowsOf(w, owner.user.id)).codes).toBe(9);

    const other = await anEnrolled();
    const through = other.w.useCases.passwords.updatePassword.execute(
      asService(other.owner.service),
      other.w.change(other.owner),
    );
    expect(await endOf(through)).toBe('done');
  });
});

describe('the end of a factor', () => {
  test('comes with the kill switch, which counts it', async () => {
    const { w, owner } = await anEnrolled();
    const token = await w.changeAndReadMail(owner);
    const { ended } = await w.useCases.recovery.lockAccount.execute(asService(owner.service), {
      token,
    });
    expect(ended.factors).toBe(1);
    expect(await rowsOf(w, owner.user.id)).toMatchObject({ confirmed: null, codes: 0 });
  });

  test('is shown to the operator before, who can bring it about', async () => {
    const { w, owner } = await anEnrolled();
    const userId = owner.user.id;
    const { readFactors, removeFactor } = w.useCases.factors;
    const factor = 'totp' as const;
    expect(await readFactors.execute(operator, { userId })).toMatchObject({
      totp: { createdAt: START, lastUsedAt: START },
      recoveryCodes: 10,
      demands: { atPassword: true, atProvider: true },
    });
    for (const actor of [root, asService(owner.service)]) {
      expect(await endOf(removeFactor.execute(actor, { userId, factor }))).toBeInstanceOf(
        Unauthorized,
      );
      expect(await endOf(readFactors.execute(actor, { userId }))).toBeInstanceOf(Unauthorized);
    }
    await removeFactor.execute(operator, { userId, factor });
    expect(await endOf(removeFactor.execute(operator, { userId, factor }))).toBeInstanceOf(
      NotFound,
    );
    expect(await endOf(logIn(w, owner))).toBe('done');
    await w.deliver();
    expect(w.channels.mail.sent.at(-1)?.factor).toEqual({ kind: 'totp', change: 'removed' });
  });
});
