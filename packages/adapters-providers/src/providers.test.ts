import type { ServerResponse } from 'node:http';
import { InvalidToken, type Provider, Unavailable } from '@rekey/domain';
import { codeFlowContract, fakeClock } from '@rekey/usecases/testing';
import { UnsecuredJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  GITHUB_CLIENT_ID,
  GITHUB_CLIENT_SECRET,
  type GithubPerson,
  githubStandIn,
} from '../test/github-stand-in.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  openIdStandIn,
  type Person,
  signingKey,
} from '../test/openid-stand-in.ts';
import type { Answer } from '../test/stand-in.ts';
import { openProviders } from './index.ts';

const RETURN_URL = 'https://shop.example/back?of=shop';
const TENANT = '11111111-2222-4333-8444-555555555555';
const OTHER_TENANT = '99999999-2222-4333-8444-555555555555';
const OBJECT = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

const SECRETS = { state: 'state', verifier: 'v'.repeat(43), nonce: 'nonce' };
const ADA = { sub: '110169', email: 'ada@example.com', email_verified: true, name: 'Ada' };
const GITHUB_ADA: GithubPerson = {
  id: 583231,
  name: 'Ada',
  emails: [
    { email: 'old@example.com', primary: false, verified: true },
    { email: 'ada@example.com', primary: true, verified: true },
  ],
};

async function openGoogle(timeLimitMs?: number) {
  const standIn = await openIdStandIn({ returnUrls: [RETURN_URL] });
  onTestFinished(standIn.close);
  const clock = fakeClock(Date.now());
  const failures: string[] = [];
  const { google } = await openProviders({
    google: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, issuer: standIn.issuer },
    github: null,
    microsoft: null,
    clock,
    cooldownMs: 0,
    onExchange: ({ provider, reason }) => {
      if (reason !== null) failures.push(`${provider}: ${reason}`);
    },
    ...(timeLimitMs !== undefined && { timeLimitMs }),
  });
  const { codes, tokens } = google;
  if (codes === null || tokens === null) throw new Error('it is configured');
  const comeBack = async (person: Person = ADA) => {
    const url = await codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS });
    const { code } = await standIn.signIn(person, url);
    return { code, returnUrl: RETURN_URL, ...SECRETS };
  };
  const tokenWith = async (more: object = {}, person: Person = ADA) =>
    standIn.sign(standIn.claimsOf(person, clock.now(), more as never));
  return { standIn, clock, codes, tokens, comeBack, tokenWith, failures };
}

async function openMicrosoft(tenants: readonly string[] = [TENANT], tenant = TENANT) {
  const standIn = await openIdStandIn({ returnUrls: [RETURN_URL], tenant });
  onTestFinished(standIn.close);
  const { microsoft } = await openProviders({
    google: null,
    github: null,
    microsoft: {
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      url: standIn.url,
      tenants,
    },
    clock: fakeClock(Date.now()),
  });
  const { codes } = microsoft;
  if (codes === null) throw new Error('it is configured');
  const identify = async (person: Person) => {
    const url = await codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS });
    const { code } = await standIn.signIn(person, url);
    return codes.identify({ code, returnUrl: RETURN_URL, ...SECRETS });
  };
  return { standIn, codes, identify };
}

async function openGithub(clientSecret = GITHUB_CLIENT_SECRET) {
  const standIn = await githubStandIn();
  onTestFinished(standIn.close);
  const failures: string[] = [];
  const { github } = await openProviders({
    google: null,
    github: {
      clientId: GITHUB_CLIENT_ID,
      clientSecret,
      url: standIn.url,
      apiUrl: standIn.apiUrl,
    },
    microsoft: null,
    clock: fakeClock(Date.now()),
    onExchange: ({ provider, reason }) => {
      if (reason !== null) failures.push(`${provider}: ${reason}`);
    },
  });
  const { codes } = github;
  if (codes === null) throw new Error('it is configured');
  const identify = async (person: GithubPerson) => {
    const url = await codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS });
    const { code } = await standIn.signIn(person, url);
    return codes.identify({ code, returnUrl: RETURN_URL, ...SECRETS });
  };
  return { standIn, codes, identify, failures };
}

