import { type Id, type Service, Unauthorized } from '@rekey/domain';
import type { AuthenticateKey, Caller } from '@rekey/usecases';
import type { FastifyRequest } from 'fastify';
import { keyOf } from '../authorization.ts';

type Hook = (request: FastifyRequest) => Promise<void>;

/** Lets in who has a service key or a root key. */
export function requireCaller(authenticateKey: AuthenticateKey): Hook {
  return async (request) => {
    const key = keyOf(request);
    if (key === null) throw new Unauthorized();
    request.setDecorator<Caller>('caller', await authenticateKey.execute(key));
  };
}

/** Lets in who has a service key. */
export function requireService(authenticateKey: AuthenticateKey): Hook {
  const authenticate = requireCaller(authenticateKey);
  return async (request) => {
    await authenticate(request);
    serviceOf(request);
  };
}

type Decorated = Pick<FastifyRequest, 'getDecorator'>;

export const callerOf = (request: Decorated): Caller => request.getDecorator<Caller>('caller');

/** The id of the service that calls. */
export const serviceIdOf = (request: Decorated): Id => serviceOf(request).id;

/** A root key acts for nobody: where a service is needed it is refused like one that is not valid. */
export function serviceOf(request: Decorated): Service {
  const caller = callerOf(request);
  if (caller.kind === 'root') throw new Unauthorized();
  return caller.service;
}
