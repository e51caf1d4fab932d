import { expect, onTestFinished, test } from 'vitest';
import {
  GITHUB_CLIENT_ID,
  GITHUB_CLIENT_SECRET,
  type GithubPerson,
  githubStandIn,
} from '../../packages/adapters-providers/test/github-stand-in.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  openIdStandIn,
} from '../../packages/adapters-providers/test/openid-stand-in.ts';
import { browse } from '../../packages/adapters-providers/test/stand-in.ts';
import {
  aFolder,
  aFreePort,
  call,
  codeAt,
  createService,
  linkIn,
  post,
  startExample,
  startMailbox,
  startServer,
} from '../harness.ts';

const EMAIL = 'ada@example.com';
const ADA = { sub: '110169', email: EMAIL, email_verified: true, name: 'Ada' };
const GITHUB_ADA: GithubPerson = {
  id: 583231,
  name: 'Ada',
  emails: [{ email: EMAIL, primary: true, verified: true }],
};

/** A real Rekey, and what stands in for Google and GitHub. People come back to a shop. */
async function aRekey() {
  const shop = `http://127.0.0.1:${await aFreePort()}`;
  const google = await openIdStandIn({ returnUrls: [`${shop}/back/google`] });
  const github = await githubStandIn();
  const mailbox = await startMailbox();
  for (const { close } of [google, github]) onTestFinished(close);
  const folder = aFolder();
  const server = await startServer(folder, {
    SMTP_URL: mailbox.url,
    TRUST_PROXY: '127.0.0.1,::1',
    GOOGLE_CLIENT_ID: CLIENT_ID,
    GOOGLE_CLIENT_SECRET: CLIENT_SECRET,
    GOOGLE_ISSUER: google.issuer,
    GITHUB_CLIENT_ID,
    GITHUB_CLIENT_SECRET,
    GITHUB_URL: github.url,
    GITHUB_API_URL: github.apiUrl,
  });
  const urls = ['google', 'github'].flatMap((name) => [`--${name}-url`, `${shop}/back/${name}`]);
  const { key } = await createService(folder, urls);
  const ask = (route: string) =>
    call(server, 'GET', route, { headers: { authorization: key.value } });
  const send = (route: string, body: unknown) => post(server, key.value, route, body);

  /** A user whose address is proven with the button of a mail. */
  const aProvenUser = async (): Promise<string> => {
    const user = { name: 'Ada', email: EMAIL, password: 'correct horse', token_key: true };
    const { id } = (await send('/v1/user', user)).body.data;
    await send(`/v1/user/${id}/validate-email`, {});
    const token = linkIn((await mailbox.mail(mailbox.mails.length)).text).searchParams.get('token');
    const confirmed = await send('/v1/auth/provider/local/validate-email/confirm', { token });
    expect(confirmed.status).toBe(200);
    return id;
  };
  return { shop, google, github, mailbox, server, key: key.value, ask, send, aProvenUser };
}

const OAUTH2 = (name: string) => `/v1/auth/provider/${name}/oauth2`;

test('a person signs in with Google and with GitHub, is mailed of both links, and locks the account with one of them', async () => {
  const { google, github, mailbox, server, ask, send, aProvenUser } = await aRekey();
  const id = await aProvenUser();
  const mails = mailbox.mails.length;

  const byGoogle = await google.signIn(ADA, (await ask(OAUTH2('google'))).body.url);
  const first = await send(OAUTH2('google'), byGoogle);
  expect([first.status, first.body.user?.id]).toEqual([200, id]);
  const byGithub = await github.signIn(GITHUB_ADA, (await ask(OAUTH2('github'))).body.url);
  const second = await send(OAUTH2('github'), byGithub);
  expect([second.status, second.body.user?.id]).toEqual([200, id]);
  const { data } = (await ask(`/v1/session?user_id=${id}`)).body;
  expect(data.map(({ amr }: { amr: string[] }) => amr)).toEqual([['google'], ['github']]);

  // What came back works once.
  expect((await send(OAUTH2('google'), byGoogle)).body.code).toBe('invalid_token');

  const told = [await mailbox.mail(mails), await mailbox.mail(mails + 1)];
  expect(told.map(({ recipients }) => recipients)).toEqual([[EMAIL], [EMAIL]]);
  const lock = linkIn(told[0]?.text).searchParams.get('token');
  const locked = await send('/v1/auth/provider/local/update-password/revoke', { token: lock });
  expect(locked.status).toBe(200);
  const again = await google.signIn(ADA, (await ask(OAUTH2('google'))).body.url);
  const refused = await send(OAUTH2('google'), again);
  expect([refused.status, refused.body.code]).toEqual([400, 'invalid_credentials']);

  for (const secret of [
    ...[CLIENT_SECRET, GITHUB_CLIENT_SECRET, first.body.access.token, EMAIL],
    ...[byGoogle, byGithub].flatMap(({ code, state }) => [code, state]),
  ]) {
    expect(server.output()).not.toContain(secret);
  }
});

