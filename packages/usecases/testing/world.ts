import type { Key, Service, User } from '@rekey/domain';
import { AuthenticateBearer } from '../src/authenticate-bearer.ts';
import { DeliverMail, type Delivery } from '../src/deliver-mail.ts';
import { Login } from '../src/login.ts';
import type { AccessGrant, Database, Hasher, Ports, Settings, Stores } from '../src/ports.ts';
import { UpdatePassword, type UpdatePasswordInput } from '../src/update-password.ts';
import {
  fakeAccessTokens,
  fakeClock,
  fakeHasher,
  fakeMacs,
  fakeMailer,
  fakeMeter,
  fakeRevokeTokens,
  fakeSecrets,
  fakeTotp,
  sequentialIds,
} from './fakes.ts';
import { aKey, aService, aUser, ORIGIN, START } from './fixtures.ts';
import { gate } from './gate.ts';
import { type MemoryDatabase, memoryDatabase } from './memory-database.ts';

/** The password of every owner, and the one that it is changed to. */
export const PASSWORD = 'correct horse';
export const NEW_PASSWORD = 'battery staple';

export const settings: Settings = {
  passwordPolicy: 'compat',
  refreshTokenTtl: 86_400,
  revokeTokenTtl: 604_800,
  publicUrl: 'https://rekey.example',
  brandName: 'Rekey',
  // Wide enough for tests of other things.
  throttle: { accountFree: 100, clientPerMinute: 1000, changesPerHour: 100 },
};

/** A user with a password, and with a TOKEN key of a service. */
export type Owner = { readonly user: User; readonly service: Service; readonly tokenKey: Key };

/** All ports, wired to fakes, and a few things that tests do again and again. */
export function world<D extends Database = MemoryDatabase>(
  database: D = memoryDatabase() as Database as D,
) {
  const clock = fakeClock(START);
  const hasher = fakeHasher();
  const mailer = fakeMailer();
  const accessTokens = fakeAccessTokens(clock);
  const ports = {
    database,
    hasher,
    meter: fakeMeter(),
    breachList: null,
    secrets: fakeSecrets(),
    macs: fakeMacs(),
    accessTokens,
    totp: fakeTotp(),
    revokeTokens: fakeRevokeTokens(),
    mailer,
    clock,
    ids: sequentialIds(1),
    settings,
  } satisfies Ports;

  const addService = async (details: Partial<Service> = {}): Promise<Service> => {
    const service = aService(details);
    await database.transact(({ services }) => services.insert(service));
    return service;
  };

  const addKey = async (
    details: Partial<Key> & Pick<Key, 'serviceId' | 'userId'>,
  ): Promise<Key> => {
    const key = aKey(details);
    const digest = ports.secrets.digest(keyValue(key));
    await database.transact(({ keys }) => keys.insert(key, { digest }));
    return key;
  };

  /** Gives the owner a TOTP key, and answers it with its seed. */
  const addTotp = async ({ user, service }: Pick<Owner, 'user' | 'service'>) => {
    const key = aKey({ serviceId: service.id, userId: user.id, type: 'TOTP' });
    const seed = ports.secrets.generateTotpSeed();
    await database.transact(({ keys }) => keys.insert(key, { sealed: ports.secrets.seal(seed) }));
    return { key, seed };
  };

  const addUser = async (
    service: Service,
    details: Partial<User> = {},
    passwordHash: string | null | undefined = undefined,
  ): Promise<User> => {
    const user = aUser({ createdBy: service.id, ...details });
    const hash = passwordHash === undefined ? await hasher.hash(PASSWORD) : passwordHash;
    await database.transact(({ users }) => users.insert(user, hash));
    return user;
  };

  const addOwner = async (
    details: Partial<User> = {},
    at: { readonly service?: Service; readonly passwordHash?: string | null } = {},
  ): Promise<Owner> => {
    const service = at.service ?? (await addService());
    const user = await addUser(service, details, at.passwordHash);
    const tokenKey = await addKey({ serviceId: service.id, userId: user.id });
    return { user, service, tokenKey };
  };

  /** Opens a session of the owner, and answers what its access token stands for. */
  const logIn = async (
    { user, service }: Pick<Owner, 'user' | 'service'>,
    password = PASSWORD,
  ): Promise<AccessGrant & { readonly token: string }> => {
    const claim = { serviceId: service.id, email: user.email, password, origin: ORIGIN };
    const { access } = await new Login(ports).execute({ ...claim, tokenForm: 'signed' });
    const grant = await accessTokens.verify(access.token);
    if (grant === null) throw new Error('the token of a login is good');
    return { ...grant, token: access.token };
  };

  /** What to ask for, to change the owner's password as it should be done. */
  const change = (
    { user, service }: Pick<Owner, 'user' | 'service'>,
    details: Partial<UpdatePasswordInput> = {},
  ): UpdatePasswordInput => ({
    serviceId: service.id,
    email: user.email,
    password: PASSWORD,
    newPassword: NEW_PASSWORD,
    origin: ORIGIN,
    ...details,
  });

  /** Sends all that is due, and answers what became of it. */
  const deliver = async (): Promise<Delivery[]> =>
    Promise.all(await new DeliverMail(ports).execute({ limit: 100 }));

  /** Changes the owner's password, and answers the revoke token of the mail about it. */
  const changeAndReadMail = async (
    owner: Pick<Owner, 'user' | 'service'>,
    details: Partial<UpdatePasswordInput> = {},
  ): Promise<string> => {
    await new UpdatePassword(ports).execute(change(owner, details));
    await deliver();
    return tokenIn(mailer.sent.at(-1)?.link ?? '');
  };

  /** Whether a bearer token is good for anything. */
  const isLive = async (token: string): Promise<boolean> =>
    new AuthenticateBearer(ports).execute(token).then(
      () => true,
      () => false,
    );

  const credentialOf = async (user: User) =>
    (await database.read(({ users }) => users.findByEmail(user.email)))?.credential ?? null;

  const helpers = { addService, addKey, addTotp, addUser, addOwner, logIn, change, deliver };
  return { ...ports, ...helpers, changeAndReadMail, isLive, credentialOf };
}

