import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, image, spawnServer, startServer } from '../harness.ts';

const isUp = (port: number) =>
  fetch(`http://127.0.0.1:${port}/ping`).then(
    () => true,
    () => false,
  );

test('signals that are not about stopping do no harm, and open no debugger', async () => {
  const server = await startServer(aFolder());
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    server.signal(signal);
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  }
  expect(server.output()).not.toMatch(/debugger/i);
  server.signal('SIGTERM');
  expect(await server.exit).toEqual({ code: 0, signal: null });
});

test('a server that still waits for its database ends when it is told to', async () => {
  const connected = Promise.withResolvers<void>();
  const silent = createServer(() => connected.resolve()).listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const server = spawnServer(aFolder(), { DATABASE_URL: `postgres://127.0.0.1:${port}/rekey` });
  await connected.promise;
  server.signal('SIGTERM');
  // Not by the signal itself, which the first process of a container would not notice.
  expect(await server.exit).toEqual({ code: 1, signal: null });
});

describe.skipIf(skips(process.platform !== 'linux', 'only Linux can be asked who started whom'))(
  'a server whose package manager was ended without a word to it',
  () => {
    // Of a script, of `npm exec` and `npx`, and of `pnpm exec`.
    const marks = ['npm_lifecycle_event', 'npm_command', 'PNPM_PACKAGE_NAME'];
    test.each(marks)('stops, where that left the mark %s', async (mark) => {
      const folder = aFolder();
      const port = await aFreePort();
      // As npm does it: a process of that name, a shell, and the script; the signal ends the first alone.
      mkdirSync(path.join(folder, 'bin'));
      const npm = path.join(folder, 'bin/npm.mjs');
      writeFileSync(
        npm,
        `import { spawn } from 'node:child_process';
       const env = { ...process.env, ${mark}: 'rekey' };
       const script = "'" + process.execPath + "' '${image.main}'; exit $?";
       spawn('sh', ['-c', script], { env, stdio: 'ignore' });
       setInterval(() => {}, 1000);`,
      );
      const launcher = spawn(process.execPath, [npm], {
        cwd: folder,
        env: { PATH: process.env.PATH, PORT: `${port}`, BCRYPT_COST: '10' },
        stdio: 'ignore',
      });
      onTestFinished(() => void launcher.kill('SIGKILL'));
      await expect.poll(() => isUp(port), { timeout: 30_000 }).toBe(true);
      launcher.kill('SIGTERM');
      await expect.poll(() => isUp(port), { timeout: 15_000 }).toBe(false);
    });
  },
);