codeFlowContract('with Google', async () => {
  const { standIn, codes } = await openGoogle();
  const identity = {
    provider: 'google',
    issuer: standIn.issuer,
    subject: ADA.sub,
    verifiedEmail: ADA.email,
    name: ADA.name,
  } as const;
  const signIn = async (url: string) => ({ identity, ...(await standIn.signIn(ADA, url)) });
  return { codes, returnUrl: RETURN_URL, signIn, fallSilent: standIn.close };
});

codeFlowContract('with Microsoft', async () => {
  const { standIn, codes } = await openMicrosoft();
  const person = { sub: 'pairwise', tid: TENANT, oid: OBJECT, email: ADA.email, name: ADA.name };
  const identity = {
    provider: 'microsoft',
    issuer: standIn.url,
    subject: `${TENANT}.${OBJECT}`,
    verifiedEmail: ADA.email,
    name: ADA.name,
  } as const;
  const signIn = async (url: string) => ({ identity, ...(await standIn.signIn(person, url)) });
  return { codes, returnUrl: RETURN_URL, signIn, fallSilent: standIn.close };
});

codeFlowContract('with GitHub', async () => {
  const { standIn, codes } = await openGithub();
  const identity = {
    provider: 'github',
    issuer: standIn.url,
    subject: '583231',
    verifiedEmail: ADA.email,
    name: ADA.name,
  } as const;
  const signIn = async (url: string) => ({ identity, ...(await standIn.signIn(GITHUB_ADA, url)) });
  return { codes, returnUrl: RETURN_URL, signIn, fallSilent: standIn.close };
});

describe('an ID token of Google', () => {
  test('says who the person is', async () => {
    const { standIn, tokens, tokenWith } = await openGoogle();
    expect(await tokens.identify(await tokenWith())).toEqual({
      provider: 'google',
      issuer: standIn.issuer,
      subject: ADA.sub,
      verifiedEmail: ADA.email,
      name: ADA.name,
    });
  });

  test.each([
    ['is not verified', { email_verified: false }],
    ['is not said to be verified', { email_verified: undefined }],
    ['is missing', { email: undefined }],
    ['is no text', { email: [ADA.email] }],
  ])('gives no address that %s', async (_how, claims) => {
    const { tokens, tokenWith } = await openGoogle();
    const identity = await tokens.identify(await tokenWith(claims));
    expect(identity).toMatchObject({ subject: ADA.sub, verifiedEmail: null });
  });

  // Seed B believed what was written in a token that nobody had signed.
  test('proves nothing where nobody signed it', async () => {
    const { standIn, clock, tokens } = await openGoogle();
    const claims = standIn.claimsOf(ADA, clock.now());
    const unsigned = new UnsecuredJWT(claims).encode();
    const signed = await standIn.sign(claims);
    const [header, payload] = signed.split('.');
    for (const token of [
      unsigned,
      `${unsigned}AA`,
      `${header}.${payload}.`,
      `${header}.${payload}.AA`,
    ]) {
      await expect(tokens.identify(token)).rejects.toThrow(InvalidToken);
    }
  });

  test('proves nothing where somebody else signed it, under whatever name', async () => {
    const { standIn, clock, tokens } = await openGoogle();
    const claims = standIn.claimsOf(ADA, clock.now());
    await tokens.identify(await standIn.sign(claims));
    const stranger = signingKey();
    const jwks = (await (await fetch(`${standIn.url}/jwks`)).json()) as {
      keys: { kid: string }[];
    };
    for (const kid of [stranger.kid, jwks.keys[0]?.kid ?? '']) {
      const forged = await standIn.sign(claims, { ...stranger, kid });
      await expect(tokens.identify(forged)).rejects.toThrow(InvalidToken);
    }
  });

  test.each([
    ['of another issuer', { iss: 'https://accounts.example' }],
    ['without an issuer', { iss: undefined }],
    ['for another client', { aud: 'another', azp: 'another' }],
    ['for another client, made by ours', { aud: 'another' }],
    ['without an audience', { aud: undefined }],
    ['for ours, made by another client', { azp: 'another' }],
    [
      'for several clients, of which nobody says whose it is',
      { aud: [CLIENT_ID, 'b'], azp: undefined },
    ],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
  ])('proves nothing %s', async (_how, claims) => {
    const { tokens, tokenWith } = await openGoogle();
    await expect(tokens.identify(await tokenWith(claims))).rejects.toThrow(InvalidToken);
  });

  test.each([
    ['expired half a minute ago', { age: 3600, life: 3570 }, false],
    ['expired a moment ago', { age: 3590, life: 3570 }, true],
    ['will be made in half a minute', { age: -31, life: 3600 }, false],
    ['will be made in a moment', { age: -29, life: 3600 }, true],
    ['is older than an hour, and says that it lives for ever', { age: 3700, life: 1e9 }, false],
  ])('that %s counts: %o, %s', async (_how, { age, life }, isGood) => {
    const { clock, tokens, tokenWith } = await openGoogle();
    const iat = Math.floor(clock.now() / 1000) - age;
    const token = tokens.identify(await tokenWith({ iat, exp: iat + life }));
    if (isGood) expect(await token).toMatchObject({ subject: ADA.sub });
    else await expect(token).rejects.toThrow(InvalidToken);
  });

  test('is good with a key that the provider made since, and not with one that it took back', async () => {
    const { standIn, clock, tokens, tokenWith } = await openGoogle();
    const before = await tokenWith();
    expect(await tokens.identify(before)).toMatchObject({ subject: ADA.sub });
    standIn.rotate();
    expect(await tokens.identify(await tokenWith())).toMatchObject({ subject: ADA.sub });
    clock.set(clock.now() + 1);
    await expect(tokens.identify(before)).rejects.toThrow(InvalidToken);
  });
});

