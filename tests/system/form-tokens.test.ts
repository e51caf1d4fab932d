import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { aFolder, runCli, type Server, startServer } from '../harness.ts';

const orion = { name: 'Orion', email: 'orion@example.com', password: 'correct horse' };

async function post(server: Server, path: string, fields: Record<string, string>, token = '') {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

const me = async (server: Server, token: string) =>
  (await fetch(`${server.url}/users/me`, { headers: { authorization: `Bearer ${token}` } })).status;

/** What a program reads in a token that knows nothing of Rekey but where its keys are. */
async function readElsewhere(server: Server, token: string) {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const { alg, kid } = read(head);
  const response = await fetch(`${server.url}/.well-known/jwks.json`);
  const { keys } = JSON.parse(await response.text());
  const jwk = keys.find((each: { kid: string }) => each.kid === kid);
  expect(jwk).toMatchObject({ alg, use: 'sig' });
  const isGood = verify(
    alg === 'RS256' ? 'sha256' : null,
    Buffer.from(`${head}.${payload}`),
    createPublicKey({ key: jwk, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );
  expect(isGood).toBe(true);
  return { alg, claims: read(payload) };
}

test('the tokens of people are read and verified by others where the operator says so, and stay good when that changes', async () => {
  const folder = aFolder();
  const env = {
    USERS_TOKEN: 'signed',
    USERS_TOKEN_ALG: 'RS256',
    USERS_ISSUER: 'orion-users',
    USERS_TOKEN_TTL: '600',
  };
  const server = await startServer(folder, env);
  const { hash } = (await post(server, '/users/create', orion)).body;
  const { token } = (await post(server, '/users/login', orion)).body;
  const { alg, claims } = await readElsewhere(server, token);
  expect(alg).toBe('RS256');
  expect(claims).toMatchObject({
    iss: 'orion-users',
    sub: hash,
    c_hash: hash,
    upn: orion.email,
    email: orion.email,
    groups: ['user'],
  });
  expect(claims.exp - claims.iat).toBe(600);
  expect(await me(server, token)).toBe(200);

  // A role ends the sessions from before, and stands in the next token.
  expect((await runCli(folder, ['user', 'grant', orion.email, 'admin'], env)).code).toBe(0);
  expect(await me(server, token)).toBe(401);
  const admin = (await post(server, '/users/login', orion)).body.token;
  expect((await readElsewhere(server, admin)).claims.groups).toEqual(['user', 'admin']);
  server.signal('SIGTERM');
  await server.exit;

  // Without the algorithm, tokens from before are good as long as their issuer is, and new ones are encrypted.
  const { USERS_ISSUER } = env;
  const later = await startServer(folder, { USERS_ISSUER });
  expect(await me(later, admin)).toBe(200);
  const encrypted = (await post(later, '/users/login', orion)).body.token;
  expect(encrypted.split('.')).toHaveLength(5);
  expect(await me(later, encrypted)).toBe(200);
  later.signal('SIGTERM');
  await later.exit;
  const other = await startServer(folder);
  expect([await me(other, admin), await me(other, encrypted)]).toEqual([401, 401]);
});
