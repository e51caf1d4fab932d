import { formServiceId } from '../../packages/domain/src/service.ts';
import { Connection, json, request, type Shot, timed } from './client.ts';
import { type Benchmark, type Effort, figure, type Row, row } from './figures.ts';
import { id, run } from './filling.ts';
import { startPostgres } from './processes.ts';
import { draw, fill, LOCAL, PASSWORD, SERVICE_COLUMNS, SERVICE_KEY, startRekey } from './rekey.ts';

const WRONG = 'wrong horse';

/** A foreign hash, as an import leaves it: bcrypt at the lowest cost, of no password. */
const FOREIGN = `$2y$04$${'.'.repeat(53)}`;

/** The domain that passkeys work at. */
const PAGE = 'shop.bench.example';

const OTHER_SERVICE = id('service', 3);

/** SQL that brings users and their TOKEN keys into a state, by conditions of their ids. */
type Change = (users: string, keys: string) => readonly string[];
type State = { readonly password?: string; readonly change?: Change };

const users =
  (set: string): Change =>
  (ids) => [`update users set ${set} where id ${ids}`];
const keys =
  (set: string): Change =>
  (_, ids) => [`update keys set ${set} where id ${ids}`];

/** The states that nobody may read off the clock, as those of `tests/security/enumeration.test.ts`. */
const states = {
  'a wrong password': { password: WRONG },
  'an unknown address': { change: users(`email = 'moved-' || email`) },
  'a disabled user': { change: users('is_enabled = 0') },
  'a locked user': {
    change: (ids, keyIds) => [
      `update users set is_enabled = 0, is_locked = 1, password_hash = null, locked_at = updated_at, locked_through = created_by,
         recover_to = email, enabled_before_lock = 1 where id ${ids}`,
      `update keys set is_enabled = 0, is_revoked = 1 where id ${keyIds}`,
    ],
  },
  'a user without a password': { change: users('password_hash = null') },
  'a disabled TOKEN key': { change: keys('is_enabled = 0') },
  'a revoked TOKEN key': { change: keys('is_enabled = 0, is_revoked = 1') },
  'a user of another service': {
    change: (ids, keyIds) => [
      `update users set created_by = '${OTHER_SERVICE}' where id ${ids}`,
      `update keys set service_id = '${OTHER_SERVICE}' where id ${keyIds}`,
    ],
  },
  'a proven address': { password: WRONG, change: users('email_valid = 1, email_proven = 1') },
  'no right to a reset': { password: WRONG, change: users('password_allow_reset = 0') },
  'a wrong password, must change': {
    password: WRONG,
    change: users('password_require_update = 1'),
  },
  'a wrong password, foreign hash': {
    password: WRONG,
    change: users(`password_hash = '${FOREIGN}'`),
  },
  'a wrong password, two factors': {
    password: WRONG,
    change: (ids) => [
      `update users set has_totp = 1, has_passkey = 1, factor_at_password = 1, factor_at_provider = 1 where id ${ids}`,
      `insert into totp_seeds (id, created_at, user_id, is_confirmed, sealed)
       select id, created_at, id, 1, 'sealed' from users where id ${ids}`,
      `insert into recovery_codes (user_id, digest) select id, 'digest' from users where id ${ids}`,
      `insert into passkeys (id, user_id, created_at, name, credential_id, public_key, rp_id, counter, transports,
         is_backup_eligible, is_backed_up, is_user_verified)
       select id, id, created_at, 'Phone', id, 'key', '${PAGE}', 0, 'internal', 0, 0, 1 from users where id ${ids}`,
    ],
  },
} satisfies Record<string, State>;
type StateName = keyof typeof states;

type Route = {
  readonly status: number;
  /** The state that the others are measured against. */
  readonly usual: StateName;
  /** States that the route tells on purpose, or that are none for it. */
  readonly without?: readonly StateName[];
  readonly isForm?: true;
  /** Whether it makes hashes: beside one, nothing else can be seen, whatever the database. */
  readonly isSlow?: true;
  shot(email: string, password: string, from: Readonly<Record<string, string>>): Buffer;
};

const auth = { authorization: SERVICE_KEY };
const form = (path: string, from: object, fields: Record<string, string>) =>
  request(
    'POST',
    path,
    { 'content-type': 'application/x-www-form-urlencoded', ...from },
    new URLSearchParams(fields).toString(),
  );

