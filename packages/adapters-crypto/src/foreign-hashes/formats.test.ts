import { IllegalArgument } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { keycloak, vectors } from '../../test/foreign-hashes.ts';
import { formatNames, readForeignHash, readKept } from './read.ts';

describe.each(Object.entries(vectors))('a hash of %s', (_source, hashes) => {
  const cases = hashes.map(([password, hash, format]) => ({ password, hash, format }));

  test.each(cases)('knows $password, and no other password', async ({ password, hash, format }) => {
    const { run, output } = readForeignHash({ hash, format });
    expect(await run(password)).toBe(output);
    expect(await run(`${password} `)).not.toBe(output);
    expect(await run('another')).not.toBe(output);
  });

  test.each(cases)(
    'is read again from the text that is kept, as it was: $hash',
    async ({ password, hash, format }) => {
      const read = readForeignHash({ hash, format });
      const kept = readKept(read.text);
      const { run: _, ...rest } = read;
      expect(kept).toMatchObject(rest);
      expect(await kept?.run(password)).toBe(read.output);
    },
  );
});

describe('digests in hex', () => {
  // Each made by `printf %s … | sha256sum`.
  test.each([
    ['prefix', '63f1ab396a7db00f6d885672f71fc658ed6b93bd6942c5952eda4aab073993a0'],
    ['suffix', '71d04776e3c9e6654b5507828d5bb8b21f53cf6ef4fb0c5f2d26d560c8010daa'],
  ] as const)('have their salt on the side that is named: %s', async (saltPosition, hash) => {
    const { run, output } = readForeignHash({
      hash,
      format: 'sha256-hex',
      salt: 'sält',
      saltPosition,
    });
    expect(await run('password')).toBe(output);
    expect(await run('sältpassword')).not.toBe(output);
  });
});

const A = 'A'.repeat(43);

describe('a hash that costs too much', () => {
  test.each([
    ['the cost of bcrypt', `$2b$15$${'a'.repeat(53)}`],
    ['the memory of argon2 in KiB', `$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$${A}`],
    [
      'the memory of argon2 in KiB times its passes',
      `$argon2id$v=19$m=65536,t=1000,p=1$c29tZXNhbHQ$${A}`,
    ],
    ['the parallelism of argon2', `$argon2id$v=19$m=65536,t=1,p=255$c29tZXNhbHQ$${A}`],
    ['N times r times p of scrypt', `$scrypt$ln=24,r=8,p=1$c29tZXNhbHQ$${A}`],
    ['N times r times p of scrypt', `$scrypt$ln=14,r=8,p=17$c29tZXNhbHQ$${A}`],
    ['N times r times p of scrypt', `$firescrypt$ln=24,r=8,p=1$c2FsdA$${A}$Bw$${A}`],
    ['the iterations of PBKDF2 for all of its output', `$pbkdf2-sha256$i=1000000000$c2FsdA$${A}`],
    [
      '128 times the parallelism of argon2 times its passes',
      `$argon2id$v=19$m=128,t=8192,p=16$c29tZXNhbHQ$${A}`,
    ],
    ['the iterations of PBKDF2 for all of its output', `$pbkdf2-sha1$i=1500000$c2FsdA$${A}`],
    ['the iterations of PBKDF2 for all of its output', `pbkdf2_sha512$2000001$salt$${A}=`],
    ['the rounds of SHA-crypt', `$6$rounds=999999999$saltstring$${'a'.repeat(86)}`],
    ['the rounds of SHA-crypt', `{CRYPT}$5$rounds=1000001$saltstring$${'a'.repeat(43)}`],
    ['the logarithm of the rounds of phpass', `$P$S12345678${'a'.repeat(22)}`],
    [
      'the iterations of PBKDF2 for all of its output',
      keycloak(
        { hashIterations: 1e9, algorithm: 'pbkdf2-sha512' },
        { value: 'A'.repeat(86), salt: 'c2FsdA==' },
      ),
    ],
  ])('is refused by the name of %s, and read from no row either: %s', (what, hash) => {
    expect(() => readForeignHash({ hash })).toThrow(
      expect.objectContaining({
        violations: [
          {
            field: 'passwordHash',
            code: 'out_of_range',
            message: expect.stringMatching(new RegExp(`^must have at most \\d+ as ${what}$`)),
          },
        ],
      }),
    );
    expect(readKept(hash)).toBeNull();
  });

  test.each([
    `$2b$14$${'a'.repeat(53)}`,
    `$argon2id$v=19$m=262144,t=4,p=16$c29tZXNhbHQ$${A}`,
    `$scrypt$ln=18,r=8,p=1$c29tZXNhbHQ$${A}`,
    `$pbkdf2-sha256$i=2000000$c2FsdA$${A}`,
    `$6$rounds=1000000$saltstring$${'a'.repeat(86)}`,
    `$P$G12345678${'a'.repeat(22)}`,
  ])('is none at the bound: %s', (hash) => {
    expect(readForeignHash({ hash }).text).toBe(hash);
  });
});