export type World<D extends Database = MemoryDatabase> = ReturnType<typeof world<D>>;

/** The value of a key that `addKey` added. */
export const keyValue = (key: Key): string => `rku_${key.id}`;

/** The revoke token that a link holds. */
export function tokenIn(link: string): string {
  const token = new URL(link).searchParams.get('token');
  if (token === null) throw new Error('the link holds a token');
  return token;
}

/** What a promise ends in, for comparing ends. */
export async function endOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

/** The hasher, but that nobody gets past a proof before `size` have got there. */
export function gatedHasher(hasher: Hasher, size: number): Hasher {
  const allHaveProven = gate(size);
  return {
    ...hasher,
    verify: async (password, hash) => {
      const isRight = await hasher.verify(password, hash);
      await allHaveProven();
      return isRight;
    },
  };
}

export const planted = new Error('planted');

/** The database, but that the `n`th thing done in each transaction fails; `n` may be the commit. Tries are counted all the same. */
export function failingAt(database: Database, n: number): Database {
  return {
    ...database,
    transact: (work) =>
      database.transact(async (stores) => {
        let done = 0;
        const step = () => {
          done += 1;
          if (done === n) throw planted;
        };
        const result = await work(watched(stores, step));
        if (done > 0) step();
        return result;
      }),
  };
}

/** The database, and a list of all that is done in its transactions, as `users.get`, but for counting tries. */
export function recording(database: Database): { database: Database; done: string[] } {
  const done: string[] = [];
  const transact: Database['transact'] = (work) =>
    database.transact((stores) => work(watched(stores, (verb) => done.push(verb))));
  return { database: { ...database, transact }, done };
}

function watched(stores: Stores, before: (verb: string) => void): Stores {
  type Verbs = Record<string, (...args: unknown[]) => Promise<unknown>>;
  const all = Object.entries(stores).map(([name, store]) => [
    name,
    Object.fromEntries(
      Object.entries(store as unknown as Verbs).map(([verb, run]) => [
        verb,
        async (...args: unknown[]) => {
          if (name !== 'throttles') before(`${name}.${verb}`);
          return run(...args);
        },
      ]),
    ),
  ]);
  return Object.fromEntries(all);
}