/** Every way to ask something of an account by its address. */
const routes: Record<string, Route> = {
  login: {
    status: 400,
    usual: 'a wrong password',
    isSlow: true,
    shot: (email, password, from) =>
      json(`${LOCAL}/login`, { ...auth, ...from }, { email, password }),
  },
  'login with a code': {
    status: 400,
    usual: 'a wrong password',
    isSlow: true,
    shot: (email, password, from) =>
      json(`${LOCAL}/login`, { ...auth, ...from }, { email, password, totp: '000000' }),
  },
  'update-password': {
    status: 400,
    usual: 'a wrong password',
    isSlow: true,
    shot: (email, password, from) =>
      json(
        `${LOCAL}/update-password`,
        { ...auth, ...from },
        { email, password, new_password: 'new horse' },
      ),
  },
  'update-email': {
    status: 400,
    usual: 'a wrong password',
    isSlow: true,
    shot: (email, password, from) =>
      json(
        `${LOCAL}/update-email`,
        { ...auth, ...from },
        { email, password, new_email: `new-${email}` },
      ),
  },
  '/users/create': {
    status: 400,
    usual: 'a wrong password',
    // An address that is free is taken by the request.
    without: ['an unknown address'],
    isForm: true,
    isSlow: true,
    shot: (email, password, from) => form('/users/create', from, { name: 'Ada', email, password }),
  },
  register: {
    status: 200,
    usual: 'an unknown address',
    shot: (email, _, from) =>
      json(`${LOCAL}/register`, { ...auth, ...from }, { name: 'Ada', email }),
  },
  'reset-password': {
    status: 200,
    usual: 'an unknown address',
    shot: (email, _, from) => json(`${LOCAL}/reset-password`, { ...auth, ...from }, { email }),
  },
  'webauthn/authenticate/start': {
    status: 200,
    usual: 'an unknown address',
    shot: (email, _, from) =>
      json('/v1/auth/webauthn/authenticate/start', { ...auth, ...from }, { email }),
  },
  '/users/recoverPassword': {
    status: 204,
    usual: 'an unknown address',
    isForm: true,
    shot: (email, _, from) => form('/users/recoverPassword', from, { email }),
  },
};

/**
 * How long a request takes that must not tell what its address is, in each state that an account may be in: nobody may
 * read the state off the clock. Each request has an account and a network of its own, so that no limit is reached.
 */
export const enumeration: Benchmark = async (effort) => {
  const rows: Row[] = [];
  for (const [name, route] of Object.entries(routes)) {
    rows.push(...(await compare(`${name}, SQLite`, route, null, effort)));
    if (route.isSlow) continue;
    const postgres = await startPostgres();
    rows.push(...(await compare(`${name}, PostgreSQL`, route, await postgres.fresh(), effort)));
    await postgres.stop();
  }
  return rows;
};

async function compare(
  name: string,
  route: Route,
  url: string | null,
  effort: Effort,
): Promise<Row[]> {
  const turns = Math.max(5, Math.round((route.isSlow ? 20 : 100) * effort.scale));
  // The first ones pay for what is loaded and compiled late.
  const warm = route.isSlow ? 2 : 20;
  const all = Object.entries<State>(states).filter(
    ([state]) => !route.without?.includes(state as StateName),
  );
  const each = warm + effort.rounds * turns;
  const data = await fill(url, 10, { users: all.length * each });
  const server = await startRekey(data, {
    MAIL_PER_HOUR: '1000000',
    WEBAUTHN_ORIGINS: `https://${PAGE}`,
  });
  const ids = (kind: 'user' | 'token', of: number) =>
    `between '${id(kind, of * each + 1)}' and '${id(kind, (of + 1) * each)}'`;
  await run(data.databaseUrl, [
    `insert into services (id, ${SERVICE_COLUMNS})
     select '${OTHER_SERVICE}', ${SERVICE_COLUMNS} from services where id = '${id('service', 1)}'`,
    ...(route.isForm ? OF_FORM_SERVICE : []),
    ...all.flatMap(([, { change }], of) => change?.(ids('user', of), ids('token', of)) ?? []),
  ]);

  const asked = all.map(() => 0);
  let networks = 0;
  const shotAt = (of: number): Shot => {
    asked[of] = (asked[of] ?? 0) + 1;
    networks += 1;
    const email = `user${of * each + asked[of]}@bench.example`;
    const from = { 'x-forwarded-for': `10.${networks >> 8}.${networks & 255}.1` };
    const password = all[of]?.[1].password ?? PASSWORD;
    return { bytes: route.shot(email, password, from), status: route.status };
  };

  const connection = await Connection.open(server.url);
  const next = draw(all.length);
  const measure = async (turns: number): Promise<number[]> => {
    const taken = all.map(() => [] as number[]);
    for (let turn = 0; turn < turns; turn += 1) {
      // Beginning with another one each time, so that none has always the same before it.
      const first = next();
      for (const [index] of all.entries()) {
        const of = (first + (turn % 2 === 0 ? index : all.length - index)) % all.length;
        taken[of]?.push(await timed(connection, shotAt(of)));
      }
    }
    return taken.map((values) => figure(values).median);
  };
  await measure(warm);
  const medians: number[][] = [];
  for (let round = 0; round < effort.rounds; round += 1) medians.push(await measure(turns));
  connection.close();
  await server.stop();

  const ofState = (of: number) => medians.map((round) => round[of] ?? Number.NaN);
  const usual = all.findIndex(([state]) => state === route.usual);
  return all.flatMap(([state], of) =>
    of === usual
      ? []
      : [row(`${name}: ${state}`, 'ms', ofState(of), route.usual, ofState(usual), EQUAL)],
  );
}

const EQUAL = { of: 'ratio', least: 0.9, most: 1.1 } as const;

/** As people who signed up there. */
const OF_FORM_SERVICE = [
  `update users set created_by = '${formServiceId}'`,
  `update keys set service_id = '${formServiceId}' where type = 'TOKEN'`,
  `update visible_users set service_id = '${formServiceId}' where service_id <> 'all'`,
];
