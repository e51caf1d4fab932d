import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, afterAllTests, type Server, startServer } from '../harness.ts';
import { launch, noBrowser, open } from './browser.ts';

const PASSWORD = 'correct horse';

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))('in a browser, a page', () => {
  const atEnd = afterAllTests();
  let browser: Browser;
  let server: Server;
  let allowed: string;
  let foreign: string;

  beforeAll(async () => {
    [allowed, foreign] = [await aSite(), await aSite()];
    const settings = { PORT: '0', CORS_ALLOW_ORIGIN: allowed };
    const starting = startServer(aFolder(atEnd), settings, undefined, atEnd);
    [browser, server] = await Promise.all([launch(), starting]);
    atEnd(() => browser.close());
  });

  /** A site with an empty page, at an origin of its own. */
  async function aSite(): Promise<string> {
    const site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>App</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    atEnd(() => void site.close());
    return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  }

  type Call = { readonly method: string; readonly path: string; readonly token?: string };

  /** What a script on the page of a site gets to see of an answer; null where the browser keeps it from the page. */
  async function callFrom(site: string, call: Call, fields: Record<string, string> = {}) {
    const { page, context } = await open(browser);
    await page.goto(site);
    const seen = await page.evaluate(
      async ({ base, method, path, token, fields }) => {
        const response = await fetch(`${base}${path}`, {
          method,
          headers: {
            'idempotency-key': crypto.randomUUID?.() ?? String(Math.random()),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          ...(method !== 'GET' && { body: new URLSearchParams(fields) }),
        }).catch(() => null);
        if (response === null) return null;
        const challenge = response.headers.get('www-authenticate');
        return { status: response.status, body: await response.text(), challenge };
      },
      { base: server.url, ...call, fields },
    );
    await context.close();
    return seen && { ...seen, body: JSON.parse(seen.body) };
  }

  const create = { method: 'POST', path: '/users/create' };
  const login = { method: 'POST', path: '/users/login' };
  const person = (email: string) => ({ name: 'Ada', email, password: PASSWORD });

  test('of an allowed origin signs up, logs in, changes the password, and reads why it is refused', async () => {
    const fields = person('allowed@example.com');
    expect(await callFrom(allowed, create, fields)).toMatchObject({ status: 200 });
    const session = await callFrom(allowed, login, fields);
    const { token } = session?.body ?? {};
    const update = { method: 'PUT', path: '/users/update/password' };
    const change = { ...fields, newPassword: 'battery staple seven' };
    expect(await callFrom(allowed, { ...update, token }, change)).toMatchObject({ status: 200 });

    expect(await callFrom(allowed, create)).toMatchObject({
      status: 400,
      body: { code: 'invalid_argument' },
    });
    expect(await callFrom(allowed, { ...update, token: 'x' }, change)).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="rekey", error="invalid_token"',
    });
  });

  test('of another origin reads nothing, and changes nothing', async () => {
    const fields = person('foreign@example.com');
    expect(await callFrom(foreign, create, fields)).toBeNull();
    expect(await callFrom(foreign, login, fields)).toBeNull();
    expect(await callFrom(allowed, login, fields)).toMatchObject({ status: 401 });
  });
});
