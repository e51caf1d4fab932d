import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apiReference } from '../docs/site/api.ts';
import {
  createHttpServer,
  type DescribedRoute,
  type HttpDeps,
} from '../packages/adapters-http/src/index.ts';
import { auditTypesPage } from './audit-types.ts';
import { clientSource } from './client.ts';
import { errorsPage } from './errors.ts';
import { eventTypesPage } from './event-types.ts';

const root = path.join(import.meta.dirname, '..');

/** Every file that is made of the routes and of the tables beside them, and its text. */
export async function generated(): Promise<Readonly<Record<string, string>>> {
  const { document, routes } = await described();
  return {
    'packages/adapters-http/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'packages/client/src/api.ts': clientSource(document),
    'docs/api.md': apiReference(document),
    'docs/audit-types.md': auditTypesPage(),
    'docs/errors.md': errorsPage(routes),
    'docs/event-types.md': eventTypesPage(),
  };
}

async function described(): Promise<{
  document: ReturnType<typeof JSON.parse>;
  routes: readonly DescribedRoute[];
}> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { app, routes } = createHttpServer({
    // Only a request would look for them.
    useCases: {} as HttpDeps['useCases'],
    jwks: () => ({ keys: [] }),
    isReady: async () => false,
    // The one error there can be is a route that does not say what it is.
    log: { info: () => {}, error: (fields) => console.error(fields) },
    version,
    options: {
      publicUrl: 'http://localhost:8042',
      trustProxy: [],
      corsAllowOrigin: [],
      apiDocs: false,
      passwordPolicy: 'compat',
      brandName: 'Rekey',
      brandColor: '#000000',
      brandLogo: null,
      supportUrl: null,
    },
  });
  const response = await app.inject('/openapi.json');
  if (response.statusCode !== 200) throw new Error(response.body);
  return { document: response.json(), routes: routes() };
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(await generated())) {
    writeFileSync(path.join(root, file), text);
  }
}
