import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Database, Ports } from '@rekey/usecases';
import {
  AdmitClient,
  AuthenticateBearer,
  AuthenticateKey,
  CreateKey,
  CreateRootKey,
  CreateServiceWithKey,
  CreateUser,
  formServiceId,
  ListAudit,
  Login,
  OpenFormService,
  ReadAuditEntry,
  ReadKey,
  ReadPasswordChange,
  ReadUser,
  RefreshToken,
  RevokeKey,
  RevokeToken,
  RevokeUpdatePassword,
  UpdatePassword,
  VerifyKey,
  VerifyToken,
  VerifyTotp,
} from '@rekey/usecases';
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
  memoryDatabase,
  START,
  sequentialIds,
} from '@rekey/usecases/testing';
import type { InjectOptions } from 'fastify';
import { createHttpServer, type HttpDeps, type HttpOptions } from '../src/index.ts';

type Overrides = Partial<Omit<HttpDeps, 'options'>> & { readonly options?: Partial<HttpOptions> };

export type Rig = Awaited<ReturnType<typeof rig>>;

/** The whole server on a memory database, with one service, its key and a root key. */
export async function rig({ options, ...overrides }: Overrides = {}) {
  const clock = fakeClock(START);
  const { database, commits } = counted(memoryDatabase());
  const totp = fakeTotp();
  const ports: Ports = {
    database,
    hasher: fakeHasher(),
    meter: fakeMeter(),
    breachList: null,
    secrets: fakeSecrets(),
    macs: fakeMacs(),
    accessTokens: fakeAccessTokens(clock),
    totp,
    revokeTokens: fakeRevokeTokens(),
    mailer: fakeMailer(),
    clock,
    ids: sequentialIds(),
    settings: {
      passwordPolicy: 'compat',
      refreshTokenTtl: 86_400,
      revokeTokenTtl: 604_800,
      publicUrl: 'http://localhost:8042',
      brandName: 'Rekey',
      throttle: { accountFree: 5, clientPerMinute: 30, changesPerHour: 10 },
    },
  };
  await new OpenFormService(ports).execute();
  const registered = await new CreateServiceWithKey(ports).execute({
    name: 'Shop',
    url: 'https://shop.example',
    localUrl: 'https://shop.example/account',
  });
  const { value: rootKey } = await new CreateRootKey(ports).execute({ name: 'operator' });

  const lines: string[] = [];
  const written = new EventEmitter();
  const keep = (level: string) => (fields: object, message: string) => {
    const line = JSON.stringify({ level, ...fields, message });
    lines.push(line);
    written.emit('line', JSON.parse(line));
  };
  const server = createHttpServer({
    admitClient: new AdmitClient(ports),
    authenticateBearer: new AuthenticateBearer(ports),
    authenticateKey: new AuthenticateKey(ports),
    createKey: new CreateKey(ports),
    createUser: new CreateUser(ports),
    listAudit: new ListAudit(ports),
    login: new Login(ports),
    readAuditEntry: new ReadAuditEntry(ports),
    readKey: new ReadKey(ports),
    readPasswordChange: new ReadPasswordChange(ports),
    readUser: new ReadUser(ports),
    refreshToken: new RefreshToken(ports),
    revokeKey: new RevokeKey(ports),
    revokeToken: new RevokeToken(ports),
    revokeUpdatePassword: new RevokeUpdatePassword(ports),
    updatePassword: new UpdatePassword(ports),
    verifyKey: new VerifyKey(ports),
    verifyToken: new VerifyToken(ports),
    verifyTotp: new VerifyTotp(ports),
    formService: async () => {
      const service = await database.read(({ services }) => services.get(formServiceId));
      if (service === null) throw new Error('the form service is missing');
      return service;
    },
    jwks: () => ({ keys: [] }),
    isReady: async () => true,
    log: { info: keep('info'), error: keep('error') },
    ...overrides,
    options: {
      publicUrl: 'http://localhost:8042',
      trustProxy: [],
      usersSignup: true,
      apiDocs: false,
      passwordPolicy: 'compat',
      brandName: 'Rekey',
      brandColor: '#2457a6',
      brandLogo: null,
      ...options,
    },
  });

  const { app } = server;
  const { service, value: serviceKey } = registered;
  return {
    ...server,
    ports,
    clock,
    totp,
    database,
    /** How many transactions were committed. */
    commits,
    lines,
    /** The next line of the log. */
    nextLine: async (): Promise<unknown> => (await once(written, 'line'))[0],
    service,
    serviceKey,
    rootKey,

    port(): number {
      const address = app.server.address();
      if (typeof address !== 'object' || !address) throw new Error('the server does not listen');
      return address.port;
    },

    /** The key of one more service. */
    async otherServiceKey(): Promise<string> {
      const input = { name: 'Other', url: 'https://other.example' };
      return (await new CreateServiceWithKey(ports).execute(input)).value;
    },

    /** A call of the JSON dialect, by the service. */
    json: (method: 'GET' | 'POST', url: string, body?: unknown, more: InjectOptions = {}) =>
      app.inject({
        method,
        url,
        headers: { authorization: serviceKey, ...more.headers },
        ...(body !== undefined && { payload: body as object }),
        ...(more.remoteAddress !== undefined && { remoteAddress: more.remoteAddress }),
      }),

    /** A call of the form dialect, or a form of a page. */
    form: (
      method: 'POST' | 'PUT',
      url: string,
      fields: Record<string, string> | string,
      headers: Record<string, string> = {},
    ) =>
      app.inject({
        method,
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
      }),

    /** The revoke token of every change of the user. */
    async revokeTokens(): Promise<string[]> {
      const changes = await database.transact(async (stores) => {
        const now = clock.now();
        const claims = await stores.outbox.claim(now, now + 1, 100);
        return Promise.all(claims.map(({ changeId }) => stores.changes.get(changeId)));
      });
      return changes.flatMap((change) => (change ? [ports.revokeTokens.make(change)] : []));
    },
  };
}

