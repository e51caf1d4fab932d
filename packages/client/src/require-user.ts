import type { Verified, Verifier } from './verifier.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
type Request = { readonly headers: Headers; rekey?: Verified };
/** Of Express, or of `node:http`. */
type Response = {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
};
/** Of Fastify. */
type Reply = {
  readonly raw: unknown;
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
};

/** RFC 6750, 2.1 */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;

/**
 * A middleware for Express, and a hook for Fastify (`onRequest` or `preHandler`): lets a request in that comes with an access
 * token of a user, who is then `userOf(request)`. Others get 401, and 503 where nobody can tell.
 */
export function requireUser(verifier: Pick<Verifier, 'verify'>) {
  return (request: Request, response: Response | Reply, next: () => void): void => {
    const token = BEARER.exec(String(request.headers.authorization ?? ''))?.[1];
    if (token === undefined) {
      refuse(response, 401, 'unauthorized', 'a token is required', {
        'www-authenticate': 'Bearer',
      });
      return;
    }
    verifier.verify(token).then(
      (verified) => {
        if (verified === null) {
          const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
          refuse(response, 401, 'unauthorized', 'this token is not good', challenge);
          return;
        }
        request.rekey = verified;
        next();
      },
      () => {
        const detail = 'whether this token is good cannot be told now';
        refuse(response, 503, 'unavailable', detail, { 'retry-after': '1' });
      },
    );
  };
}

/** The user whom `requireUser` let in. Throws where it was not asked, so that a route that lacks it serves nobody. */
export function userOf(request: object): Verified {
  const { rekey } = request as Partial<Request>;
  if (rekey === undefined) throw new Error('requireUser() does not guard this route');
  return rekey;
}

function refuse(
  response: Response | Reply,
  status: number,
  code: string,
  detail: string,
  more: Record<string, string>,
): void {
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...more,
  };
  const title = status === 401 ? 'Unauthorized' : 'Unavailable';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code });
  if ('raw' in response) {
    response.code(status);
    response.headers(headers);
    response.send(body);
  } else {
    response.writeHead(status, headers);
    response.end(body);
  }
}
