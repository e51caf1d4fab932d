/** A password and a hash of it that another system made, by the place where its project says so. */
export type Vector = readonly [password: string, hash: string, format?: string];

/** The credential of a user of Keycloak, whose parts are JSON in JSON. */
export const keycloak = (credentialData: object, secretData: object): string =>
  JSON.stringify({
    credentialData: JSON.stringify(credentialData),
    secretData: JSON.stringify(secretData),
  });

export const vectors: Readonly<Record<string, readonly Vector[]>> = {
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
