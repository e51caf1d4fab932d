import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { formServiceId } from '@rekey/domain';
import { accessTokensContract, fakeClock, START } from '@rekey/usecases/testing';
import fc from 'fast-check';
import {
  CompactEncrypt,
  CompactSign,
  compactDecrypt,
  createLocalJWKSet,
  type JWTPayload,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { describe, expect, test } from 'vitest';
import { accessTokens, type PeopleTokens } from './access-tokens.ts';
import type { FileKey } from './key-file.ts';

const issuer = 'https://rekey.example';
const grant = { sessionId: 'session-1', userId: 'user-1', serviceId: 'service-1' };
/** A person at the built-in service, as the token says it. */
const personal = { ...grant, serviceId: formServiceId };
const holder = { email: 'ada@example.com', roles: ['user', 'admin'] } as const;
const SECONDS = START / 1000;

const signingPair = () => generateKeyPairSync('ed25519').privateKey;
const encryptionPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const aKey = (kid: string, key: KeyObject): FileKey => ({ kid, createdAt: 0, key });

const signing = aKey('s1', signingPair());
const encryption = aKey('e1', encryptionPair());
const encryptionPublic = createPublicKey(encryption.key);

function setUp(options: Partial<Parameters<typeof accessTokens>[0]> = {}) {
  const clock = fakeClock(START);
  const keys = () => ({ signing: [signing], encryption: [encryption] }) as const;
  return { clock, tokens: accessTokens({ keys, clock, issuer, ttlS: 3600, ...options }) };
}

const peoplesOwn = { form: 'signed', issuer: 'https://people.example', ttlS: 60 } as const;
const publicBytes = (key: KeyObject) =>
  createPublicKey(key).export({ type: 'spki', format: 'der' });

type Tokens = ReturnType<typeof accessTokens>;
/** A token of a service, which is signed, and one of a person, which is encrypted. */
const kinds = {
  signed: { of: grant, issue: (tokens: Tokens) => tokens.issue(grant) },
  encrypted: { of: personal, issue: (tokens: Tokens) => tokens.issue(personal, holder) },
};
const forms = ['signed', 'encrypted'] as const;

const claims = {
  iss: issuer,
  aud: grant.serviceId,
  sub: grant.userId,
  client_id: grant.serviceId,
  sid: grant.sessionId,
  jti: 'token-1',
  iat: SECONDS,
  exp: SECONDS + 3600,
};
const jwsHeader = { alg: 'EdDSA', typ: 'at+jwt', kid: 's1' };
const jweHeader = { alg: 'RSA-OAEP', enc: 'A256GCM', cty: 'JWT', kid: 'e1' };

const sign = (payload: JWTPayload = claims, header: object = {}, key: KeyObject = signing.key) =>
  new SignJWT(payload).setProtectedHeader({ ...jwsHeader, ...header }).sign(key);
const encrypt = (
  content: string,
  header: object = {},
  key: KeyObject | Uint8Array = encryptionPublic,
) =>
  new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ ...jweHeader, ...header })
    .encrypt(key);

const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());

accessTokensContract('jose', async () => {
  const clock = fakeClock(START);
  const keys = {
    signing: [aKey('s1', signingPair())],
    encryption: [aKey('e1', encryptionPair())],
  } as const;
  return { accessTokens: accessTokens({ keys: () => keys, clock, issuer, ttlS: 3600 }), clock };
});