describe('an access token of Google', () => {
  const info = (now: number, more: object = {}) => ({
    aud: CLIENT_ID,
    azp: CLIENT_ID,
    sub: ADA.sub,
    email: ADA.email,
    email_verified: 'true',
    exp: String(Math.floor(now / 1000) + 60),
    ...more,
  });

  test('says who the person is, where it was made for this client', async () => {
    const { standIn, clock, tokens } = await openGoogle();
    expect(await tokens.identify(standIn.accessToken(info(clock.now())))).toEqual({
      provider: 'google',
      issuer: standIn.issuer,
      subject: ADA.sub,
      verifiedEmail: ADA.email,
      name: null,
    });
    // In no URL, which servers and proxies log.
    expect(standIn.asked).toContain('POST /tokeninfo');
  });

  // Any site that somebody signs in to has an access token of theirs.
  test.each([
    ['another client', { aud: 'another', azp: 'another' }],
    ['another client, by ours', { aud: 'another' }],
    ['ours, by another client', { azp: 'another' }],
    ['nobody', { aud: undefined }],
    ['nobody in particular', { sub: undefined }],
    ['a time that is over', { exp: '1' }],
    ['no time', { exp: undefined }],
  ])('proves nothing where it was made for %s', async (_whom, more) => {
    const { standIn, clock, tokens } = await openGoogle();
    const token = standIn.accessToken(info(clock.now(), more));
    await expect(tokens.identify(token)).rejects.toThrow(InvalidToken);
  });

  test('proves nothing where Google does not know it', async () => {
    const { tokens } = await openGoogle();
    for (const token of ['ya29.unknown', 'a b', '..', '猫']) {
      await expect(tokens.identify(token)).rejects.toThrow(InvalidToken);
    }
  });
});

describe('a sign-in with Google', () => {
  test('takes no ID token that was asked for by somebody else', async () => {
    const { codes, comeBack } = await openGoogle();
    const answer = { ...(await comeBack()), nonce: 'another' };
    await expect(codes.identify(answer)).rejects.toThrow(InvalidToken);
  });

  test('asks for the account with PKCE, state and nonce, and for no more than identity', async () => {
    const { codes } = await openGoogle();
    const { searchParams } = new URL(await codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS }));
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: CLIENT_ID,
      redirect_uri: RETURN_URL,
      response_type: 'code',
      scope: 'openid email profile',
      state: 'state',
      nonce: 'nonce',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });
});

