import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('without a variable set, the defaults of the documentation hold', () => {
  expect(readConfig({})).toEqual({
    host: '127.0.0.1',
    port: 8042,
    databaseUrl: 'sqlite:./data/rekey.db',
    keysFile: './data/keys.json',
    auditDays: null,
    publicUrl: 'http://localhost:8042',
    smtpUrl: null,
    mailDir: './data/mail',
    mailFrom: 'Rekey <no-reply@localhost>',
    mailTemplates: null,
    bcryptCost: 12,
    passwordPolicy: 'compat',
    hibpUrl: null,
    accessTokenTtlS: 3600,
    refreshTokenTtlS: 86_400,
    sessionTtlS: 2_592_000,
    revokeTokenTtlS: 604_800,
    resetTokenTtlS: 3600,
    registerTokenTtlS: 3600,
    usersSignup: true,
    usersRecovery: 'owner',
    passwordHistory: 0,
    usersEmailChange: 'session',
    unprovenDays: 30,
    usersTokenTtlS: 3600,
    usersTokenAlg: 'EdDSA',
    usersToken: 'encrypted',
    usersIssuer: 'http://localhost:8042',
    forwardAuth: false,
    apiDocs: false,
    throttleAccountFree: 5,
    throttleClientPerMinute: 300,
    throttleChangesPerHour: 10,
    mailPerHour: 10_000,
    brandName: 'Rekey',
    brandColor: '#2457a6',
    brandLogo: null,
    supportUrl: null,
    recoverPasswordUrl: null,
    validateEmailUrl: null,
    trustProxy: [],
    googleClientId: null,
    googleClientSecret: null,
    googleIssuer: 'https://accounts.google.com',
    githubClientId: null,
    githubClientSecret: null,
    githubUrl: 'https://github.com',
    githubApiUrl: 'https://api.github.com',
    microsoftClientId: null,
    microsoftClientSecret: null,
    microsoftTenants: [],
    microsoftUrl: 'https://login.microsoftonline.com',
    keepAliveTimeoutS: 65,
    corsAllowOrigin: [],
    eventStreams: 1000,
    eventStreamsPerService: 500,
    webhookPrivateNetworks: [],
    webAuthnOrigins: ['http://localhost:8042'],
    metricsPort: null,
    metricsHost: '127.0.0.1',
    logLevel: 'info',
  });
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ PORT: '', SMTP_URL: '', TRUST_PROXY: '' })).toEqual(readConfig({}));
});

test('links lead to the port that the server listens on, unless a public URL is set', () => {
  expect(readConfig({ PORT: '8080' }).publicUrl).toBe('http://localhost:8080');
  expect(readConfig({ PORT: '8080', PUBLIC_URL: 'https://id.example.com/sso/' }).publicUrl).toBe(
    'https://id.example.com/sso',
  );
});

test('a breach list is asked at the base that is set', () => {
  const env = { HIBP_URL: 'https://mirror.example.com/pwned/' };
  expect(readConfig(env).hibpUrl).toBe('https://mirror.example.com/pwned');
});

test('metrics are off by default, and for this machine alone unless somebody says otherwise', () => {
  expect(readConfig({ METRICS_HOST: '::' }).metricsPort).toBeNull();
  const env = { METRICS_PORT: '9464' };
  expect(readConfig(env)).toMatchObject({ metricsPort: 9464, metricsHost: '127.0.0.1' });
  expect(readConfig({ ...env, METRICS_HOST: '::' }).metricsHost).toBe('::');
});

test('a list of proxies is split', () => {
  expect(readConfig({ TRUST_PROXY: '10.0.0.1, 192.168.0.0/16' }).trustProxy).toEqual([
    '10.0.0.1',
    '192.168.0.0/16',
  ]);
});

test('a list of origins is split', () => {
  const list = 'https://app.example.com, http://localhost:3000';
  expect(readConfig({ CORS_ALLOW_ORIGIN: list }).corsAllowOrigin).toEqual([
    'https://app.example.com',
    'http://localhost:3000',
  ]);
});

