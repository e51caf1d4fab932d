import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Database from 'better-sqlite3';
import fastify from 'fastify';
import pino from 'pino';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * The peer: Fastify with the bodies, the checks and the one log line of Rekey, and nothing behind them.
 * With SQLITE it opens a database besides, for comparisons of start and memory; with COST it makes the hashes of a
 * login and of a change, and nothing else.
 */
const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
const app = fastify().withTypeProvider<TypeBoxTypeProvider>();
app.setValidatorCompiler(({ schema }) => {
  const compiled = Compile(schema as never);
  return (body) => (compiled.Check(body) ? { value: body } : { error: new Error('refused') });
});
app.addHook('onRequest', (request, reply, done) => {
  const start = performance.now();
  reply.raw.once('close', () => {
    const ms = Math.round((performance.now() - start) * 10) / 10;
    const { id, method, routeOptions } = request;
    log.info(
      { requestId: id, method, route: routeOptions.url, status: reply.statusCode, ms },
      'request',
    );
  });
  done();
});

const time = '2026-01-02T03:04:05.000Z';
const id = '01900000-0000-7000-8000-000000000001';
const user = {
  id,
  created_at: time,
  updated_at: time,
  is_enabled: true,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  locale: 'en',
  timezone: 'Etc/UTC',
  password_allow_reset: true,
  password_require_update: false,
};
const key = {
  id,
  created_at: time,
  updated_at: time,
  is_enabled: true,
  is_revoked: false,
  type: 'KEY',
  name: 'web',
  service_id: id,
  user_id: id,
};
const [S, B] = [Type.String(), Type.Boolean()];
const UserOut = Type.Object({
  id: S,
  created_at: S,
  updated_at: S,
  is_enabled: B,
  name: S,
  email: S,
  locale: S,
  timezone: S,
  password_allow_reset: B,
  password_require_update: B,
});
const KeyOut = Type.Object({
  id: S,
  created_at: S,
  updated_at: S,
  is_enabled: B,
  is_revoked: B,
  type: S,
  name: S,
  service_id: S,
  user_id: S,
});
const strict = { additionalProperties: false };
const Token = Type.Object({ token: S, token_expires: Type.Integer() });

app.get('/ping', async () => 'Pong');
app.post(
  '/v1/auth/token/verify',
  {
    schema: {
      body: Type.Object({ token: S }, strict),
      response: { 200: Type.Object({ user: UserOut, access: Token }) },
    },
  },
  async ({ body: { token } }) => ({ user, access: { token, token_expires: 1_800_000_000 } }),
);
app.post(
  '/v1/auth/key/verify',
  {
    schema: {
      body: Type.Object({ key: S }, strict),
      response: { 200: Type.Object({ user: UserOut, key: KeyOut }) },
    },
  },
  async () => ({ user, key }),
);
app.post(
  '/v1/auth/provider/local/update-password/revoke',
  {
    schema: {
      body: Type.Object({ token: S }, strict),
      response: { 200: Type.Object({ audit: Type.Null() }) },
    },
  },
  async () => ({ audit: null }),
);
if (process.env.COST) {
  const { default: bcrypt } = await import('bcrypt');
  const cost = Number(process.env.COST);
  const text = 'x'.repeat(64);
  const hash = bcrypt.hashSync(text, cost);
  const schema = (body: Record<string, typeof S>) => ({
    body: Type.Object(body, strict),
    response: { 200: Type.Object({ user: UserOut, access: Token, refresh: Token }) },
  });
  const token = { token: 'x'.repeat(300), token_expires: 1_800_000_000 };
  const answer = { user, access: token, refresh: token };
  app.post(
    '/v1/auth/provider/local/login',
    { schema: schema({ email: S, password: S }) },
    async () => {
      await bcrypt.compare(text, hash);
      return answer;
    },
  );
  app.post(
    '/v1/auth/provider/local/update-password',
    { schema: schema({ email: S, password: S, new_password: S }) },
    async () => {
      await bcrypt.compare(text, hash);
      await bcrypt.hash(text, bcrypt.genSaltSync(cost));
      return answer;
    },
  );
}
if (process.env.SQLITE) {
  const database = new Database(process.env.SQLITE);
  database.pragma('journal_mode = wal');
  database.prepare('select 1').get();
}
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
