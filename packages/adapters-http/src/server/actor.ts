import { type Actor, formServiceId, type Origin, Unauthorized } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import { bearerIn, keyIn, userCredentialIn } from './credentials.ts';
import type { HttpDeps } from './deps.ts';

type Callers = Pick<HttpDeps, 'useCases'>;
type Hook = (request: FastifyRequest) => Promise<void>;

/** The kinds of credentials. */
export type Scheme = 'serviceKey' | 'verifierKey' | 'rootKey' | 'accessToken';

/**
 * Lets in actors that prove themselves by one of the schemes. A root key is refused where a service has to ask, and a key
 * of the built-in service wherever it is not named. A service may prove a user as well.
 */
export function authenticate({ useCases }: Callers, schemes: readonly Scheme[]): Hook {
  const { callers } = useCases;
  const isBearer = schemes.includes('accessToken');
  return async (request) => {
    const { headers } = request;
    const credential = (isBearer ? bearerIn : keyIn)(headers.authorization);
    if (credential === null) throw new Unauthorized();
    const actor = isBearer
      ? await callers.authenticateBearer.execute(nobody(request), { token: credential })
      : await callers.authenticateKey.execute(nobody(request), { key: credential });
    if (!schemes.includes(schemeOf(actor))) throw new Unauthorized();
    const asked = actor.kind === 'service' ? await withUser(callers, actor, headers) : actor;
    request.setDecorator<Actor>('actor', asked);
  };
}

type Kind<K extends Actor['kind']> = Extract<Actor, { readonly kind: K }>;
type Service = Kind<'service'>;

/** People act for themselves at the built-in service: a key of it serves to check their tokens, and nothing else. */
function schemeOf(actor: Kind<'service' | 'root' | 'user'>): Scheme {
  if (actor.kind === 'root') return 'rootKey';
  if (actor.kind === 'user') return 'accessToken';
  return actor.service.id === formServiceId ? 'verifierKey' : 'serviceKey';
}

/** The service, with the user whom a header proves. An empty header claims nothing. */
async function withUser(
  { proveUser }: Pick<HttpDeps['useCases']['callers'], 'proveUser'>,
  service: Service,
  headers: FastifyRequest['headers'],
): Promise<Service> {
  const { 'user-authorization': own = '', 'grpc-metadata-user-authorization': forwarded = '' } =
    headers;
  if (own === '' && forwarded === '') return service;
  // Two of them may name two users.
  const credential = own !== '' && forwarded !== '' ? null : userCredentialIn(own || forwarded);
  if (credential === null) throw new Unauthorized();
  return proveUser.execute(service, credential);
}

type Request = Pick<FastifyRequest, 'getDecorator' | 'headers'>;

/** The actor that was authenticated; nobody where no credentials are asked for. */
export const actorOf = (request: Request): Actor =>
  request.getDecorator<Actor | undefined>('actor') ?? nobody(request);

/** Who asks before anything is proven. */
export const nobody = (request: Request) =>
  ({ kind: 'nobody', origin: originOf(request) }) as const;

const MAX_CLIENT_LENGTH = 300;
/** Of the header as it was sent, which the audit keeps: the beginning. */
const MAX_FORWARDED_LENGTH = 1000;

/** Where a request came from: the socket's address, or the one that a trusted proxy forwarded. */
function originOf(request: Request): Origin {
  const { 'x-forwarded-for': forwarded = '', 'user-agent': client } = request.headers;
  return {
    address: request.getDecorator<string>('address'),
    client: client?.slice(0, MAX_CLIENT_LENGTH) || null,
    ...(forwarded !== '' && { forwarded: String(forwarded).slice(0, MAX_FORWARDED_LENGTH) }),
  };
}
