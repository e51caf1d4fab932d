import { createPublicKey, verify } from 'node:crypto';
import { verifier } from '../../packages/client/src/index.ts';
import { keysOf } from '../../packages/client/src/tokens.ts';
import { type Benchmark, least, type Row, rounds, row } from './figures.ts';
import { fill, SERVICE_KEY, startRekey } from './rekey.ts';

/** Tokens that are checked in turn: as many sessions as a busy backend has. */
const KNOWN = 10_000;

/** Checks of tokens in the process of a backend, on one core of it. */
export const verifying: Benchmark = async (effort) => {
  const data = await fill(null, 10, { users: 1000 });
  const server = await startRekey(data);
  const local = verifier({ url: server.url, key: SERVICE_KEY, maxTokens: 2 * KNOWN });
  await local.ready();
  const count = Math.max(1000, KNOWN * effort.scale);
  const batch = () =>
    Promise.all(Array.from({ length: count }, (_, n) => data.token((n % 1000) + 1)));

  const perSecond = async (
    check: (token: string) => unknown,
    tokens: readonly string[],
    turns = 1,
  ) => {
    const begin = process.cpuUsage();
    for (let turn = 0; turn < turns; turn += 1) {
      for (const token of tokens) await check(token);
    }
    const { user, system } = process.cpuUsage(begin);
    return (tokens.length * turns * 1e6) / (user + system);
  };

  const jwks = await (await fetch(`${server.url}/.well-known/jwks.json`)).json();
  const [key] = keysOf(jwks).values();
  if (key === undefined) throw new Error('there is a key');
  const publicKey = createPublicKey(key.key.export({ format: 'pem', type: 'spki' }));
  const signatureAlone = (token: string) => {
    const at = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(at + 1), 'base64url');
    if (!verify(null, Buffer.from(token.slice(0, at)), publicKey, signature))
      throw new Error('bad');
  };

  const known = await batch();
  for (const token of known) await local.verify(token);
  const fresh = await rounds(effort.rounds, {
    rekey: async () => perSecond((token) => local.verify(token), await batch()),
    signature: async () => perSecond(signatureAlone, await batch()),
  });
  const remembered = await rounds(effort.rounds, {
    rekey: async () => {
      for (const token of known) await local.verify(token);
      return perSecond((token) => local.verify(token), known, 20);
    },
    goal: async () => 100_000,
  });
  local.close();
  await server.stop();
  const rows: Row[] = [
    row(
      'verifier, remembered tokens, a core',
      '1/s',
      remembered.rekey,
      'the goal',
      remembered.goal,
      least(1),
    ),
    row(
      'verifier, new tokens, a core',
      '1/s',
      fresh.rekey,
      'the signature alone',
      fresh.signature,
      least(0.9),
    ),
  ];
  return rows;
};
