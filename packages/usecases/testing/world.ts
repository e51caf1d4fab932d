import { type Actor, type Grant, type Key, operator, type Service, type User } from '@rekey/domain';
import {
  type Database,
  type Delivered,
  type Ports,
  type Settings,
  type Stores,
  type UseCases,
  useCases,
} from '../src/index.ts';
import { keyUses } from '../src/shared/key-uses.ts';
import { places } from '../src/shared/places.ts';
import { sealOwners } from '../src/shared/seals.ts';
import {
  fakeAccessTokens,
  fakeChannels,
  fakeClock,
  fakeDeviceTokens,
  fakeForeignHashes,
  fakeHasher,
  fakeLedgers,
  fakeLinkTokens,
  fakeMacs,
  fakeMailTally,
  fakeMeter,
  fakeNews,
  fakeProviders,
  fakeSecrets,
  fakeTotp,
  fakeWebAuthn,
  fakeWebhookCaller,
  realFlow,
  sequentialIds,
} from './fakes/index.ts';
import { aKey, aService, aUser, ORIGIN, PLACE, START } from './fixtures.ts';
import { type MemoryDatabase, memoryDatabase } from './memory/index.ts';
import { watched } from './watched.ts';

/** The password of every owner, and the one that it is changed to. */
export const PASSWORD = 'correct horse';
export const NEW_PASSWORD = 'battery staple';

export const settings: Settings = {
  passwordPolicy: 'compat',
  passwordHistory: 0,
  refreshTokenTtlMs: 86_400_000,
  sessionTtlMs: 2_592_000_000,
  revokeTokenTtlMs: 604_800_000,
  resetTokenTtlMs: 3_600_000,
  registerTokenTtlMs: 3_600_000,
  publicUrl: 'https://rekey.example',
  recoverPasswordUrl: null,
  validateEmailUrl: null,
  supportUrl: null,
  brandName: 'Rekey',
  usersSignup: true,
  usersRecovery: 'owner',
  usersEmailChange: 'session',
  mailPerHour: 1_000_000,
  unprovenTtlMs: 30 * 86_400_000,
  streams: { perService: 500, total: 1000 },
  // Wide enough for tests of other things.
  throttle: { accountFree: 100, clientPerMinute: 1000, changesPerHour: 100 },
};

type Kind<K extends Actor['kind']> = Extract<Actor, { readonly kind: K }>;

/** The keys that services and operators of the tests ask with. */
export const SERVICE_KEY_ID = '01900000-0000-7000-8000-0000000000bb';
export const ROOT_KEY_ID = '01900000-0000-7000-8000-0000000000cc';

export const asService = (service: Service, origin = ORIGIN): Kind<'service'> => ({
  kind: 'service',
  service,
  keyId: SERVICE_KEY_ID,
  user: null,
  origin,
});
export const asUser = ({ sessionId, userId, serviceId }: Grant, origin = ORIGIN): Kind<'user'> => ({
  kind: 'user',
  session: { sessionId, userId, serviceId },
  origin,
});
export const asNobody = (origin = ORIGIN): Kind<'nobody'> => ({ kind: 'nobody', origin });
export const nobody = asNobody();
export const root: Kind<'root'> = { kind: 'root', keyId: ROOT_KEY_ID, origin: ORIGIN };

/** A user with a password, and with a TOKEN key of a service. */
export type Owner = { readonly user: User; readonly service: Service; readonly tokenKey: Key };
type Member = Pick<Owner, 'user' | 'service'>;

/** The arguments of a change. */
type Change = { readonly email: string; readonly password: string; readonly newPassword: string };