test.each([
  ['PORT', '65536'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['DATABASE_URL', 'mysql://localhost'],
  ['DATABASE_URL', 'sqlite:'],
  ['PUBLIC_URL', 'ftp://example.com'],
  ['PUBLIC_URL', 'https://user@example.com'],
  ['PUBLIC_URL', 'https://example.com/?x=1'],
  ['SMTP_URL', 'http://mail.example.com'],
  ['SMTP_URL', 'smtp://mail.example.com?logger=true'],
  ['SMTP_URL', 'smtp://mail.example.com?ignoreTLS=no'],
  ['DATABASE_URL', 'postgres://localhost/rekey?schema=x'],
  ['DATABASE_URL', 'sqlite::memory:'],
  ['MAIL_FROM', 'nobody'],
  ['BCRYPT_COST', '9'],
  ['BCRYPT_COST', '15'],
  ['PASSWORD_POLICY', 'none'],
  ['HIBP_URL', 'api.pwnedpasswords.com'],
  ['HIBP_URL', 'https://api.example.com/?key=1'],
  ['BRAND_NAME', 'two\nlines'],
  ['BRAND_NAME', 'x'.repeat(101)],
  ['SUPPORT_URL', 'http://help.example.com'],
  ['SUPPORT_URL', 'mailto:a@b.example?subject=x'],
  ['RECOVER_PASSWORD_URL', 'recover'],
  ['VALIDATE_EMAIL_URL', 'javascript:alert(1)'],
  ['BRAND_COLOR', 'red'],
  ['BRAND_COLOR', '#12345'],
  ['BRAND_COLOR', '#1234567'],
  ['ACCESS_TOKEN_TTL', '0'],
  ['REFRESH_TOKEN_TTL', '-1'],
  ['REVOKE_TOKEN_TTL', 'week'],
  ['USERS_SIGNUP', 'yes'],
  ['USERS_RECOVERY', 'nobody'],
  ['USERS_EMAIL_CHANGE', 'nobody'],
  ['UNPROVEN_DAYS', '-1'],
  ['UNPROVEN_DAYS', '3651'],
  ['METRICS_PORT', '65536'],
  ['LOG_LEVEL', 'loud'],
  ['THROTTLE_ACCOUNT_FREE', '0'],
  ['THROTTLE_CLIENT_PER_MINUTE', '0'],
  ['THROTTLE_CHANGES_PER_HOUR', '1000001'],
  ['TRUST_PROXY', 'everybody'],
  ['WEBAUTHN_ORIGINS', 'app.example.com'],
  ['WEBAUTHN_ORIGINS', 'https://app.example.com,ftp://example.com'],
  ['WEBAUTHN_ORIGINS', ','],
  ['CORS_ALLOW_ORIGIN', '*'],
  ['CORS_ALLOW_ORIGIN', 'null'],
  ['CORS_ALLOW_ORIGIN', 'app.example.com'],
  ['CORS_ALLOW_ORIGIN', 'https://app.example.com/'],
  ['CORS_ALLOW_ORIGIN', 'https://app.example.com/path'],
  ['CORS_ALLOW_ORIGIN', 'https://*.example.com'],
  ['CORS_ALLOW_ORIGIN', 'https://user@app.example.com'],
  ['CORS_ALLOW_ORIGIN', 'ftp://app.example.com'],
  ['CORS_ALLOW_ORIGIN', 'https://a.example.com, https://b.example.com/'],
])('%s=%s is refused by name, and the value is not repeated', (name, value) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name} must `));
  expect(problems[0]).not.toContain(`${value} `);
});

test('a value is taken without what a shell would take away around it, and refused in quotes', () => {
  expect(readConfig({ HOST: ' ::1\r', PORT: '80 ' })).toMatchObject({ host: '::1', port: 80 });
  expect(problemsOf({ HOST: '"::1"', SMTP_URL: "'smtp://localhost'" })).toEqual([
    'HOST must not have quotes around it',
    'SMTP_URL must not have quotes around it',
  ]);
});

test('a secret may be in a file that NAME_FILE names', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-secret-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'secret');
  writeFileSync(file, 'smtp://user:pass@mail.example.com\n');
  const smtpUrl = 'smtp://user:pass@mail.example.com';
  expect(readConfig({ SMTP_URL_FILE: file }).smtpUrl).toBe(smtpUrl);
  expect(readConfig({ SMTP_URL_FILE: '', SMTP_URL: smtpUrl }).smtpUrl).toBe(smtpUrl);
  expect(problemsOf({ SMTP_URL_FILE: file, SMTP_URL: smtpUrl })).toEqual([
    'SMTP_URL must not be set where SMTP_URL_FILE is',
  ]);
  expect(problemsOf({ SMTP_URL_FILE: folder, DATABASE_URL_FILE: `${file}-not` })).toEqual([
    'DATABASE_URL_FILE must name a file with a value that can be read',
    'SMTP_URL_FILE must name a file with a value that can be read',
  ]);
  writeFileSync(file, 'smtp://user:pass@mail.example.com?logger=true');
  expect(problemsOf({ SMTP_URL_FILE: file })[0]).toMatch(/^SMTP_URL must have no parameter logger/);
});

const everybody = 'wider than';
const ipv4 = 'IPv4 addresses, to be written as such';

test.each([
  ['0.0.0.0/0', everybody],
  ['10.0.0.2/0', everybody],
  ['10.0.0.2/00', everybody],
  ['::/0', everybody],
  ['0.0.0.0/1', everybody],
  ['128.0.0.0/1', everybody],
  ['10.0.0.0/7', everybody],
  ['2000::/3', everybody],
  ['2a00::/12', everybody],
  ['f800::/6', everybody],
  ['::ffff:10.0.0.0/8', everybody],
  ['2002::/16', everybody],
  ['::ffff:0:0/96', ipv4],
  ['::ffff:0.0.0.0/96', ipv4],
  ['0:0:0:0:0:FFFF::/96', ipv4],
  ['::ffff:10.0.0.0/104', ipv4],
  ['::/80', ipv4],
  ['::/96', ipv4],
  ['64:ff9b::/96', ipv4],
  ['64:ff9b:1:2::/64', ipv4],
  ['2002:a00::/24', ipv4],
  ['2001::/32', ipv4],
])('TRUST_PROXY=%s is refused by name: anybody could forge an address', (range, reason) => {
  const [problem, ...more] = problemsOf({ TRUST_PROXY: `10.0.0.2, ${range}` });
  expect(problem).toMatch(/^TRUST_PROXY must not trust /);
  expect(problem).toContain(`trust ${range} (${reason}`);
  expect(more).toEqual([]);
});

test('TRUST_PROXY names all that is wrong at once', () => {
  expect(problemsOf({ TRUST_PROXY: '0.0.0.0/0,10.0.0.2,proxy,::ffff:0:0/96' })).toEqual([
    `TRUST_PROXY must be IP addresses, or ranges like 10.0.0.0/8; must not trust 0.0.0.0/0 (wider than /8), ::ffff:0:0/96 (${ipv4})`,
  ]);
});

test('TRUST_PROXY takes single addresses, and ranges of one’s own or of somebody’s proxies', () => {
  const list = [
    '127.0.0.1',
    '::1',
    '::ffff:10.0.0.2',
    '10.0.0.0/8',
    '192.168.7.0/24',
    '172.16.0.0/12',
    '104.16.0.0/13',
    'fc00::/7',
    'fd12:3456::/32',
    'fe80::/10',
    'fe80::1%eth0',
    'fe80::%eth0/64',
    '2606:4700::/32',
    '2600:1400::/24',
    '2001:db8::/32',
  ];
  expect(readConfig({ TRUST_PROXY: list.join(',') }).trustProxy).toEqual(list);
});

test('a logo is read at the start, and is an SVG or PNG of 256 KiB at most', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-logo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, content, 'latin1');
    return file;
  };
  const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>';
  const png = '\x89PNG\r\n\x1a\n...';
  const logoOf = (file: string) => readConfig({ BRAND_LOGO: file }).brandLogo;
  expect(logoOf(write('a.SVG', svg))).toEqual({
    type: 'image/svg+xml',
    content: Buffer.from(svg),
  });
  expect(logoOf(write('a.png', png))?.type).toBe('image/png');

  const bad = 'BRAND_LOGO must be an SVG or PNG image';
  for (const [file, problem] of [
    [write('b.svg', '<html><script>alert(1)</script></html>'), bad],
    [write('b.png', 'GIF89a'), bad],
    [write('b.html', svg), bad],
    [write('c.png', png + 'x'.repeat(256 * 1024)), 'BRAND_LOGO must be 256 KiB at most'],
    [path.join(folder, 'none.svg'), 'BRAND_LOGO must be a file that can be read'],
    [folder, 'BRAND_LOGO must be a file that can be read'],
  ] as const) {
    expect(problemsOf({ BRAND_LOGO: file })).toEqual([problem]);
  }
});

test('the name and the colour of a brand are normalized', () => {
  const config = readConfig({ BRAND_NAME: ' Orchard ', BRAND_COLOR: '#0B5C46' });
  expect([config.brandName, config.brandColor]).toEqual(['Orchard', '#0b5c46']);
});

test('every problem is reported at once', () => {
  expect(problemsOf({ PORT: 'x', BCRYPT_COST: 'x', LOG_LEVEL: 'x' })).toEqual([
    'PORT must be a whole number from 0 to 65535',
    'BCRYPT_COST must be a whole number from 10 to 14',
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
  ]);
});

test.each([
  [{ KEYS_FILE: '~/keys.json' }, 'KEYS_FILE must be a path as it is: only a shell knows ~ and $'],
  [{ MAIL_DIR: '$HOME/mail' }, 'MAIL_DIR must be a path as it is: only a shell knows ~ and $'],
  [{ MAIL_TEMPLATES: '/srv/$APP/t' }, /^MAIL_TEMPLATES must be a path as it is/],
  [{ PUBLIC_URL: 'https://id.exa\nmple.com' }, 'PUBLIC_URL must be one line'],
  [{ SMTP_URL: 'smtp://a.example\nsmtp://b.example' }, 'SMTP_URL must be one line'],
  [{ BRAND_NAME: 'A\tB' }, 'BRAND_NAME must be one line'],
])(
  'a value that would be read in another way than it was written is refused: %j',
  (env, problem) => {
    expect(problemsOf(env)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  },
);

test('a path may hold a ~ and a $ that no shell would fill in', () => {
  const keysFile = './a~b/c$/keys.json';
  expect(readConfig({ KEYS_FILE: keysFile })).toMatchObject({ keysFile });
});

test.each([
  ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'],
  ['GITHUB_CLIENT_SECRET', 'GITHUB_CLIENT_ID'],
  ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
  ['MICROSOFT_CLIENT_SECRET', 'MICROSOFT_CLIENT_ID'],
  ['GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID'],
])('a client of a provider is whole: %s is refused without %s', (name, other) => {
  expect(() => readConfig({ [name]: 'one half' })).toThrow(`${other} must be set where ${name} is`);
  expect(() => readConfig({ [name]: 'one half', [other]: 'the other' })).not.toThrow();
});

test('people sign in with Google’s tokens where only the id of the client is known', () => {
  const { googleClientId, googleClientSecret } = readConfig({ GOOGLE_CLIENT_ID: 'an-id' });
  expect([googleClientId, googleClientSecret]).toEqual(['an-id', null]);
});

test.each(['GOOGLE_ISSUER', 'GITHUB_URL', 'GITHUB_API_URL', 'MICROSOFT_URL'])(
  'secrets go to a provider in plain http on this machine alone: %s',
  (name) => {
    for (const url of [
      'http://127.0.0.1:9',
      'http://localhost:9',
      'http://[::1]:9',
      'https://a.example',
    ]) {
      expect(() => readConfig({ [name]: url })).not.toThrow();
    }
    for (const url of [
      'http://a.example',
      'http://127.0.0.1.a.example',
      'http://10.0.0.1',
      'ftp://a.example',
      'x',
    ]) {
      expect(() => readConfig({ [name]: url })).toThrow(name);
    }
  },
);

test('tenants of Microsoft are named by their ids', () => {
  const [a, b] = ['11111111-2222-4333-8444-555555555555', 'AAAAAAAA-2222-4333-8444-555555555555'];
  const { microsoftTenants } = readConfig({ MICROSOFT_TENANTS: `${a}, ${b}` });
  expect(microsoftTenants).toEqual([a, b.toLowerCase()]);
  for (const text of ['contoso.example', 'common', `${a};${b}`]) {
    expect(() => readConfig({ MICROSOFT_TENANTS: text })).toThrow('MICROSOFT_TENANTS must be ids');
  }
});
