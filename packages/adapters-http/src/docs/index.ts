import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import type { DescribedRoute } from '../server/routes.ts';
import { errorsPage } from './errors.ts';
import { openApi } from './openapi.ts';
import { START, swaggerPage } from './swagger.ts';

/** Nothing but styles from here. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Swagger UI runs a script, calls this server alone, and sets styles and pictures that it brings along. */
const SWAGGER_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For developers: the description of the API, the errors by their `type`, and Swagger UI where it is wanted. */
export const docs =
  ({ options, version }: HttpDeps, routes: () => readonly DescribedRoute[]): FastifyPluginAsync =>
  async (app) => {
    // Made when it is first asked for, so that no start waits.
    let description: string | undefined;
    app.get('/openapi.json', hidden, async (_request, reply) => {
      description ??= JSON.stringify(openApi(routes(), version));
      return reply.type('application/json; charset=utf-8').send(description);
    });

    app.get('/docs/errors', hidden, async (_request, reply) =>
      reply
        .header('content-security-policy', POLICY)
        .type('text/html; charset=utf-8')
        .send(errorsPage.html),
    );

    if (!options.apiDocs) return;

    app.get('/docs', hidden, async (_request, reply) =>
      reply
        .header('content-security-policy', SWAGGER_POLICY)
        .type('text/html; charset=utf-8')
        .send(swaggerPage.html),
    );

    app.get('/docs/start.js', hidden, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(START),
    );

    for (const [file, type] of [
      ['swagger-ui.css', 'text/css'],
      ['swagger-ui-bundle.js', 'text/javascript'],
    ] as const) {
      app.get(`/docs/${file}`, hidden, async (_request, reply) =>
        reply.type(`${type}; charset=utf-8`).send(await swaggerFile(file)),
      );
    }
  };

/** Read by people and their tools, and no part of the API. */
const hidden = { schema: { isHidden: true } } as const;

async function swaggerFile(name: string): Promise<Buffer> {
  const { default: folder } = await import('swagger-ui-dist/absolute-path.js');
  return readFile(path.join(folder(), name));
}
