import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { buildClient } from '../../tools/client-package.ts';
import { aFolder, createService, startServer } from '../harness.ts';

const root = path.join(import.meta.dirname, '../..');
/** The programs of the machine, and not those of this repository. */
const PATH = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(path.delimiter);
const versionOf = (program: string) =>
  spawnSync(program, ['--version'], { env: { PATH }, encoding: 'utf8' }).stdout?.trim() ?? '';
const major = Number(/^v(\d+)/.exec(versionOf('node'))?.[1] ?? 0);
const canInstall = major >= 20 && versionOf('npm') !== '';

const PATIENCE = { timeout: 240_000 };

const PROGRAM = `
import { RekeyError, rekeyClient, type User } from '@rekey/client';

const [url = '', key = ''] = process.argv.slice(2);
const rekey = rekeyClient({ url, key, retries: 2 });
const idempotencyKey = 'ada';
const made = [];
for (let i = 0; i < 2; i += 1) {
  const { data } = await rekey.createUser(
    { name: 'Ada', email: 'ada@example.com' },
    { idempotencyKey },
  );
  made.push(data.id);
}
const users: User[] = [];
for await (const user of rekey.each.listUsers({ limit: '1' })) users.push(user);
const error = await rekey.readUser({ id: 'nobody' }).catch((reason: unknown) => reason);
const code = error instanceof RekeyError ? error.code : null;
console.log(JSON.stringify({ made, users: users.map(({ id }) => id), code }));
`;

const WEB = `
import { requireUser, userOf, type Verified, verifier } from '@rekey/client';
import express from 'express';
import fastify from 'fastify';

const tokens = verifier({ url: 'http://127.0.0.1:1', key: 'rks_unknown' });

const web = express();
web.use('/api', requireUser(tokens));
web.get('/api/me', requireUser(tokens), (request, response) => {
  const user: Verified = userOf(request);
  response.json({ id: user.userId });
});

const app = fastify();
app.addHook('onRequest', requireUser({ verify: (token) => tokens.ask(token) }));
app.get('/api/me', { preHandler: requireUser(tokens) }, async (request, reply) => {
  // @ts-expect-error: a user has no such member
  void userOf(request).name;
  return reply.send({ id: userOf(request).userId });
});
app.inject('/api/me').then(({ statusCode }) => {
  console.log(statusCode);
  tokens.close();
});
`;

/** A project with nothing in it but the client, installed from its tarball. */
function aProject() {
  const folder = aFolder();
  const npm = (...args: string[]) =>
    execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
      cwd: folder,
      env: { PATH, HOME: folder },
      stdio: 'pipe',
    });
  npm('pack', buildClient(path.join(folder, 'built')), '--pack-destination', folder);
  const [tarball = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  npm('install', `./${tarball}`);
  return {
    folder,
    /** Makes a package of this repository one of the project. */
    link(name: string): void {
      const place = path.join(folder, 'node_modules', name);
      mkdirSync(path.dirname(place), { recursive: true });
      symlinkSync(path.join(root, 'node_modules', name), place);
    },
    /** Checks and compiles a program; answers what is wrong with it. */
    compile(text: string, ...options: string[]): string {
      writeFileSync(path.join(folder, 'program.ts'), text);
      const compiler = path.join(root, 'node_modules/.bin/tsc');
      const all = ['--module', 'nodenext', '--target', 'es2022', '--strict', ...options];
      return spawnSync(compiler, [...all, 'program.ts'], { cwd: folder, encoding: 'utf8' }).stdout;
    },
    /** Runs it on the node of the machine. */
    run(...args: string[]) {
      const { stdout, stderr } = spawnSync('node', ['program.js', ...args], {
        cwd: folder,
        env: { PATH },
        encoding: 'utf8',
      });
      return { stdout, stderr };
    },
  };
}

describe.skipIf(
  skips(!canInstall, 'the package of the client needs a node and an npm of the machine'),
)('the package of the client', () => {
  test(
    'installs into an empty project, runs on the node of the machine, and has its types',
    PATIENCE,
    async () => {
      const { folder, compile, run } = aProject();
      const installed = path.join(folder, 'node_modules/@rekey/client');
      expect(
        readdirSync(installed)
          .filter((file) => /\.ts$/.test(file))
          .toSorted(),
      ).toEqual([
        'api.d.ts',
        'call.d.ts',
        'client.d.ts',
        'index.d.ts',
        'memory.d.ts',
        'messages.d.ts',
        'require-user.d.ts',
        'revocations.d.ts',
        'tokens.d.ts',
        'verifier.d.ts',
      ]);
      expect(existsSync(path.join(installed, 'node_modules'))).toBe(false);

      const globals = 'declare const process: { readonly argv: string[] };\n';
      writeFileSync(path.join(folder, 'globals.d.ts'), globals);
      expect(compile(PROGRAM, '--lib', 'es2022,dom', 'globals.d.ts')).toBe('');

      const { url } = await startServer(folder);
      const { key } = await createService(folder);
      const ran = run(url, key.value);
      expect(ran.stderr).toBe('');
      const { made, users, code } = JSON.parse(ran.stdout);
      expect(made[1]).toBe(made[0]);
      expect(users).toEqual([made[0]]);
      expect(code).toBe('not_found');
    },
  );

  test('guards programs with Express and Fastify, whose types fit', PATIENCE, () => {
    const { link, compile, run } = aProject();
    for (const name of ['express', 'fastify', '@types/express', '@types/node']) link(name);
    expect(compile(WEB, '--lib', 'es2022', '--types', 'node')).toBe('');
    expect(run()).toEqual({ stdout: '401\n', stderr: '' });
  });
});