describe('a sign-in with Microsoft', () => {
  const person = { sub: 'pairwise', tid: TENANT, oid: OBJECT, email: 'ada@example.com' };

  // Seed A took any address that the administrator of any tenant had written down.
  test('gives an address of a tenant that the operator named, and of no other', async () => {
    const named = await openMicrosoft([TENANT, OTHER_TENANT]);
    expect(await named.identify(person)).toMatchObject({ verifiedEmail: 'ada@example.com' });
    for (const tenants of [[], [OTHER_TENANT, 'b']]) {
      const { identify } = await openMicrosoft(tenants);
      expect(await identify(person)).toMatchObject({
        subject: `${TENANT}.${OBJECT}`,
        verifiedEmail: null,
      });
    }
  });

  test.each([
    [true, 'ada@example.com'],
    ['1', 'ada@example.com'],
    [1, 'ada@example.com'],
    [false, null],
    ['0', null],
    ['false', null],
  ])('gives an address of another tenant that owns the domain: %o', async (owned, email) => {
    const { identify } = await openMicrosoft([]);
    expect(await identify({ ...person, xms_edov: owned })).toMatchObject({ verifiedEmail: email });
  });

  test('is nobody’s without the ids of tenant and person', async () => {
    const { identify } = await openMicrosoft([]);
    await expect(identify({ ...person, oid: undefined })).rejects.toThrow(InvalidToken);
  });

  test('is of the tenant that issued it, whatever the token says', async () => {
    const { identify } = await openMicrosoft([]);
    for (const tid of [OTHER_TENANT, '{tenantid}', '../common']) {
      await expect(identify({ ...person, tid })).rejects.toThrow(InvalidToken);
    }
  });

  test('goes to the one tenant that the operator named, and else to all', async () => {
    const pathOf = async (tenants: readonly string[]) => {
      const { standIn, codes } = await openMicrosoft(tenants);
      await codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS });
      return standIn.asked[0];
    };
    expect(await pathOf([TENANT])).toBe(`GET /${TENANT}/v2.0/.well-known/openid-configuration`);
    expect(await pathOf([])).toBe('GET /common/v2.0/.well-known/openid-configuration');
  });
});

describe('a sign-in with GitHub', () => {
  const of = (primary: boolean, verified: boolean, email = 'ada@example.com') => ({
    email,
    primary,
    verified,
  });

  test.each([
    ['is verified, and not primary', [of(false, true)]],
    ['is primary, and not verified', [of(true, false)]],
    [
      'is primary and not verified, beside a verified one',
      [of(true, false), of(false, true, 'b@example.com')],
    ],
    ['is not there', []],
    ['is no text', [{ ...of(true, true), email: 7 as never }]],
  ])('gives no address that %s', async (_how, emails) => {
    const { identify } = await openGithub();
    const identity = await identify({ ...GITHUB_ADA, emails });
    expect(identity).toMatchObject({ subject: '583231', verifiedEmail: null });
  });

  test('is not available where the app is not set up right', async () => {
    const { identify, failures } = await openGithub('another-secret');
    await expect(identify(GITHUB_ADA)).rejects.toThrow(Unavailable);
    expect(failures).toEqual(['github: incorrect_client_credentials']);
  });

  test.each([
    ['/api/user', { login: 'ada' }],
    ['/api/user', { id: '583231' }],
    ['/api/user', { id: 1.5 }],
    ['/api/user', null],
    ['/api/user/emails', { emails: [] }],
    ['/api/user/emails', 'none'],
  ])('is nobody’s where %s says %o', async (path, body) => {
    const { standIn, identify } = await openGithub();
    const rubbish: Answer = (_request, response) => void response.end(JSON.stringify(body));
    standIn.instead.set(path, rubbish);
    await expect(identify(GITHUB_ADA)).rejects.toThrow(Unavailable);
  });
});