function counted(inner: Database): { database: Database; commits: () => number } {
  let count = 0;
  return {
    commits: () => count,
    database: {
      read: (work) => inner.read(work),
      transact: async (work) => {
        const result = await inner.transact(work);
        count += 1;
        return result;
      },
    },
  };
}

export const PASSWORD = 'correct horse';

/** A user of the service, with a TOKEN key. */
export async function enrolled({ json }: Rig, email = 'ada@example.com') {
  const created = await json('POST', '/v1/user', {
    is_enabled: true,
    name: 'Ada',
    email,
    password: PASSWORD,
  });
  const user = created.json().data;
  const key = await json('POST', '/v1/key', {
    is_enabled: true,
    type: 'TOKEN',
    name: 'web',
    user_id: user.id,
  });
  return { user, key: key.json().data.key };
}

/** A user who signed up at the form dialect, and the token of a login. */
export async function signedUp({ form }: Rig, email = 'orion@example.com') {
  const created = await form('POST', '/users/create', { name: 'Orion', email, password: PASSWORD });
  const login = await form('POST', '/users/login', { email, password: PASSWORD });
  return { user: created.json(), token: login.json().token as string };
}

/** A key set that comes when it is released: a request under way for as long as is needed. */
export function slowKeys() {
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const jwks = async () => {
    started.resolve();
    await released.promise;
    return { keys: [] };
  };
  return { jwks, started: started.promise, release: released.resolve };
}

/** A bare connection to a server that listens, and all that came back on it. */
export async function wire(server: Pick<Rig, 'port'>) {
  const socket: Socket = connect(server.port(), '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    socket,
    received: () => received,
    send: (text: string) => socket.write(text, 'latin1'),
    /** Resolves once the text has come. */
    async until(text: string): Promise<string> {
      while (!received.includes(text)) {
        await new Promise((resolve, reject) => {
          socket.once('data', resolve);
          socket.once('close', () => reject(new Error(`closed after: ${received}`)));
        });
      }
      return received;
    },
    /** Resolves once the server has closed the connection. */
    closed: (): Promise<string> =>
      new Promise((resolve) => {
        if (socket.closed) resolve(received);
        else socket.once('close', () => resolve(received));
      }),
  };
}