describe('an access token', () => {
  test.each(forms)('that is %s gives its grant back', async (form) => {
    const { tokens } = setUp();
    const { token, expiresAt } = await kinds[form].issue(tokens);
    expect(expiresAt).toBe(START + 3_600_000);
    // Computed first, remembered then.
    expect(await tokens.verify(token)).toMatchObject(kinds[form].of);
    expect(await tokens.verify(token)).toMatchObject(kinds[form].of);
    expect(await setUp().tokens.verify(token)).toMatchObject(kinds[form].of);
  });

  test('has the header and the claims of RFC 9068, and verifies with the published keys', async () => {
    const { tokens } = setUp();
    const { token } = await tokens.issue(grant);
    const { protectedHeader, payload } = await jwtVerify(token, createLocalJWKSet(tokens.jwks()), {
      currentDate: new Date(START),
      audience: grant.serviceId,
      typ: 'at+jwt',
    });
    expect(protectedHeader).toEqual(jwsHeader);
    const jti = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(payload).toEqual({ ...claims, jti });
  });

  test('holds the signed one when it is encrypted', async () => {
    const { tokens } = setUp();
    const { token } = await tokens.issue(personal, holder);
    const { plaintext, protectedHeader } = await compactDecrypt(token, encryption.key);
    expect(protectedHeader).toEqual(jweHeader);
    expect(headerOf(Buffer.from(plaintext).toString())).toEqual(jwsHeader);
  });

  test('is another one each time', async () => {
    const { tokens } = setUp();
    const one = await tokens.issue(grant);
    const two = await tokens.issue(grant);
    expect(one.token).not.toBe(two.token);
  });

  test.each(forms)('that is %s expires on a whole second, remembered or not', async (form) => {
    const { tokens, clock } = setUp();
    clock.set(START + 999);
    const { token, expiresAt } = await kinds[form].issue(tokens);
    expect(expiresAt).toBe(START + 3_600_000);
    clock.set(expiresAt - 1);
    expect(await tokens.verify(token)).toMatchObject(kinds[form].of);
    clock.set(expiresAt);
    expect(await tokens.verify(token)).toBe(null);
    const other = setUp();
    other.clock.set(expiresAt);
    expect(await other.tokens.verify(token)).toBe(null);
  });

  test('may come from a clock that is 30 seconds ahead, and no more', async () => {
    const { tokens, clock } = setUp();
    const { token } = await tokens.issue(grant);
    clock.set(START - 30_001);
    expect(await tokens.verify(token)).toBe(null);
    clock.set(START - 30_000);
    expect(await tokens.verify(token)).toMatchObject(grant);
    clock.set(START - 30_001);
    expect(await tokens.verify(token)).toBe(null);
  });

  test.each(forms)('that is %s stays good while its keys are in the file', async (form) => {
    const { token } = await kinds[form].issue(setUp().tokens);
    const newer = { signing: aKey('s2', signingPair()), encryption: aKey('e2', encryptionPair()) };
    const rotated = setUp({
      keys: () => ({
        signing: [newer.signing, signing],
        encryption: [newer.encryption, encryption],
      }),
    });
    expect(await rotated.tokens.verify(token)).toMatchObject(kinds[form].of);
    const { token: next } = await kinds[form].issue(rotated.tokens);
    expect(headerOf(next).kid).toBe(form === 'signed' ? 's2' : 'e2');
    expect(await rotated.tokens.verify(next)).toMatchObject(kinds[form].of);

    const gone = setUp({
      keys: () => ({ signing: [newer.signing], encryption: [newer.encryption] }),
    });
    expect(await gone.tokens.verify(token)).toBe(null);
  });

  test.each(forms)('that is %s is computed once, and remembered then', async (form) => {
    const { tokens } = setUp();
    const { token } = await kinds[form].issue(tokens);
    await tokens.verify(token);
    // A result of the thread pool cannot be there before the event loop has turned.
    const order: string[] = [];
    const turned = new Promise(setImmediate).then(() => order.push('turned'));
    await tokens.verify(token).then(() => order.push('verified'));
    await turned;
    expect(order).toEqual(['verified', 'turned']);
  });

  test('that was good is refused once its key is taken out of the file', async () => {
    let keys = { signing: [signing], encryption: [encryption] } as const;
    const { tokens } = setUp({ keys: () => keys });
    const { token } = await tokens.issue(grant);
    expect(await tokens.verify(token)).toMatchObject(grant);
    keys = { ...keys, signing: [aKey('s2', signingPair())] };
    expect(await tokens.verify(token)).toBe(null);
  });

  test('stays good when others push it out of what is remembered', async () => {
    const { tokens } = setUp({ maxRemembered: 1 });
    const { token: one } = await tokens.issue(grant);
    const { token: two } = await tokens.issue({ ...grant, userId: 'user-2' });
    for (const _round of [1, 2]) {
      expect(await tokens.verify(one)).toMatchObject(grant);
      expect(await tokens.verify(two)).toMatchObject({ ...grant, userId: 'user-2' });
    }
  });
});