test('a provider that is down is a 503 and a line of the log, and the person is let in once it is up', async () => {
  const { github, server, ask, send, aProvenUser } = await aRekey();
  const id = await aProvenUser();
  const came = await github.signIn(GITHUB_ADA, (await ask(OAUTH2('github'))).body.url);
  github.instead.set('/login/oauth/access_token', (request) => void request.socket.destroy());
  const down = await send(OAUTH2('github'), came);
  expect([down.status, down.body.code]).toEqual([503, 'unavailable']);
  await expect.poll(() => server.output()).toContain('provider does not answer');
  expect(server.output()).not.toContain(came.code);
  github.instead.clear();
  const up = await send(OAUTH2('github'), came);
  expect([up.status, up.body.user?.id]).toEqual([200, id]);
});

test('a page with Google’s button signs a person in who is new, and nobody with a token for somebody else', async () => {
  const { google, server } = await aRekey();
  const logIn = async (idToken: string) =>
    call(server, 'POST', '/users/login/google', { body: new URLSearchParams({ idToken }) });
  const claims = google.claimsOf(ADA, Date.now());
  const foreign = await google.sign({ ...claims, aud: 'another', azp: 'another' });
  expect((await logIn(foreign)).status).toBe(401);
  const signedIn = await logIn(await google.sign(claims));
  expect(signedIn.body).toMatchObject({ requires2FA: false, user: { email: EMAIL, name: 'Ada' } });
  const headers = { authorization: `Bearer ${signedIn.body.token}` };
  const linked = await call(server, 'GET', '/users/providers', { headers });
  expect(linked.body).toMatchObject([{ provider: 'google' }]);
});

/** The shop of the examples, and the ways from it to a provider and back. */
async function aShop() {
  const { shop, google, github, server, key, aProvenUser } = await aRekey();
  await aProvenUser();
  const { port } = new URL(shop);
  await startExample('express', { PORT: port, REKEY_URL: server.url, REKEY_KEY: key });
  return {
    shop,
    toAndBack: async (name: string) => {
      const sent = await fetch(`${shop}/sign-in/${name}`, { redirect: 'manual' });
      const back = await browseAs(sent.headers.get('location') ?? '', { google, github });
      return { back, cookie: cookieOf(sent) };
    },
  };
}

test('the shop of the examples signs a person in with Google and GitHub, in the browser that began it alone', async () => {
  const { shop, toAndBack } = await aShop();
  expect(await (await fetch(shop)).text()).toContain('/sign-in/google');
  for (const name of ['google', 'github']) {
    const { back, cookie } = await toAndBack(name);
    const entered = await fetch(back, { redirect: 'manual', headers: { cookie } });
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/']);
    const home = await fetch(shop, { headers: { cookie: cookieOf(entered) } });
    expect(await home.text()).toContain('Hello, Ada.');
  }
  const { back } = await toAndBack('google');
  const other = await fetch(back, { redirect: 'manual' });
  expect([other.status, cookieOf(other)]).toEqual([400, expect.not.stringContaining('access=')]);
});

test('the shop of the examples asks a person for the code of an app after a sign-in with a provider', async () => {
  const { shop, toAndBack } = await aShop();
  const signIn = async () => {
    const { back, cookie } = await toAndBack('google');
    return fetch(back, { redirect: 'manual', headers: { cookie } });
  };
  const cookie = cookieOf(await signIn());
  const send = async (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams(fields);
    const headers = { cookie };
    return fetch(`${shop}${path}`, { method: 'POST', body, headers, redirect: 'manual' });
  };
  const [, seed = ''] =
    /<code>(\w+)<\/code>/.exec(await (await send('/authenticator', {})).text()) ?? [];
  const now = Date.now();
  expect((await send('/authenticator/confirm', { code: codeAt(seed, now) })).status).toBe(200);

  const asked = await signIn();
  expect([asked.status, cookieOf(asked)]).toEqual([403, expect.not.stringContaining('access=')]);
  const [, challenge = ''] = /name="challenge" value="([^"]+)"/.exec(await asked.text()) ?? [];
  const entered = await send('/login/factor', { challenge, code: codeAt(seed, now + 30_000) });
  expect([entered.status, cookieOf(entered)]).toEqual([303, expect.stringContaining('access=')]);
});

/** Signs Ada in at whichever provider a browser was sent to. */
async function browseAs(
  url: string,
  { google, github }: Pick<Awaited<ReturnType<typeof aRekey>>, 'google' | 'github'>,
): Promise<URL> {
  if (url.startsWith(google.url)) google.enter(ADA);
  else github.enter(GITHUB_ADA);
  return browse(url);
}

const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
