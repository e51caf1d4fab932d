import { spawn, spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { openKeyFile } from '../../packages/adapters-crypto/src/index.ts';
import { rekeyClient } from '../../packages/client/src/index.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, createService, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const root = path.join(import.meta.dirname, '../..');
const GUIDE = 'docs/guides/check-tokens-yourself.md';
const PATIENCE = { timeout: 120_000 };
const ada = { email: 'ada@example.com', password: 'correct horse' };

const eventually = (look: () => unknown) => expect.poll(look, { timeout: 60_000, interval: 20 });

/** A server at a port that it comes back to, and a service whose user logs in. */
async function prepare() {
  const folder = aFolder();
  const here = { PORT: String(await aFreePort()) };
  const { key, service } = await createService(folder);
  const start = () => startServer(folder, here);
  const server = await start();
  const rekey = rekeyClient({ url: server.url, key: key.value });
  const { data } = await rekey.createUser({ name: 'Ada', ...ada, token_key: true });
  const logIn = async () => (await rekey.login(ada)).access.token;
  return { folder, server, start, rekey, key: key.value as string, service, id: data.id, logIn };
}

/** Starts the example as its README does, on any free port. */
async function startBackend(env: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(root, 'examples/verifier/server.ts')], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await eventually(() => lines.some((line) => line.startsWith('http:'))).toBe(true);
  const url = lines.find((line) => line.startsWith('http:')) ?? '';
  const ask = async (method: 'GET' | 'POST', route: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}${route}`, { method, headers });
    return { status: response.status, text: await response.text() };
  };
  /** What a monitoring would read, by the names that it has there. */
  const metrics = async (): Promise<Record<string, number>> => {
    const { text } = await ask('GET', '/metrics');
    const rows = text.trim().split('\n');
    return Object.fromEntries(
      rows.map((row) => row.split(' ')).map(([name, value]) => [name, Number(value)]),
    );
  };
  return { lines, ask, metrics };
}

const counted = (how: string) => `rekey_token_checks_total{how="${how}"}`;

test(
  'backends in several processes check tokens by themselves, refuse those that ended, and say when Rekey is silent',
  PATIENCE,
  async () => {
    const { server, start, rekey, key, id, logIn } = await prepare();
    const env = { REKEY_URL: server.url, REKEY_KEY: key };
    const backends = await Promise.all([startBackend(env), startBackend(env)]);
    const [one, two] = backends;
    if (one === undefined || two === undefined) throw new Error('there are two');
    const fresh = async ({ metrics }: typeof one) => (await metrics()).rekey_feed_fresh;
    for (const each of backends) await eventually(() => fresh(each)).toBe(1);

    const token = await logIn();
    const me = { status: 200, text: JSON.stringify({ id }) };
    for (const each of backends) {
      expect((await each.ask('GET', '/api/me')).status).toBe(401);
      await eventually(async () => {
        expect(await each.ask('GET', '/api/me', token)).toEqual(me);
        return (await each.metrics())[counted('remembered')];
      }).toBe(1);
      const asked = (await each.metrics())[counted('asked')] ?? Number.NaN;
      const paid = { status: 200, text: JSON.stringify({ paid_by: id }) };
      expect(await each.ask('POST', '/api/payments', token)).toEqual(paid);
      expect(await each.metrics()).toMatchObject({ [counted('asked')]: asked + 1 });
    }
    await rekey.logOut({ token });
    for (const each of backends) {
      expect((await each.ask('POST', '/api/payments', token)).status).toBe(401);
      await eventually(async () => (await each.ask('GET', '/api/me', token)).status).toBe(401);
    }

    const next = await logIn();
    expect(await one.ask('GET', '/api/me', next)).toEqual(me);
    server.signal('SIGSTOP');
    for (const each of backends) {
      await eventually(() => fresh(each)).toBe(0);
      await eventually(() => each.lines).toContain('rekey: stale');
    }
    const before = (await one.metrics())[counted('asked')] ?? Number.NaN;
    const waiting = one.ask('GET', '/api/me', next);
    await eventually(async () => (await one.metrics())[counted('asked')]).toBe(before + 1);
    server.signal('SIGCONT');
    expect(await waiting).toEqual(me);
    for (const each of backends) await eventually(() => fresh(each)).toBe(1);

    server.signal('SIGKILL');
    await server.exit;
    for (const each of backends) await eventually(() => fresh(each)).toBe(0);
    expect((await two.ask('GET', '/api/me', next)).status).toBe(503);
    for (const { lines } of backends) lines.length = 0;
    await start();
    for (const each of backends) {
      await eventually(() => each.lines).toContain('rekey: fresh');
      expect(await each.ask('GET', '/api/me', next)).toEqual(me);
    }
  },
);

test('the guide shows the example that is run here', () => {
  expect(textOf(GUIDE)).toContain(`\`\`\`ts\n${textOf('examples/verifier/server.ts')}\`\`\``);
});