describe('the token of a person', () => {
  const rsa = aKey('r1', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  const keys = () => ({ signing: [signing], signingRsa: [rsa], encryption: [encryption] }) as const;
  const people = (details: Partial<PeopleTokens> = {}) =>
    setUp({
      keys,
      people: {
        form: 'signed',
        alg: 'EdDSA',
        issuer: 'https://people.example',
        ttlS: 60,
        ...details,
      },
    });
  const read = (token: string, tokens: Tokens) =>
    jwtVerify(token, createLocalJWKSet(tokens.jwks()), { currentDate: new Date(START) });

  test('says address and roles, and the id as clients of orion users know it', async () => {
    const { tokens } = people();
    const { token, expiresAt } = await tokens.issue(personal, holder);
    expect(expiresAt).toBe(START + 60_000);
    const { payload, protectedHeader } = await read(token, tokens);
    expect(protectedHeader).toEqual(jwsHeader);
    expect(payload).toEqual({
      ...claims,
      iss: 'https://people.example',
      aud: formServiceId,
      client_id: formServiceId,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      exp: SECONDS + 60,
      upn: holder.email,
      email: holder.email,
      groups: ['user', 'admin'],
      c_hash: grant.userId,
    });
    expect(await tokens.verify(token)).toEqual({ ...personal, expiresAt });
  });

  test('is encrypted unless the operator says otherwise, and holds as much then', async () => {
    const { tokens } = people({ form: 'encrypted' });
    const { token } = await tokens.issue(personal, holder);
    const { plaintext, protectedHeader } = await compactDecrypt(token, encryption.key);
    expect(protectedHeader).toEqual(jweHeader);
    const { payload } = await read(Buffer.from(plaintext).toString(), tokens);
    expect(payload).toMatchObject({ upn: holder.email, groups: ['user', 'admin'] });
    expect(await tokens.verify(token)).toMatchObject(personal);
  });

  test.each(['signed', 'encrypted'] as const)('may be signed with RS256: %s', async (form) => {
    const { tokens } = people({ alg: 'RS256', form });
    const { token } = await tokens.issue(personal, holder);
    expect(token.length).toBeLessThan(2500);
    expect(await tokens.verify(token)).toMatchObject(personal);
    if (form === 'encrypted') return;
    const { protectedHeader } = await read(token, tokens);
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: 'r1' });
  });

  test('stays good when the operator chooses the other algorithm and form', async () => {
    const { token } = await people({ alg: 'RS256' }).tokens.issue(personal, holder);
    expect(await people({ form: 'encrypted' }).tokens.verify(token)).toMatchObject(personal);
    const { token: other } = await people().tokens.issue(personal, holder);
    expect(await people({ alg: 'RS256' }).tokens.verify(other)).toMatchObject(personal);
    // The key is not in the file any more.
    expect(
      await setUp({ people: { ...peoplesOwn, alg: 'EdDSA' } }).tokens.verify(token),
    ).toBeNull();
  });

  test('has the issuer of people, and that of a service the other one', async () => {
    const { tokens } = people();
    const { token: service } = await tokens.issue(grant);
    expect((await read(service, tokens)).payload.iss).toBe(issuer);
    expect(await tokens.verify(service)).toMatchObject(grant);
    const person = { ...claims, aud: formServiceId, client_id: formServiceId };
    const swapped = [await sign(person), await sign({ ...claims, iss: 'https://people.example' })];
    for (const token of swapped) expect(await tokens.verify(token)).toBeNull();
    expect(await tokens.verify(await sign({ ...person, iss: 'https://people.example' }))).toEqual({
      ...personal,
      expiresAt: START + 3_600_000,
    });
  });

  test('is the only one that RS256 is good for, and with its own keys alone', async () => {
    const { tokens } = people();
    const person = {
      ...claims,
      iss: 'https://people.example',
      aud: formServiceId,
      client_id: formServiceId,
    };
    const rs256 = (payload: JWTPayload, key: KeyObject, header: object = {}) =>
      sign(payload, { alg: 'RS256', kid: 'r1', ...header }, key);
    expect(await tokens.verify(await rs256(person, rsa.key))).toMatchObject(personal);
    for (const token of [
      await rs256(claims, rsa.key),
      await rs256(person, encryption.key, { kid: 'e1' }),
      await rs256(person, encryption.key),
      await rs256(person, rsa.key, { kid: 's1' }),
      await sign(person, { alg: 'PS256', kid: 'r1' }, rsa.key),
      await sign(person, { kid: 'r1' }),
      await sign(person, { alg: 'HS256', kid: 'r1' }, createSecretKey(publicBytes(rsa.key))),
    ]) {
      expect(await tokens.verify(token)).toBeNull();
    }
  });

  test('is not issued without a key for its algorithm', async () => {
    const { tokens } = setUp({ people: { ...peoplesOwn, alg: 'RS256' } });
    await expect(tokens.issue(personal, holder)).rejects.toThrow('no key for RS256');
  });
});