describe('a hash that is none', () => {
  test.each([
    ['$2x$ of bcrypt, which was broken', `$2x$05$${'a'.repeat(53)}`],
    ['bcrypt that is cut', `$2b$05$${'a'.repeat(52)}`],
    ['bcrypt of a cost that there is not', `$2b$03$${'a'.repeat(53)}`],
    ['argon2d', `$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$${A}`],
    ['argon2 of the version before', `$argon2i$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$${A}`],
    ['argon2 without a version', `$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$${A}`],
    ['argon2 without passes', `$argon2i$v=19$m=65536,p=1$c29tZXNhbHQ$${A}`],
    ['argon2 with a secret', `$argon2i$v=19$m=65536,t=2,p=1,keyid=AAAA$c29tZXNhbHQ$${A}`],
    ['argon2 with less memory than lanes need', `$argon2i$v=19$m=31,t=2,p=4$c29tZXNhbHQ$${A}`],
    ['an output of eight octets', '$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAA'],
    ['base64 with bits that are none', `$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHR$${A}`],
    ['scrypt with an N that is no power of two', `$scrypt$ln=16385,r=8,p=1$c2FsdA$${A}`],
    ['Firebase with a key of another length', `$firescrypt$ln=14,r=8,p=1$c2FsdA$${A}$Bw$AAAA`],
    ['PBKDF2 without iterations', `$pbkdf2-sha256$c2FsdA$${A}`],
    ['PBKDF2 with padded iterations', `$pbkdf2-sha256$01212$c2FsdA$${A}`],
    ['PBKDF2 of a digest that nobody uses', `$pbkdf2-sha999$i=1000$c2FsdA$${A}`],
    [
      'Keycloak of another algorithm',
      keycloak({ hashIterations: 1, algorithm: 'rot13' }, { value: A, salt: A }),
    ],
    ['Keycloak without data', '{"credentialData": "no JSON", "secretData": null}'],
    ['SHA-crypt of fewer rounds than there can be', `$5$rounds=999$salt$${'a'.repeat(43)}`],
    ['SHA-crypt with the output of the other', `$5$salt$${'a'.repeat(86)}`],
    ['SHA-crypt with padded rounds', `$5$rounds=05000$salt$${'a'.repeat(43)}`],
    ['MD5-crypt with one field more', `$1$dXc3I7Rw$${'a'.repeat(22)}$`],
    ['phpass of fewer rounds than there can be', `$P$412345678${'a'.repeat(22)}`],
    ['a digest of LDAP that is cut', '{SSHA}at+xg6SiyUovktq1redipHiJpQ=='],
    ['a digest of LDAP with a salt that it does not name', '{SHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['a scheme of LDAP that nobody knows', '{ROT13}AAAA'],
    ['DES crypt of LDAP', '{CRYPT}abJnggxhB/yWI'],
    ['Better Auth that is cut', `${'0'.repeat(32)}:${'0'.repeat(126)}`],
    [
      'a digest in hex that is not named',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ],
    ['a text of 5000 characters', `$1$dXc3I7Rw$${'a'.repeat(5000)}`],
    ['nothing', ''],
    ['a password', 'correct horse battery staple'],
  ])('is refused as that: %s', (_what, hash) => {
    expect(() => readForeignHash({ hash })).toThrow(
      expect.objectContaining({
        violations: [expect.objectContaining({ field: 'passwordHash', code: 'malformed' })],
      }),
    );
    expect(readKept(hash)).toBeNull();
  });

  test('is refused where another format is named than its own', () => {
    const hash = '$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1';
    for (const format of formatNames.filter((name) => name !== 'md5-crypt')) {
      expect(() => readForeignHash({ hash, format }), format).toThrow(IllegalArgument);
    }
  });

  test('is refused for all that is wrong at once', () => {
    expect(() => readForeignHash({ hash: A, format: '__proto__', salt: 'salt' })).toThrow(
      expect.objectContaining({
        violations: [
          expect.objectContaining({ field: 'passwordHashFormat', code: 'malformed' }),
          expect.objectContaining({ field: 'passwordSaltPosition', code: 'required' }),
        ],
      }),
    );
  });

  test('is refused with a salt beside it that is in the hash already', () => {
    const hash = '$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1';
    expect(() => readForeignHash({ hash, salt: 'dXc3I7Rw', saltPosition: 'prefix' })).toThrow(
      expect.objectContaining({
        violations: [expect.objectContaining({ field: 'passwordSalt', code: 'not_allowed' })],
      }),
    );
  });
});

describe('guesses at a hash', () => {
  test.each<[kind: string, hash: string, format?: string]>([
    ['cheap', `$2b$09$${'a'.repeat(53)}`],
    ['dear', `$2b$10$${'a'.repeat(53)}`],
    ['cheap', `$pbkdf2-sha512$i=99999$c2FsdA$${A}`],
    ['dear', `$pbkdf2-sha512$i=100000$c2FsdA$${A}`],
    ['cheap', `$argon2id$v=19$m=16383,t=1,p=1$c29tZXNhbHQ$${A}`],
    ['dear', `$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHQ$${A}`],
    ['cheap', `$scrypt$ln=13,r=8,p=1$c2FsdA$${A}`],
    ['dear', `$scrypt$ln=14,r=8,p=1$c2FsdA$${A}`],
    ['cheap', `$6$rounds=4999$saltstring$${'a'.repeat(86)}`],
    ['dear', `$6$saltstring$${'a'.repeat(86)}`],
    ['cheap', `$1$dXc3I7Rw$${'a'.repeat(22)}`],
    ['cheap', `$P$B12345678${'a'.repeat(22)}`],
    ['cheap', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['cheap', '0'.repeat(64), 'sha256-hex'],
    ['keyed', `$firescrypt$ln=14,r=8,p=1$c2FsdA$${A}$Bw$${A}`],
  ])('are %s: %s', (kind, hash, format) => {
    expect(readForeignHash({ hash, format }).kind).toBe(kind);
  });
});

describe('a password', () => {
  test('of which the other system did not read all has no hash there', async () => {
    const bcrypt = readForeignHash({ hash: `$2b$05$${'a'.repeat(53)}` });
    expect(await bcrypt.run('x'.repeat(72))).not.toBeNull();
    expect(await bcrypt.run('x'.repeat(73))).toBeNull();
    for (const hash of [
      `$2b$05$${'a'.repeat(53)}`,
      `$5$salt$${'a'.repeat(43)}`,
      `$1$salt$${'a'.repeat(22)}`,
    ]) {
      expect(await readForeignHash({ hash }).run('pass\0word')).toBeNull();
    }
  });

  test.each(['', 'a', 'x'.repeat(128), '漢'.repeat(128), '\0', '🦉'])(
    'of any length and letters has a hash that another has not: %j',
    async (password) => {
      for (const hash of [
        `$P$712345678${'a'.repeat(22)}`,
        `$pbkdf2-sha256$i=1000$c2FsdA$${A}`,
        `$scrypt$ln=10,r=8,p=1$c2FsdA$${A}`,
        `$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$${A}`,
        '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr',
      ]) {
        const { run } = readForeignHash({ hash });
        expect(await run(password)).toBe(await run(password));
        expect(await run(password)).not.toBe(await run(`${password}!`));
      }
    },
  );
});
