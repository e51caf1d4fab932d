import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Connection, json, request, type Shot } from './client.ts';
import { aFolder, type Server, startServer } from './processes.ts';
import { around, PASSWORD } from './rekey.ts';

const folder = path.join(import.meta.dirname, '../peers');

/** The peers are installed by the first benchmark that wants one. */
function install(): void {
  if (existsSync(path.join(folder, 'node_modules'))) return;
  const pnpm = ['-y', 'pnpm@12', 'install', '--frozen-lockfile'];
  execFileSync('npx', pnpm, { cwd: folder, stdio: 'inherit' });
}

export const startBare = (env: Record<string, string> = {}): Promise<Server> =>
  startServer(path.join(import.meta.dirname, 'bare.ts'), env, { ready: '/ping' });

export async function startBetterAuth(cost: number, users: number) {
  install();
  const database = path.join(aFolder(), 'better-auth.db');
  const env = { DATABASE: database, COST: String(cost), USERS: String(users), PASSWORD };
  const server = await startServer(path.join(folder, 'better-auth.mjs'), env, { ready: '/ping' });
  const headers = { origin: server.url };

  const signIn = (n: number) =>
    json('/api/auth/sign-in/email', headers, {
      email: `user${n}@bench.example`,
      password: PASSWORD,
    });

  async function cookieOf(n: number): Promise<string> {
    const connection = await Connection.open(server.url);
    const { head } = await connection.send(signIn(n));
    connection.close();
    return /set-cookie: ([^;]+)/i.exec(head)?.[1] ?? '';
  }

  return {
    ...server,
    signIns: around(Array.from({ length: users }, (_, index) => signIn(index + 1))),
    async sessionReads(): Promise<() => Shot> {
      const cookie = await cookieOf(1);
      return around([request('GET', '/api/auth/get-session', { cookie })]);
    },
    async changes(): Promise<() => Shot> {
      const other = 'battery staple';
      const free: { cookie: string; passwords: [string, string] }[] = [];
      for (let n = 1; n <= users; n += 1) {
        free.push({ cookie: await cookieOf(n), passwords: [PASSWORD, other] });
      }
      return () => {
        const user = free.shift();
        if (!user) throw new Error('every user is at it already');
        const { cookie, passwords } = user;
        const [currentPassword, newPassword] = passwords;
        return {
          bytes: json(
            '/api/auth/change-password',
            { ...headers, cookie },
            { currentPassword, newPassword },
          ),
          done: () => free.push({ cookie, passwords: [newPassword, currentPassword] }),
        };
      };
    },
  };
}

export async function startOidcProvider() {
  install();
  const server = await startServer(
    path.join(folder, 'oidc-provider.mjs'),
    {},
    { ready: '/.well-known/openid-configuration' },
  );
  const headers = {
    authorization: `Basic ${Buffer.from('bench:bench-secret').toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const connection = await Connection.open(server.url);
  const grant = request('POST', '/token', headers, 'grant_type=client_credentials');
  const { body } = await connection.send(grant);
  connection.close();
  const token = JSON.parse(body).access_token;
  return {
    ...server,
    introspections: around([request('POST', '/token/introspection', headers, `token=${token}`)]),
  };
}