describe('the published keys', () => {
  test('are those of RS256 as well, where there are some', () => {
    const rsa = aKey('r1', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    const { n } = createPublicKey(rsa.key).export({ format: 'jwk' });
    const { tokens } = setUp({
      keys: () => ({ signing: [signing], signingRsa: [rsa], encryption: [encryption] }),
    });
    expect(tokens.jwks().keys).toEqual([
      expect.objectContaining({ kid: 's1' }),
      { kty: 'RSA', n, e: 'AQAB', use: 'sig', alg: 'RS256', kid: 'r1' },
    ]);
  });

  test('are the public halves of the signing keys, and nothing else', () => {
    const { x } = createPublicKey(signing.key).export({ format: 'jwk' });
    expect(setUp().tokens.jwks()).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x, use: 'sig', alg: 'EdDSA', kid: 's1' }],
    });
  });
});

describe('what was not issued here', () => {
  const refused = async (token: string) => {
    expect(await setUp().tokens.verify(token)).toBe(null);
  };

  test('the forgeries below are refused for what is wrong with them alone', async () => {
    const { tokens } = setUp();
    expect(await tokens.verify(await sign())).toMatchObject(grant);
    expect(await tokens.verify(await encrypt(await sign()))).toMatchObject(grant);
  });

  test.each(Object.keys(claims))('is refused without the claim %s', async (claim) => {
    const { [claim]: _missing, ...rest } = claims as Record<string, unknown>;
    await refused(await sign(rest));
    await refused(await encrypt(await sign(rest)));
  });

  test.each<[string, object]>([
    ['of another issuer', { iss: 'https://other.example' }],
    ['of two issuers', { iss: [issuer, 'https://other.example'] }],
    ['for another audience than its client', { aud: 'service-2' }],
    ['for several audiences', { aud: [grant.serviceId, 'service-2'] }],
    ['for a list of one audience', { aud: [grant.serviceId] }],
    ['without a subject', { sub: '' }],
    ['with a number as subject', { sub: 1 }],
    ['with a number as session', { sid: 1 }],
    ['with an object as session', { sid: {} }],
    ['with a number as id', { jti: 7 }],
    ['that has expired', { exp: SECONDS }],
    ['that expires at no time', { exp: null }],
    ['that expires at a text', { exp: `${SECONDS + 3600}` }],
    ['that is not valid yet', { nbf: SECONDS + 60 }],
    ['from the future', { iat: SECONDS + 31 }],
  ])('is refused %s', async (_how, change) => {
    await refused(await sign({ ...claims, ...change } as JWTPayload));
  });

  test.each<[string, object]>([
    ['of another type', { typ: 'JWT' }],
    ['of the type of a logout token', { typ: 'logout+jwt' }],
    ['of no type', { typ: undefined }],
    ['of an unknown key', { kid: 's2' }],
    ['of no key', { kid: undefined }],
    ['of the other algorithm name', { alg: 'Ed25519' }],
    ['with a key of its own', { jwk: createPublicKey(signing.key).export({ format: 'jwk' }) }],
    ['with a place to get a key from', { jku: 'https://evil.example' }],
    ['with an extension that must be understood', { crit: ['b64'], b64: true }],
    ['with a content type', { cty: 'JWT' }],
  ])('is refused with a header %s', async (_how, header) => {
    await refused(await sign(claims, header));
    await refused(await encrypt(await sign(claims, header)));
  });

  test('is refused with an unknown extension that must be understood', async () => {
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ ...jwsHeader, crit: ['exp'], exp: 1 })
      .sign(signing.key, { crit: { exp: true } });
    await refused(token);
  });

  test('is refused without a signature', async () => {
    await refused(new UnsecuredJWT(claims).encode());
    const body = json(claims);
    for (const alg of ['none', 'None', 'NONE', 'EdDSA']) {
      await refused(`${json({ ...jwsHeader, alg })}.${body}.`);
      await refused(`${json({ ...jwsHeader, alg })}.${body}.AA`);
      await refused(await encrypt(`${json({ ...jwsHeader, alg })}.${body}.`));
    }
  });

  test('is refused with the public key used as an HMAC secret', async () => {
    const publicKey = createPublicKey(signing.key);
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url'),
    ]) {
      await refused(await sign(claims, { alg: 'HS256' }, createSecretKey(Buffer.from(secret))));
    }
  });

  test('is refused with the signature of another key', async () => {
    await refused(await sign(claims, {}, signingPair()));
    await refused(await encrypt(await sign(claims, {}, signingPair())));
  });

  test('is refused when the encryption key signed it', async () => {
    await refused(await sign(claims, { alg: 'RS256', kid: 'e1' }, encryption.key));
    await refused(await sign(claims, { alg: 'RS256' }, encryption.key));
  });

  test('is refused when it is claims that were only encrypted', async () => {
    await refused(await encrypt(JSON.stringify(claims)));
    await refused(await encrypt(JSON.stringify(claims), { typ: 'at+jwt' }));
    await refused(await encrypt(JSON.stringify(claims), { cty: undefined }));
  });

  test('is refused when it is encrypted twice', async () => {
    const once = await encrypt(await sign());
    await refused(await encrypt(once));
    const { token } = await setUp().tokens.issue(personal, holder);
    await refused(await encrypt(token));
  });

  test.each<[string, object]>([
    ['of no content type', { cty: undefined }],
    ['of another content type', { cty: 'json' }],
    ['of an unknown key', { kid: 'e2' }],
    ['of no key', { kid: undefined }],
    ['of a signing key', { kid: 's1' }],
    ['with another key encryption', { alg: 'RSA-OAEP-256' }],
    ['with another content encryption', { enc: 'A128GCM' }],
    ['with a CBC content encryption', { enc: 'A256CBC-HS512' }],
    ['with a type', { typ: 'JWT' }],
  ])('is refused when its encryption has a header %s', async (_how, header) => {
    await refused(await encrypt(await sign(), header));
  });

  test('is refused with an unknown extension of the encryption', async () => {
    const token = await new CompactEncrypt(Buffer.from(await sign()))
      .setProtectedHeader({ ...jweHeader, crit: ['exp'], exp: 1 })
      .encrypt(encryptionPublic, { crit: { exp: true } });
    await refused(token);
  });

  test('is refused when it is encrypted with a shared secret', async () => {
    const signed = await sign();
    await refused(await encrypt(signed, { alg: 'dir' }, randomBytes(32)));
    await refused(await encrypt(signed, { alg: 'A256KW' }, randomBytes(32)));
    await refused(await encrypt(signed, { alg: 'PBES2-HS256+A128KW' }, Buffer.from('password')));
  });

  test('is refused before a costly PBES2 count is looked at', async () => {
    const header = { ...jweHeader, alg: 'PBES2-HS512+A256KW', p2s: 'AAAAAAAAAAA', p2c: 2 ** 31 };
    await refused(`${json(header)}.AAAA.AAAA.AAAA.AAAA`);
  });

  test('is refused when it is compressed, a little or a lot', async () => {
    await refused(await encrypt(await sign(), { zip: 'DEF' }));
    await refused(await encrypt(await sign({ ...claims, bomb: 'A'.repeat(2e6) }), { zip: 'DEF' }));
    await refused(await encrypt(deflateRawSync(await sign()).toString('latin1')));
  });

  test('is refused beyond 8 KiB, however good it is', async () => {
    const { tokens } = setUp();
    const fitting = await sign({ ...claims, more: 'x'.repeat(5600) });
    expect(fitting.length).toBeGreaterThan(7800);
    expect(await tokens.verify(fitting)).toMatchObject(grant);
    const long = await sign({ ...claims, more: 'x'.repeat(6000) });
    expect(long.length).toBeGreaterThan(8192);
    expect(await tokens.verify(long)).toBe(null);
  });

  test.each([1, 2, 4, 6])('is refused in %i parts', async (count) => {
    const parts = [...(await sign()).split('.'), 'AAAA', 'AAAA', 'AAAA'];
    await refused(parts.slice(0, count).join('.'));
  });

  test('is refused in the JSON forms', async () => {
    const [header, payload, signature] = (await sign()).split('.');
    await refused(JSON.stringify({ protected: header, payload, signature }));
  });

  test('is any other text', async () => {
    const { tokens } = setUp();
    const part = fc.base64String().map((text) => text.replaceAll(/[=+/]/g, '-'));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.')),
          fc
            .tuple(fc.constantFrom(jwsHeader, jweHeader), fc.json(), part, part, part)
            .map(([header, body, ...rest]) =>
              [json(header), Buffer.from(body).toString('base64url'), ...rest].join('.'),
            ),
        ),
        async (text) => {
          expect(await tokens.verify(text)).toBe(null);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(forms)('is a %s token with anything changed', async (form) => {
    const { tokens } = setUp();
    const { token } = await kinds[form].issue(tokens);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat({ max: token.length - 1 }),
          // Last letters of parts hold bits that mean nothing.
          fc.constantFrom(...Array.from(token.matchAll(/.(?=\.|$)/g), ({ index }) => index)),
        ),
        fc.oneof(
          fc.constantFrom(...letters),
          fc.constantFrom('', '.', '=', ' ', '\n', '+', '/', '\0', 'é'),
        ),
        fc.boolean(),
        async (at, text, isInserted) => {
          const changed = token.slice(0, at) + text + token.slice(isInserted ? at : at + 1);
          fc.pre(changed !== token);
          expect(await tokens.verify(changed)).toBe(null);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
