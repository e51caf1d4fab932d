import { createHash, randomBytes } from 'node:crypto';
import { bodyOf, browse, type CameBack, cameBack, sendJson, standIn } from './stand-in.ts';

export const GITHUB_CLIENT_ID = 'Iv1.of-the-tests';
export const GITHUB_CLIENT_SECRET = 'a-secret-of-an-app-in-the-tests';

export type GithubPerson = {
  readonly id: number;
  readonly name: string | null;
  readonly emails: readonly {
    readonly email: string;
    readonly primary: boolean;
    readonly verified: boolean;
  }[];
};

/** What stands in for GitHub and its API, as far as a sign-in asks it. */
export async function githubStandIn() {
  const state: { person: GithubPerson | null } = { person: null };
  const codes = new Map<string, { person: GithubPerson; challenge: string; returnUrl: string }>();
  const tokens = new Map<string, GithubPerson>();

  const server = await standIn((own) => async (request, response) => {
    const url = new URL(request.url ?? '', own);
    const asked = url.searchParams;
    const { person } = state;
    if (url.pathname === '/login/oauth/authorize' && person !== null) {
      const back = new URL(asked.get('redirect_uri') ?? '');
      const code = randomBytes(10).toString('hex');
      codes.set(code, {
        person,
        challenge: asked.get('code_challenge') ?? '',
        returnUrl: back.href,
      });
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      return void response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === '/login/oauth/access_token') {
      const body = await bodyOf(request);
      const code = body.get('code') ?? '';
      const given = codes.get(code);
      codes.delete(code);
      const challenge = createHash('sha256')
        .update(body.get('code_verifier') ?? '')
        .digest('base64url');
      if (body.get('client_secret') !== GITHUB_CLIENT_SECRET) {
        return sendJson(response, { error: 'incorrect_client_credentials' });
      }
      const isGood = given?.challenge === challenge && given.returnUrl === body.get('redirect_uri');
      if (!isGood) return sendJson(response, { error: 'bad_verification_code' });
      const token = `gho_${randomBytes(10).toString('hex')}`;
      tokens.set(token, given.person);
      return sendJson(response, { access_token: token, token_type: 'bearer', scope: '' });
    }
    const { authorization = '' } = request.headers;
    const known = tokens.get(authorization.replace('Bearer ', ''));
    if (!known) return sendJson(response, { message: 'Bad credentials' }, 401);
    const { id, name, emails } = known;
    if (url.pathname === '/api/user') return sendJson(response, { id, name, login: 'ada' });
    if (url.pathname === '/api/user/emails') return sendJson(response, emails);
    sendJson(response, { message: 'Not Found' }, 404);
  });

  return {
    ...server,
    apiUrl: `${server.url}/api`,
    /** From now on that person is at the browser. */
    enter: (person: GithubPerson): void => {
      state.person = person;
    },
    /** Signs a person in who was sent to a URL, and answers what they come back with. */
    signIn: async (person: GithubPerson, url: string): Promise<CameBack> => {
      state.person = person;
      return cameBack(await browse(url));
    },
  };
}
