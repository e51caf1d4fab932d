import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, runCli, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const CADDY = '/usr/bin/caddy';
const BACKEND = '127.0.0.2';
const PERSON = '203.0.113.66';

const isMissing = process.platform !== 'linux' || !existsSync(CADDY);

test.skipIf(skips(isMissing, 'caddy is not installed'))(
  'the proxy of compose.yaml passes on the address that a backend names, and believes nobody else',
  async () => {
    const folder = aFolder();
    // What compose.yaml sets where BACKEND is in .env.
    const env = { TRUST_PROXY: `127.0.0.1,${BACKEND}` };
    const server = await startServer(folder, env);
    const port = await aFreePort();
    const file = path.join(folder, 'Caddyfile');
    const { content } = parse(textOf('compose.yaml')).configs.caddyfile;
    const upstream = new URL(server.url).host;
    writeFileSync(
      file,
      `{\n admin off\n}\n${content}`
        .replace(/^:80 /m, `http://127.0.0.1:${port} `)
        .replace('rekey-1:8042 rekey-2:8042', upstream)
        // As Docker Compose fills it in.
        .replaceAll(/\$\{BACKEND:-[\d.]+\}/g, BACKEND),
    );
    const proxy = spawn(CADDY, ['run', '--config', file, '--adapter', 'caddyfile'], {
      env: { PATH: process.env.PATH, HOME: folder },
      stdio: 'ignore',
    });
    onTestFinished(() => void proxy.kill('SIGKILL'));

    const signUp = (localAddress: string, email: string) =>
      new Promise<number | null>((resolve) => {
        const body = new URLSearchParams({ name: 'Ada', email, password: 'correct horse' });
        const headers = {
          'content-type': 'application/x-www-form-urlencoded',
          'x-forwarded-for': PERSON,
        };
        const options = { method: 'POST', port, host: '127.0.0.1', localAddress, headers };
        request({ ...options, path: '/users/create' }, (response) => {
          response.resume();
          resolve(response.statusCode ?? null);
        })
          .on('error', () => resolve(null))
          .end(body.toString());
      });
    const through = (email: string) => () => signUp(BACKEND, email);
    await expect.poll(through('ada@example.com'), { timeout: 30_000 }).toBe(200);
    expect(await signUp('127.0.0.3', 'bob@example.com')).toBe(200);

    const { stdout } = await runCli(folder, ['audit', 'list', '--json']);
    const { entries } = JSON.parse(stdout);
    const remotes = entries
      .filter(({ type }: { type: string }) => /UserCreate/.test(type))
      .map(({ remote }: { remote: string }) => remote);
    expect(remotes.toSorted()).toEqual(['127.0.0.3', PERSON]);
  },
);
