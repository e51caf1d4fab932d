import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { buildClient } from '../../tools/client-package.ts';
import { aFolder, createService, startServer } from '../harness.ts';

/** The programs of the machine, and not those of this repository. */
const PATH = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(path.delimiter);
const versionOf = (program: string) =>
  spawnSync(program, ['--version'], { env: { PATH }, encoding: 'utf8' }).stdout?.trim() ?? '';
const major = Number(/^v(\d+)/.exec(versionOf('node'))?.[1] ?? 0);
const canInstall = major >= 20 && versionOf('npm') !== '';

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

test.skipIf(skips(!canInstall, 'the package of the client needs a node and an npm of the machine'))(
  'the client installs into an empty project, runs on the node of the machine, and has its types',
  async () => {
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
      'messages.d.ts',
      'require-user.d.ts',
      'revocations.d.ts',
      'tokens.d.ts',
      'verifier.d.ts',
    ]);
    expect(existsSync(path.join(installed, 'node_modules'))).toBe(false);

    writeFileSync(path.join(folder, 'program.ts'), PROGRAM);
    const compiler = path.join(import.meta.dirname, '../../node_modules/.bin/tsc');
    const options = [
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--strict',
    ];
    const globals = 'declare const process: { readonly argv: string[] };\n';
    writeFileSync(path.join(folder, 'globals.d.ts'), globals);
    const checked = spawnSync(compiler, [...options, 'globals.d.ts', 'program.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(checked.stdout).toBe('');

    const { url } = await startServer(folder);
    const { key } = await createService(folder);
    const ran = spawnSync('node', ['program.js', url, key.value], {
      cwd: folder,
      env: { PATH },
      encoding: 'utf8',
    });
    expect(ran.stderr).toBe('');
    const { made, users, code } = JSON.parse(ran.stdout);
    expect(made[1]).toBe(made[0]);
    expect(users).toEqual([made[0]]);
    expect(code).toBe('not_found');
  },
);
