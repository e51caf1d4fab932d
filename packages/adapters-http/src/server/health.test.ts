import { expect, it } from 'vitest';
import { rig } from '../../test/harness.ts';

it('the keys of tokens may be kept for a while, and are sent once as long as they are what they were', async () => {
  const { app } = await rig();
  const url = '/.well-known/jwks.json';
  const first = await app.inject(url);
  expect(first.headers['cache-control']).toBe('public, max-age=60');
  const etag = String(first.headers.etag);
  const again = await app.inject({ url, headers: { 'if-none-match': `"x", ${etag}` } });
  expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
  expect((await app.inject({ url, headers: { 'if-none-match': '"x"' } })).statusCode).toBe(200);
});

it.each(['oauth-authorization-server', 'openid-configuration'])(
  'gateways find the issuer and its keys at /.well-known/%s, and no endpoint that is not there',
  async (document) => {
    const { app } = await rig();
    const response = await app.inject(`/.well-known/${document}`);
    expect(response.json()).toEqual({
      issuer: 'http://localhost:8042',
      jwks_uri: 'http://localhost:8042/.well-known/jwks.json',
    });
    expect(response.headers['cache-control']).toBe('public, max-age=3600');
  },
);
