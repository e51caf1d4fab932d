import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { keyPurposes, rotateKeys } from '../../packages/adapters-crypto/src/index.ts';
import { DAY_MS, type Purpose, purposes } from '../../packages/domain/src/index.ts';
import {
  aTarget,
  attack,
  LOCAL,
  LOGIN,
  NEW_PASSWORD,
  PASSWORD,
  REVOKE,
  type Target,
} from './target.ts';

const FRESH = 'one that nobody had';

let requests = 0;
/** Mails that strangers start have budgets by client: each request comes from another. */
const elsewhere = () => {
  requests += 1;
  return { from: `10.3.${requests >> 8}.${requests & 255}` };
};

type Person = { readonly id?: string; readonly email: string };
type Kind = {
  /** Has the link mailed. */
  readonly mail: (t: Target) => Promise<Person>;
  /** What becomes of the account by the link. */
  readonly does: 'locks' | 'sets the password' | 'proves the address';
};

const good = async (answer: ReturnType<Target['json']>) =>
  expect(await answer).toMatchObject({ status: 200 });
const register = (t: Target, email: string) =>
  good(t.json('POST', `${LOCAL}/register`, { name: 'Ada', email }, elsewhere()));
const reset = (t: Target, email: string) =>
  good(t.json('POST', `${LOCAL}/reset-password`, { email }, elsewhere()));
const confirm = async (t: Target, flow: string, email: string, purpose: Purpose) => {
  const body = { token: await t.linkTokenOf(email, purpose), password: NEW_PASSWORD };
  await good(t.json('POST', `${LOCAL}/${flow}/confirm`, body));
};

const kinds: Partial<Record<Purpose, Kind>> = {
  register: {
    mail: async (t) => {
      const email = t.newEmail();
      await register(t, email);
      return { email };
    },
    does: 'sets the password',
  },
  register_confirm: {
    mail: async (t) => {
      const email = t.newEmail();
      await register(t, email);
      await confirm(t, 'register', email, 'register');
      return { email };
    },
    does: 'locks',
  },
  invite: {
    mail: (t) => t.enrol({ password: undefined, invite: true }),
    does: 'sets the password',
  },
  reset_password: {
    mail: async (t) => {
      const owner = await t.enrol();
      await reset(t, owner.email);
      return owner;
    },
    does: 'sets the password',
  },
  reset_password_confirm: {
    mail: async (t) => {
      const owner = await t.enrol();
      await reset(t, owner.email);
      await confirm(t, 'reset-password', owner.email, 'reset_password');
      return owner;
    },
    does: 'locks',
  },
  update_password: {
    mail: async (t) => {
      const owner = await t.enrol();
      await good(t.changePassword(owner));
      return owner;
    },
    does: 'locks',
  },
  update_email: {
    mail: async (t) => {
      const owner = await t.enrol();
      const body = { email: owner.email, password: PASSWORD, new_email: t.newEmail() };
      await good(t.json('POST', `${LOCAL}/update-email`, body));
      return owner;
    },
    does: 'locks',
  },
  factor_change: {
    mail: async (t) => {
      const owner = await t.enrol();
      await t.addKey(owner.id, 'KEY');
      return owner;
    },
    does: 'locks',
  },
  new_device: {
    mail: async (t) => {
      const owner = await t.enrol();
      const claim = { email: owner.email, password: PASSWORD };
      for (const from of ['10.4.0.1', '10.5.0.1'])
        await good(t.json('POST', LOGIN, claim, { from }));
      return owner;
    },
    does: 'locks',
  },
  validate_email: {
    mail: async (t) => {
      const owner = await t.enrol();
      await good(t.json('POST', `/v1/user/${owner.id}/validate-email`, {}, elsewhere()));
      return owner;
    },
    does: 'proves the address',
  },
  recover: {
    mail: async (t) => {
      const owner = await t.enrol();
      await t.addKey(owner.id, 'KEY');
      const token = await t.linkTokenOf(owner.email, 'factor_change');
      await good(t.json('POST', REVOKE, { token }));
      await good(t.json('POST', `/v1/user/${owner.id}/recover`, {}));
      return owner;
    },
    does: 'sets the password',
  },
};

/** Those whose links show something, and do nothing. */
const idle: Purpose[] = ['key_expiring', 'account_deleted'];

test('every kind of link that does something is among those that are tried on other servers', () => {
  expect(Object.keys(kinds).toSorted()).toEqual(
    purposes.filter((purpose) => !idle.includes(purpose)).toSorted(),
  );
});

attack('a link that another server presses', (target) => {
  let beside: Target;
  let later: Target;

  beforeAll(async () => {
    const t = target();
    const fields = { user_allow_register: true, new_device_mail: true };
    await good(t.json('PATCH', `/v1/service/${t.shop.id}`, fields, { key: t.rootKey }));
    beside = await aTarget({ DATABASE_URL: t.config.databaseUrl });
    const rotated = `${t.config.keysFile}.rotated`;
    copyFileSync(t.config.keysFile, rotated);
    await rotateKeys(
      rotated,
      keyPurposes.filter((purpose) => purpose !== 'signingRsa'),
    );
    // Of yesterday: a new key is used once every server knows it.
    const yesterday = readFileSync(rotated, 'utf8').replace(
      /("createdAt": *)(\d+)/g,
      (_, name, at) => `${name}${Number(at) - DAY_MS}`,
    );
    writeFileSync(rotated, yesterday);
    later = await aTarget({ DATABASE_URL: t.config.databaseUrl, KEYS_FILE: rotated });
    return async () => {
      await beside.close();
      await later.close();
    };
  });

  const servers: Record<string, () => Target> = {
    'that runs beside': () => beside,
    'that starts after all secrets were rotated': () => later,
  };
  const pressed = Object.entries(servers).flatMap(([which, server]) =>
    Object.entries(kinds).map(([purpose, kind]) => ({ purpose, which, server, ...kind })),
  );

  test.each(pressed)('$does: $purpose, on one $which', async ({ purpose, server, mail, does }) => {
    const t = target();
    const { email } = await mail(t);
    const token = await t.linkTokenOf(email, purpose as Purpose);
    const press = () => server().form('POST', '/local', { token, password: FRESH });
    expect(await press()).toMatchObject({ status: 200 });

    const claim = { email, password: FRESH };
    const login = await server().json('POST', LOGIN, claim, { key: t.shop.key });
    expect(login.status === 200).toBe(does === 'sets the password');
    const { users = [] } = await t.database.tables();
    expect(users.find((each) => each.email === email)).toMatchObject({
      is_locked: Number(does === 'locks'),
      ...(does !== 'locks' && { email_proven: 1 }),
    });
    // Spent on one, it is spent on all; a proof can be repeated.
    if (does === 'proves the address') return;
    for (const each of [t, beside, later]) {
      await t.unchanged(() => each.form('POST', '/local', { token, password: NEW_PASSWORD }));
    }
  });
});
