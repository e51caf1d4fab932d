import type { Id } from '@rekey/domain';
import type { AdmitClient } from '@rekey/usecases';
import type { FastifyRequest } from 'fastify';
import { originOf } from './origin.ts';

/** Turns clients away that have failed too often, once it is known who asks and before the body is looked at. */
export function admit(admitClient: AdmitClient, serviceIdOf: (request: FastifyRequest) => Id) {
  return async (request: FastifyRequest): Promise<void> => {
    await admitClient.execute({ serviceId: serviceIdOf(request), origin: originOf(request) });
  };
}
