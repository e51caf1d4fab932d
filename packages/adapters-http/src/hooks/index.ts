import { type Actor, Unauthorized } from '@rekey/domain';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, authenticate, nobody } from '../server/actor.ts';
import { keyIn, userCredentialIn } from '../server/credentials.ts';
import type { HttpDeps } from '../server/deps.ts';

/**
 * For proxies that ask before they let a request through (Traefik's ForwardAuth, and what is like it): 200, with headers
 * that say who it is from, or 401. See docs/guides/forward-auth.md.
 */
export const hooks =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    if (!deps.options.forwardAuth) return;

    // In front of Rekey itself, or of what else is called with the key of a service or a root key.
    app.get(
      '/hook/traefik/self',
      { ...hidden, onRequest: authenticate(deps, ['serviceKey', 'rootKey']) },
      async (request, reply) => say(actorOf(request), reply),
    );

    // In front of a service that its users call.
    app.get('/hook/traefik/service', hidden, async (request, reply) =>
      say(await provenFor(deps, request), reply),
    );
  };

/** Read by proxies, and no part of the API. */
const hidden = { schema: { isHidden: true } } as const;

/** The service whose key the proxy adds, with the user whose credential the request has. */
async function provenFor(
  { useCases: { callers } }: Pick<HttpDeps, 'useCases'>,
  request: FastifyRequest,
): Promise<Actor> {
  const { 'service-authorization': serviceKey, authorization } = request.headers;
  const key = keyIn(serviceKey);
  const credential = userCredentialIn(authorization);
  if (key === null || credential === null) throw new Unauthorized();
  const actor = await callers.authenticateKey.execute(nobody(request), { key });
  if (actor.kind !== 'service') throw new Unauthorized();
  return callers.proveUser.execute(actor, credential);
}

/** All headers, also those of what is not there: a proxy that copies them then passes on none of the caller's. */
function say(actor: Actor, reply: FastifyReply): FastifyReply {
  const { service = null, user = null } = actor.kind === 'service' ? actor : {};
  const ids = {
    'key-id': 'keyId' in actor ? actor.keyId : '',
    'service-id': service?.id ?? '',
    'user-key-id': user?.keyId ?? '',
    'user-id': user?.userId ?? '',
  };
  for (const [name, id] of Object.entries(ids)) {
    reply.header(`grpc-metadata-sso-${name}`, id).header(`sso-${name}`, id);
  }
  return reply.send();
}