const text =
  (body: string, status = 200, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const endless: Answer = (_request, response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = () => {
    while (response.write(`"${'x'.repeat(10_000)}",`));
  };
  response.on('drain', more);
  more();
};

describe('a provider that is out of order', () => {
  const faults: [string, Answer][] = [
    ['answers that it is', text('{}', 500)],
    ['is overloaded', text('{}', 503, { 'retry-after': '1' })],
    ['counts requests', text('{}', 429)],
    ['answers with a page', text('<html>maintenance</html>', 200, { 'content-type': 'text/html' })],
    ['answers no JSON', text('{"access_token"')],
    ['answers an empty object', text('{}')],
    ['answers a list', text('[]')],
    ['answers nothing', text('')],
    ['answers without end', endless],
    ['answers more than 64 KiB', text(JSON.stringify({ error: 'x'.repeat(70_000) }))],
    ['hangs up', (request) => void request.socket.destroy()],
    ['speaks no HTTP', (request) => void request.socket.end('rubbish\r\n\r\n')],
    ['sends elsewhere', text('', 302, { location: 'http://127.0.0.1:9/' })],
  ];

  test.each(faults)(
    'proves nobody, and can be asked again: its endpoint of codes %s',
    async (_how, answer) => {
      const { standIn, codes, comeBack, failures } = await openGoogle();
      const came = await comeBack();
      standIn.instead.set('/token', answer);
      await expect(codes.identify(came)).rejects.toThrow(Unavailable);
      expect(failures).toHaveLength(1);
      expect(failures.join()).not.toContain(came.code);
      standIn.instead.clear();
      expect(await codes.identify(came)).toMatchObject({ subject: ADA.sub });
    },
  );

  test.each(faults)(
    'proves nobody, and can be asked again: its keys where it %s',
    async (_how, answer) => {
      const { standIn, tokens, tokenWith } = await openGoogle();
      const token = await tokenWith();
      standIn.instead.set('/jwks', answer);
      await expect(tokens.identify(token)).rejects.toThrow(Unavailable);
      standIn.instead.clear();
      expect(await tokens.identify(token)).toMatchObject({ subject: ADA.sub });
    },
  );

  test.each(faults)(
    'sends nobody anywhere, and can be asked again: its description where it %s',
    async (_how, answer) => {
      const { standIn, codes } = await openGoogle();
      const ask = () => codes.urlOf({ returnUrl: RETURN_URL, ...SECRETS });
      standIn.instead.set('/.well-known', answer);
      await expect(ask()).rejects.toThrow(Unavailable);
      standIn.instead.clear();
      expect(await ask()).toContain(standIn.url);
    },
  );

  test.each(['/token', '/jwks', '/.well-known'])(
    'is not waited for longer than one time limit: %s',
    async (path) => {
      const { standIn, codes, comeBack } = await openGoogle();
      const came = path === '/.well-known' ? null : await comeBack();
      const { google: impatient } = await openProviders({
        google: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, issuer: standIn.issuer },
        github: null,
        microsoft: null,
        clock: fakeClock(Date.now()),
        timeLimitMs: 100,
      });
      standIn.instead.set(path, () => {});
      const answer = came ?? { code: 'code', returnUrl: RETURN_URL, ...SECRETS };
      await expect(impatient.codes?.identify(answer)).rejects.toThrow(Unavailable);
      standIn.instead.clear();
      if (path === '/token')
        expect(await codes.identify(answer)).toMatchObject({ subject: ADA.sub });
    },
  );

  test('that names an endpoint of others without https is told nothing', async () => {
    const { standIn, codes } = await openGoogle();
    const own = await (await fetch(`${standIn.issuer}/.well-known/openid-configuration`)).json();
    const elsewhere = { ...Object(own), token_endpoint: 'http://203.0.113.7/token' };
    standIn.instead.set('/.well-known', text(JSON.stringify(elsewhere)));
    const answer = { code: 'code', returnUrl: RETURN_URL, ...SECRETS };
    await expect(codes.identify(answer)).rejects.toThrow(Unavailable);
  });
});

test('providers that are not configured are not there', async () => {
  const all = await openProviders({
    google: null,
    github: null,
    microsoft: null,
    clock: fakeClock(0),
  });
  const names: Provider[] = ['google', 'github', 'microsoft'];
  expect(names.map((name) => all[name])).toEqual(names.map(() => ({ codes: null, tokens: null })));
});

test('Google without a secret of the client takes tokens of pages, and sends nobody anywhere', async () => {
  const { google } = await openProviders({
    google: { clientId: CLIENT_ID, clientSecret: null, issuer: 'https://accounts.google.com' },
    github: null,
    microsoft: null,
    clock: fakeClock(0),
  });
  expect(google.codes).toBeNull();
  expect(google.tokens).not.toBeNull();
});
