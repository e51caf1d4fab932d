import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, image, runCli } from '../harness.ts';

/** Neither has a name on any machine. */
const [UID, GID] = [54_321, 65_432];

const isElsewhere = process.platform !== 'linux' || process.getuid?.() !== 0;

test.skipIf(skips(isElsewhere, 'only root on Linux can be another user'))(
  'a server runs as a user without a name and home, on a key file that Kubernetes has mounted and changes',
  async () => {
    const folder = aFolder();
    chmodSync(folder, 0o755);
    const at = (...names: string[]) => path.join(folder, ...names);
    mkdirSync(at('data'));
    chownSync(at('data'), UID, GID);
    mkdirSync(at('secrets'));
    // As Kubernetes does it: a folder for each version, and one link that is replaced.
    const mount = (version: string, keys: string) => {
      mkdirSync(at('secrets', version));
      writeFileSync(at('secrets', version, 'keys.json'), keys);
      chownSync(at('secrets', version, 'keys.json'), 0, GID);
      chmodSync(at('secrets', version, 'keys.json'), 0o440);
      symlinkSync(version, at('secrets', 'next'));
      renameSync(at('secrets', 'next'), at('secrets', '..data'));
    };
    await runCli(folder, ['init'], { DATABASE_URL: 'sqlite:./founding/rekey.db' });
    mount('..1', readFileSync(at('data', 'keys.json'), 'utf8'));
    symlinkSync('..data/keys.json', at('secrets', 'keys.json'));
    execFileSync('rm', [at('data', 'keys.json')]);

    const port = await aFreePort();
    const env = {
      PORT: `${port}`,
      BCRYPT_COST: '10',
      DATABASE_URL: `sqlite:${at('data', 'rekey', 'rekey.db')}`,
      KEYS_FILE: at('secrets', 'keys.json'),
      MAIL_DIR: at('data', 'mail'),
    };
    const as = ['--reuid', `${UID}`, '--regid', `${GID}`, '--clear-groups', process.execPath];
    const server = spawn('setpriv', [...as, image.main], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    let output = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    await expect.poll(() => output, { timeout: 30_000 }).toContain('"msg":"listening"');
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);

    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      [...as, image.cli, 'keyring', 'rotate'],
      {
        cwd: folder,
        env,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^The key file cannot be written here\./),
    });
    expect(JSON.parse(stdout).signing).toHaveLength(2);
    mount('..2', stdout);
    await expect.poll(() => output, { timeout: 30_000 }).toContain('"msg":"keys changed"');
  },
);