const PYTHON = '/usr/bin/python3';
const hasJwt = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0;

/** For each token that comes in, its subject, or the name of what is wrong. */
const READER = `
import sys
for token in sys.stdin.read().split():
    try:
        print(claims_of(token)["sub"])
    except jwt.PyJWTError as error:
        print(type(error).__name__)
`;

test.skipIf(skips(!hasJwt, 'the lines for Python need python3-jwt of the system'))(
  'the lines of the guide for Python take a good token, and no other one that Rekey could have signed',
  async () => {
    const { folder, server, service, id, logIn } = await prepare();
    const [, lines = ''] = /```python\n(.*?)```/s.exec(textOf(GUIDE)) ?? [];
    const program = lines
      .replace('http://localhost:8042', server.url)
      .replace('the id of your service', service.id);
    writeFileSync(path.join(folder, 'program.py'), program + READER);
    const file = await openKeyFile(path.join(folder, 'data/keys.json'), { mayCreate: false });
    const [{ key, kid }] = file.signing;
    const [header = {}, claims = {}] = (await logIn())
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const tokenOf = (otherHeader: object, otherClaims: object) => {
      const parts = [
        { ...header, ...otherHeader },
        { ...claims, ...otherClaims },
      ];
      const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
      const signature = sign(null, Buffer.from(text.join('.')), key);
      return [...text, signature.toString('base64url')].join('.');
    };
    expect(header).toMatchObject({ kid });
    const now = Math.floor(Date.now() / 1000);
    const verdicts: [string, string][] = [
      [await logIn(), id],
      [tokenOf({}, {}), id],
      [tokenOf({ typ: 'JWT' }, {}), 'InvalidTokenError'],
      [tokenOf({ typ: undefined }, {}), 'InvalidTokenError'],
      [tokenOf({ alg: 'HS256' }, {}), 'InvalidAlgorithmError'],
      [tokenOf({ kid: 'x' }, {}), 'PyJWKClientError'],
      [tokenOf({}, { iss: 'https://other.example' }), 'InvalidIssuerError'],
      [tokenOf({}, { aud: id }), 'InvalidAudienceError'],
      [tokenOf({}, { exp: now - 1 }), 'ExpiredSignatureError'],
      [tokenOf({}, { exp: undefined }), 'MissingRequiredClaimError'],
      [tokenOf({}, { sid: undefined }), 'MissingRequiredClaimError'],
      [tokenOf({}, { iat: now + 3600 }), 'ImmatureSignatureError'],
      [(await logIn()).replace(/[^.]+$/, 'x'.repeat(86)), 'InvalidSignatureError'],
    ];
    const { stdout, stderr } = spawnSync(PYTHON, [path.join(folder, 'program.py')], {
      input: verdicts.map(([token]) => token).join('\n'),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(verdicts.map(([, verdict]) => verdict));
  },
);