/** All ports, wired to fakes, all use cases, and a few things that tests do again and again. */
export function world<D extends Database = MemoryDatabase>(
  bare: D = memoryDatabase() as Database as D,
) {
  const clock = fakeClock(START);
  const news = fakeNews();
  const macs = fakeMacs();
  const ids = sequentialIds(1);
  const given = places({ database: bare, clock, news, macs, ids });
  /** What was told has its place as soon as it is committed: tests of anything else find it there. */
  const database: D = {
    ...bare,
    read: (work) => bare.read(work),
    async transact(work, onDisk) {
      const result = await bare.transact(work, onDisk);
      await given.caughtUp();
      return result;
    },
  };
  const secrets = fakeSecrets();
  const hasher = fakeHasher({ secrets });
  const channels = fakeChannels();
  const accessTokens = fakeAccessTokens(clock);
  const ports = {
    database,
    hasher,
    foreignHashes: fakeForeignHashes(secrets),
    meter: fakeMeter(),
    breachList: null,
    secrets,
    macs,
    accessTokens,
    totp: fakeTotp(),
    linkTokens: fakeLinkTokens(),
    providers: fakeProviders(),
    deviceTokens: fakeDeviceTokens(),
    webAuthn: fakeWebAuthn(),
    channels,
    mailTally: fakeMailTally(),
    webhookCaller: fakeWebhookCaller(),
    ledgers: fakeLedgers(),
    clock,
    ids,
    flow: realFlow(),
    news,
    places: given,
    commits: { made: () => undefined },
    keyUses: keyUses(),
    sessionUses: keyUses(),
    settings,
  } satisfies Ports;
  const all = useCases(ports);

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
  const addTotp = async ({ user, service }: Member) => {
    const key = aKey({ serviceId: service.id, userId: user.id, type: 'TOTP', prefix: null });
    const seed = ports.secrets.generateTotpSeed();
    const [digest] = ports.secrets.blindIndexes(seed);
    const sealed = ports.secrets.seal(seed, sealOwners.seed(key.id));
    await database.transact(({ keys }) => keys.insert(key, { digest, sealed }));
    return { key, seed };
  };

  const addUser = async (
    service: Service,
    details: Partial<User> = {},
    passwordHash: string | null | undefined = undefined,
  ): Promise<User> => {
    const user = aUser({ createdBy: service.id, ...details });
    const hash = passwordHash === undefined ? await hasher.hash(PASSWORD, PLACE) : passwordHash;
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

  /** Opens a session of the owner; answers its tokens, and the grant of its access token. */
  const logIn = async (
    { user, service }: Member,
    password = PASSWORD,
  ): Promise<Grant & { readonly token: string; readonly refresh: string }> => {
    const claim = { email: user.email, password };
    const { access, refresh } = await all.sessions.login.execute(asService(service), claim);
    const grant = await accessTokens.verify(access.token);
    if (grant === null) throw new Error('the tokens of a login are good');
    // A login at the built-in service has none.
    return { ...grant, token: access.token, refresh: refresh?.token ?? '' };
  };

  /** The service of an owner, with the owner who has a session there. */
  const asPerson = async (owner: Owner, session?: Grant): Promise<Kind<'service'>> => {
    const { sessionId, userId } = session ?? (await logIn(owner));
    const user = { userId, keyId: owner.tokenKey.id, sessionId };
    return { ...asService(owner.service), user };
  };

  /** Gives the owner one-time codes as a second factor; answers the seed and the recovery codes. */
  const enrol = async (owner: Owner): Promise<{ seed: string; codes: readonly string[] }> => {
    const actor = await asPerson(owner);
    const { enrolTotp, confirmTotp } = all.factors;
    const userId = owner.user.id;
    const { secret: seed } = await enrolTotp.execute(actor, { userId });
    const code = ports.totp.codeAt(seed, clock.now() - 30_000);
    const codes = await confirmTotp.execute(actor, { userId, code });
    return { seed, codes };
  };

  /** The arguments of a change of the owner's password as it should be done. */
  const change = ({ user }: Pick<Owner, 'user'>, details: Partial<Change> = {}): Change => ({
    email: user.email,
    password: PASSWORD,
    newPassword: NEW_PASSWORD,
    ...details,
  });

  const deliver = (): Promise<Delivered[]> => deliverAll(all);

  /** Changes the owner's password, and answers the token in the link of the mail about it. */
  const changeAndReadMail = async (
    owner: Member,
    details: Partial<Change> = {},
  ): Promise<string> => {
    await all.passwords.updatePassword.execute(asService(owner.service), change(owner, details));
    await deliver();
    // Mails of others may be owed as well.
    const mail = channels.mail.sent.findLast(({ to }) => to === owner.user.email);
    return tokenIn(mail?.link ?? '');
  };

  /** Whether a bearer token is good for anything. */
  const isLive = async (token: string): Promise<boolean> =>
    all.callers.authenticateBearer.execute(nobody, { token }).then(
      () => true,
      () => false,
    );

  const credentialOf = async (user: User) =>
    (await database.read(({ users }) => users.findByEmail(user.email)))?.credential ?? null;

  const hasPassword = async (user: User, password: string): Promise<boolean> => {
    const hash = (await credentialOf(user))?.passwordHash ?? null;
    return hasher.verify(password, hash === null ? null : { hash, userId: user.id }, PLACE);
  };

  const people = { logIn, asPerson, enrol };
  const helpers = { addService, addKey, addTotp, addUser, addOwner, ...people, change, deliver };
  const looks = { isLive, credentialOf, hasPassword };
  return { ...ports, bare, ...helpers, changeAndReadMail, ...looks, useCases: all };
}

export type World<D extends Database = MemoryDatabase> = ReturnType<typeof world<D>>;

/** Delivers all that is due, as many at a time as there are lanes, and answers the outcome of each. */
export async function deliverAll({ deliveries }: UseCases, lanes = 100): Promise<Delivered[]> {
  const { claimDeliveries, handOver, markDeliveries } = deliveries;
  const delivered: Delivered[] = [];
  for (;;) {
    const claimed = await claimDeliveries.execute(operator, { limit: lanes });
    if (claimed.length === 0) return delivered;
    const handed = await Promise.all(claimed.map((owed) => handOver.execute(operator, owed)));
    delivered.push(...(await markDeliveries.execute(operator, handed)));
  }
}

/** The value of a key that `addKey` added. */
export const keyValue = (key: Key): string => `rku_${key.id}`;

/** The token in a mailed link. */
export function tokenIn(link: string): string {
  const { searchParams } = new URL(link);
  // The form dialect calls it a code, of an address to be proven.
  const token = searchParams.get('token') ?? searchParams.get('code');
  if (token === null) throw new Error('the link has a token');
  return token;
}

/** How a promise ends, for comparing ends. */
export async function endOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

export const planted = new Error('planted');

/** The database, but that the `n`th thing done in each transaction fails; `n` may be the commit. The count of tries does not fail. */
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
        const result = await work(beforeEachStep(stores, step));
        if (done > 0) step();
        return result;
      }),
  };
}

/** The database, and a list of all that is done in its transactions, as `users.get`, but for counting tries. */
export function recording(database: Database): { database: Database; done: string[] } {
  const done: string[] = [];
  const transact: Database['transact'] = (work) =>
    database.transact((stores) => work(beforeEachStep(stores, (verb) => done.push(verb))));
  return { database: { ...database, transact }, done };
}

const beforeEachStep = (stores: Stores, before: (verb: string) => void): Stores =>
  watched(stores, async (verb, call) => {
    if (!verb.startsWith('throttles.')) before(verb);
    return call();
  });
