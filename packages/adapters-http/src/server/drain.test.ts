import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, rig, slowKeys, wire } from '../../test/harness.ts';

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
/** Longer than any test: a test that waits for the cut fails. */
const NEVER = 60_000;

let server: Rig;
afterEach(() => server.drain({ ms: 0 }));

async function listening() {
  const { jwks, started, release } = slowKeys();
  server = await rig({ jwks });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { started, release };
}

describe('a stop', () => {
  it('lets requests under way finish, and asks their clients to leave', async () => {
    const { started, release } = await listening();
    const client = await wire(server);
    client.send(GET('/.well-known/jwks.json'));
    await started;
    const stopped = server.drain({ ms: NEVER });
    release();
    const answer = await client.closed();
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/^connection: close$/im);
    await stopped;
  });

  it('answers requests on open connections, and is not ready at once', async () => {
    const { started, release } = await listening();
    const [busy, idle, fresh] = [await wire(server), await wire(server), await wire(server)];
    idle.send(GET('/ping'));
    await idle.until('Pong');
    busy.send(GET('/.well-known/jwks.json'));
    await started;

    const stopped = server.drain({ ms: NEVER });
    idle.send(GET('/health/ready'));
    fresh.send(GET('/%ZZ'));
    const [, , second = ''] = (await idle.closed()).split('HTTP/1.1 ');
    expect(second).toMatch(/^503 .*^connection: close.*"detail":"not ready"/ims);
    expect(await fresh.closed()).toMatch(/^HTTP\/1.1 400 .*^connection: close/ims);
    release();
    await stopped;
  });

  it('answers a request that came while the process stood still', async () => {
    const { started, release } = await listening();
    const [busy, idle] = [await wire(server), await wire(server)];
    idle.send(GET('/ping'));
    await idle.until('Pong');
    busy.send(GET('/.well-known/jwks.json'));
    await started;
    const stopped = server.drain({ ms: NEVER });
    idle.send(GET('/ping'));
    // Until after idle connections are closed: the request is there, and nobody has read it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    const [, , second = ''] = (await idle.closed()).split('HTTP/1.1 ');
    expect(second).toMatch(/^200 /);
    release();
    await stopped;
  });

  it('takes no new connections', async () => {
    const { started, release } = await listening();
    const port = server.port();
    const client = await wire(server);
    client.send(GET('/.well-known/jwks.json'));
    await started;
    const stopped = server.drain({ ms: NEVER });
    const late = connect(port, '127.0.0.1');
    const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
      late.once('error', resolve),
    );
    expect(error.code).toBe('ECONNREFUSED');
    release();
    await stopped;
  });

  it('waits neither for connections that never sent a byte nor for idle ones', async () => {
    await listening();
    const silent = await wire(server);
    const idle = await wire(server);
    idle.send(GET('/ping'));
    await idle.until('Pong');
    await server.drain({ ms: NEVER });
    expect(await silent.closed()).toBe('');
    expect(await idle.closed()).toContain('Pong');
  });

  it('cuts the connections that remain when the time is over', async () => {
    const { started } = await listening();
    const stuck = await wire(server);
    stuck.send(GET('/.well-known/jwks.json'));
    await started;
    const slow = await wire(server);
    slow.send('GET /ping HTTP/1.1\r\nHo');
    await server.drain({ ms: 1 });
    expect(await stuck.closed()).toBe('');
    expect(await slow.closed()).toBe('');
  });

  it('may be asked for twice, and for a server that never listened', async () => {
    server = await rig();
    const stopped = server.drain({ ms: NEVER });
    expect(server.drain({ ms: NEVER })).toBe(stopped);
    await stopped;
  });
});
