import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { skips } from '@rekey/usecases/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshPostgres } from '../../test/postgres.ts';
import { inspectDatabase, openDatabase } from '../index.ts';

const url = await freshPostgres();
const isMissing = url === null || spawnSync('openssl', ['version']).status !== 0;

describe.skipIf(skips(isMissing, 'PostgreSQL or openssl is missing'))('a server with TLS', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-tls-'));
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const sockets = new Set<Socket>();
  const server = createServer((plain) => {
    sockets.add(plain);
    plain.on('error', () => undefined);
    // SSLRequest and its answer; what follows is as before, within TLS.
    plain.once('data', () => {
      plain.write('S');
      const secure = new TLSSocket(plain, {
        isServer: true,
        cert: readFileSync(cert),
        key: readFileSync(key),
      });
      const { hostname, port } = new URL(url ?? '');
      const behind = connect(Number(port), hostname);
      for (const socket of [secure, behind]) socket.on('error', () => socket.destroy());
      secure.pipe(behind).pipe(secure);
    });
  });

  beforeAll(async () => {
    const made = ['-keyout', key, '-out', cert, '-subj', '/CN=db.example', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made], {
      stdio: 'ignore',
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const urlWith = (query: string) => {
    const there = new URL(`${url}?${query}`);
    there.port = String((server.address() as AddressInfo).port);
    return there.href;
  };
  const endOf = async (query: string) => {
    const opened = await openDatabase({ url: urlWith(query) });
    try {
      return await opened.migrate().then(
        () => 'connected',
        (error: Error) => error.message,
      );
    } finally {
      await opened.close();
    }
  };

  test('is spoken to over TLS by sslmode, and known as far as the mode says', async () => {
    expect(await endOf('sslmode=require')).toBe('connected');
    expect(await endOf(`sslmode=require&sslrootcert=${cert}`)).toBe('connected');
    expect(await endOf(`sslmode=verify-ca&sslrootcert=${cert}`)).toBe('connected');
    expect(await endOf('sslmode=verify-full')).toMatch(/self-signed/);
    // Its certificate is for db.example.
    expect(await endOf(`sslmode=verify-full&sslrootcert=${cert}`)).toMatch(/altnames|127\.0\.0\.1/);
  });

  test('is shown with its protocol, and with a warning where nobody looks at its certificate', async () => {
    const shown = async (query: string) => (await inspectDatabase(urlWith(query)))?.connection;
    expect(await shown(`sslmode=verify-ca&sslrootcert=${cert}`)).toEqual({
      encryption: 'TLSv1.3',
      isExposed: false,
    });
    expect(await shown('sslmode=require')).toEqual({
      encryption: 'TLSv1.3, and the certificate of the server is not checked',
      isExposed: true,
    });
  });
});
