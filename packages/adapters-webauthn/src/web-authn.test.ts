import { createSecretKey, randomBytes } from 'node:crypto';
import { START, webAuthnContract } from '@rekey/usecases/testing';
import { isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import { describe, expect, test } from 'vitest';
import { authenticator } from '../test/authenticator.ts';
import { rpIdsOf, webAuthn } from './index.ts';

const origins = [
  'https://rekey.example',
  'https://app.rekey.example',
  'https://other.example',
] as const;
const aSecret = () => ({ key: createSecretKey(randomBytes(32)) });

function aServer(secrets: [ReturnType<typeof aSecret>, ...ReturnType<typeof aSecret>[]]) {
  return webAuthn({ origins, challengeKeys: () => secrets, blindKeys: () => secrets });
}

webAuthnContract('@simplewebauthn/server', async () => {
  const secret = aSecret();
  return {
    webAuthn: aServer([secret]),
    rotated: aServer([aSecret(), secret]),
    stranger: aServer([aSecret()]),
    authenticator: () => authenticator(origins[0]),
  };
});

describe('the domain of an origin', () => {
  test('is its host, or the shortest host around it that is named as well', () => {
    const rpIds = rpIdsOf([
      'https://id.example.com',
      'https://app.example.com:8443',
      'https://example.org',
      'https://www.example.org',
      'https://a.b.example.org',
      'http://localhost:8042',
    ]);
    expect([...rpIds.values()]).toEqual([
      'id.example.com',
      'app.example.com',
      'example.org',
      'example.org',
      'example.org',
      'localhost',
    ]);
  });
});

describe('an attestation', () => {
  test('by which a maker vouches for the authenticator is refused: nobody asked for it', async () => {
    const server = aServer([aSecret()]);
    const ceremony = { kind: 'create', serviceId: 'a', account: 'b' } as const;
    const challenge = server.challenge(ceremony, START);
    const options = { challenge, rp: { id: 'rekey.example' }, user: { id: 'AAAA' } };
    const made = (await authenticator(origins[0]).create(options)) as {
      response: { attestationObject: string };
    };
    const bytes = isoBase64URL.toBuffer(made.response.attestationObject);
    const attestation = isoCBOR.decodeFirst<Map<string, unknown>>(bytes);
    for (const [fmt, attStmt] of [
      ['packed', new Map([['x5c', [new Uint8Array(4)]]])],
      ['tpm', new Map()],
      ['apple', new Map()],
    ] as const) {
      attestation.set('fmt', fmt).set('attStmt', attStmt);
      const encoded = isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0]);
      const attestationObject = isoBase64URL.fromBuffer(encoded);
      const response = { ...made, response: { ...made.response, attestationObject } };
      const answer = { response, ceremony, origin: undefined, now: START };
      expect(await server.created(answer), fmt).toBeNull();
    }
  });
});

describe('made-up passkeys', () => {
  test('come in the numbers and shapes of real ones', () => {
    const server = aServer([aSecret()]);
    const all = Array.from({ length: 500 }, (_, index) =>
      server.madeUp(`user${index}@example.com`),
    );
    expect(new Set(all.map(({ length }) => length))).toEqual(new Set([1, 2, 3]));
    const ids = all.flat().map(({ credentialId }) => credentialId);
    expect(new Set(ids).size).toBe(ids.length);
    const lengths = ids.map((id) => Buffer.from(id, 'base64url').length);
    expect(new Set(lengths)).toEqual(new Set([16, 20, 32, 48, 64]));
  });
});
