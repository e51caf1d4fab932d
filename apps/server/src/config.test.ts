import { expect, test } from 'vitest';
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
    publicUrl: 'http://localhost:8042',
    smtpUrl: null,
    mailDir: './data/mail',
    mailFrom: 'Rekey <no-reply@localhost>',
    mailTemplates: null,
    bcryptCost: 12,
    passwordPolicy: 'compat',
    hibpUrl: null,
    accessTokenTtl: 3600,
    refreshTokenTtl: 86_400,
    revokeTokenTtl: 604_800,
    usersSignup: true,
    apiDocs: false,
    throttleAccountFree: 5,
    throttleClientPerMinute: 300,
    throttleChangesPerHour: 10,
    trustProxy: [],
    metrics: null,
    logLevel: 'info',
  });
});

test('an empty variable is one that is not set', () => {
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

test('metrics are for this machine alone, unless somebody says otherwise', () => {
  const env = { METRICS_PORT: '9464' };
  expect(readConfig(env).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(readConfig({ ...env, METRICS_HOST: '::' }).metrics).toEqual({ host: '::', port: 9464 });
  expect(readConfig({ METRICS_HOST: '::' }).metrics).toBeNull();
});

test('a list of proxies is split', () => {
  expect(readConfig({ TRUST_PROXY: '10.0.0.1, 192.168.0.0/16' }).trustProxy).toEqual([
    '10.0.0.1',
    '192.168.0.0/16',
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
  ['MAIL_FROM', 'nobody'],
  ['BCRYPT_COST', '9'],
  ['BCRYPT_COST', '15'],
  ['PASSWORD_POLICY', 'none'],
  ['HIBP_URL', 'api.pwnedpasswords.com'],
  ['HIBP_URL', 'https://api.example.com/?key=1'],
  ['ACCESS_TOKEN_TTL', '0'],
  ['REFRESH_TOKEN_TTL', '-1'],
  ['REVOKE_TOKEN_TTL', 'week'],
  ['USERS_SIGNUP', 'yes'],
  ['METRICS_PORT', '65536'],
  ['LOG_LEVEL', 'loud'],
  ['THROTTLE_ACCOUNT_FREE', '0'],
  ['THROTTLE_CLIENT_PER_MINUTE', '0'],
  ['THROTTLE_CHANGES_PER_HOUR', '1000001'],
  ['TRUST_PROXY', 'everybody'],
])('%s=%s is refused by name, and the value is not repeated', (name, value) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name} (?:must be|may have)`));
  expect(problems[0]).not.toContain(`${value} `);
});

test('every problem is reported at once', () => {
  expect(problemsOf({ PORT: 'x', BCRYPT_COST: 'x', LOG_LEVEL: 'x' })).toHaveLength(3);
});
