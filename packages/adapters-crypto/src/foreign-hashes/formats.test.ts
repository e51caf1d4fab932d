import { IllegalArgument } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { formatNames, readForeignHash, readKept } from './read.ts';

/** A password and a hash of it that another system made, by the place where its project says so. */
type Vector = readonly [password: string, hash: string, format?: string];

const keycloak = (credentialData: object, secretData: object): string =>
  JSON.stringify({
    credentialData: JSON.stringify(credentialData),
    secretData: JSON.stringify(secretData),
  });

const vectors: Readonly<Record<string, readonly Vector[]>> = {
  'bcrypt (Openwall crypt_blowfish, wrapper.c)': [
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
    ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ],
  'bcrypt (Ory Kratos, hash/hasher_test.go)': [
    ['test', '$2a$12$o6hx.Wog/wvFSkT/Bp/6DOxCtLRTDj7lm9on9suF/WaCGNVHbkfL6', 'bcrypt'],
  ],
  'argon2 (its reference implementation, src/test.c)': [
    [
      'password',
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    ],
    [
      'password',
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    [
      'password',
      '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
    ],
  ],
  'argon2 (Ory Kratos, hash/hasher_test.go)': [
    ['test', '$argon2id$v=19$m=32,t=2,p=4$cm94YnRVOW5jZzFzcVE4bQ$MNzk5BtR2vUhrp6qQEjRNw', 'argon2'],
  ],
  'scrypt (RFC 7914, 12, as a PHC string)': [
    [
      'pleaseletmein',
      '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
    ],
  ],
  'scrypt (Ory Kratos, hash/hasher_test.go, with N in the place of its logarithm)': [
    [
      'test',
      '$scrypt$ln=16384,r=8,p=1$2npRo7P03Mt8keSoMbyD/tKFWyUzjiQf2svUaNDSrhA=$MiCzNcIplSMqSBrm4HckjYqYhaVPPjTARTzwB1cVNYE=',
    ],
  ],
  'Firebase (firebase/scrypt, README.md and tests)': [
    [
      'user1password',
      '$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    ],
    [
      'hunter2',
      '$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$70k8Vg5B3/OrvJOiqusnasv0dLcBHoDAqJrJr7TRLBfMw4MitWx51YXJYFdGiyMbMeKtWtLf5HiBDcN0SUOm4A==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      'firebase',
    ],
  ],
  'Better Auth (made by its scheme with the scrypt of Python)': [
    [
      '\u212bngstr\u00f6m',
      '000102030405060708090a0b0c0d0e0f:1dd588d3a70ea69396b1f244a23c025c715d93f498e0bc9826bc0c353b3ba33513338520409d7bd11c2ad883f4d4327bc3d5b832c6556e76828cc6a2db728920',
      'better-auth',
    ],
  ],
  'PBKDF2 (RFC 6070, as a PHC string)': [
    [
      'passwordPASSWORDpassword',
      '$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA',
    ],
  ],
  'PBKDF2 (RFC 7914, 11, as a PHC string)': [
    [
      'Password',
      '$pbkdf2-sha256$i=80000$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ',
    ],
  ],
  'PBKDF2 (passlib, tests/test_handlers.py)': [
    ['password', '$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI'],
    [
      'password',
      '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
    ],
    [
      'password',
      '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
    ],
  ],
  'PBKDF2 (Ory Kratos, hash/hasher_test.go)': [
    [
      'test',
      '$pbkdf2-sha512$i=100000,l=32$bdHBpn7OWOivJMVJypy2UqR0UnaD5prQXRZevj/05YU$+wArTfv1a+bNGO1iZrmEdVjhA+lL11wF4/IxpgYfPwc',
      'pbkdf2',
    ],
  ],
  'Django (its tests/auth_tests/test_hashers.py)': [
    ['lètmein', 'pbkdf2_sha256$1000000$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps='],
  ],
  'Keycloak (the realm of a demo of Gloo)': [
    [
      'password',
      keycloak(
        { hashIterations: 27500, algorithm: 'pbkdf2-sha256', additionalParameters: {} },
        {
          value: 'JsfNbCOIdZUbyBJ+BT+VoGI91Ec2rWLOvkLPDaX8e9k=',
          salt: 'P5rtFkGtPfoaryJ6PizUJw==',
          additionalParameters: {},
        },
      ),
      'keycloak',
    ],
  ],
  'Keycloak, with the argon2 of Ory Kratos': [
    [
      'test',
      keycloak(
        {
          hashIterations: 5,
          algorithm: 'argon2',
          additionalParameters: {
            hashLength: ['32'],
            memory: ['32'],
            type: ['id'],
            version: ['1.3'],
            parallelism: ['4'],
          },
        },
        { value: 'fBxypOL0nP/zdPE71JtAV71i487LbX3fJI5PoTN6Lp4=', salt: 'cm94YnRVOW5jZzFzcVE4bQ==' },
      ),
    ],
  ],
  'SHA-crypt (its specification, SHA-crypt.txt)': [
    ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
    [
      'This is just a test',
      '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5',
    ],
    [
      'a very much longer text to encrypt.  This one even stretches over morethan one line.',
      '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1',
    ],
    [
      'Hello world!',
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
    [
      'a very much longer text to encrypt.  This one even stretches over morethan one line.',
      '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
    ],
  ],
  'SHA-crypt (John the Ripper, by passlib)': [
    ['', '$5$kc7lRD1fpYg0g.IP$d7CMTcEqJyTXyeq8hTdu/jB/I6DGkoo62NXbHIR7S43'],
    [
      'U*U*U*U*',
      '$6$LKO/Ute40T3FNF95$6S/6T2YuOIHY0N3XpLKABJ3soYcXD9mB7uVbtEZDj/LNscVhZoZ9DEH.sBciDrMsHOWOoASbNLTypH/5X26gN0',
      'sha-crypt',
    ],
    ['Hello world!', '$sha256-crypt$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ],
  'MD5-crypt (John the Ripper and Apache, by passlib)': [
    ['U*U*U*U*', '$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1'],
    ['', '$1$Eu.GHtia$CFkL/nE1BYTlEPiVx1VWX0'],
    ['myPassword', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/'],
    ['U*U*U*U*', '$md5-crypt$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1', 'md5-crypt'],
  ],
  'phpass (its test.php, and John the Ripper by passlib)': [
    ['test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
    ['thisisalongertestPW', '$P$912345678LIjjb6PhecupozNBmDndU0'],
    ['JohnRipper', '$H$712345678WhEyvy1YWzT4647jzeOmo0', 'phpass'],
    ['JohnRipper', '$P$B12345678L6Lpt4BxNotVIMILOa9u81'],
  ],
  'LDAP (passlib, tests/test_handlers.py)': [
    ['helloworld', '{SHA}at+xg6SiyUovktq1redipHiJpaE='],
    ['testing123', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['test', '{SSHA}P90+qijSp8MJ1tN25j5o1PflUvlqjXHOGeOckw=='],
    ['helloworld', '{MD5}/F4DjTilcDIIVEHn/nAQsA=='],
    ['testing1234', '{SMD5}UjFY34os/pnZQ3oQOzjqGu4yeXE='],
  ],
  'LDAP (Ory Kratos, hash/hasher_test.go)': [
    ['test123', '{SSHA256}czO44OTV17PcF1cRxWrLZLy9xHd7CWyVYplr1rOhuMlx/7IK'],
    [
      'test123',
      '{SSHA512}xPUl/px+1cG55rUH4rzcwxdOIPSB2TingLpiJJumN2xyDWN4Ix1WQG3ihnvHaWUE8MYNkvMi5rf0C9NYixHsE6Yh59M=',
      'ldap',
    ],
    ['Hello world!', '{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
    ['U*U', '{crypt}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*U*U*', '{CRYPT}$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1'],
  ],
  'digests in hex (FIPS 180-4 and RFC 1321)': [
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'sha256-hex'],
    ['abc', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD', 'sha256-hex'],
    [
      'abc',
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
      'sha512-hex',
    ],
    ['abc', '900150983cd24fb0d6963f7d28e17f72', 'md5-hex'],
  ],
};

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
