import type { FastifyInstance } from 'fastify';

/** Remembers which methods each path answers, for the refusal of all others. */
export function methodsByPath(app: FastifyInstance): (path: string) => string[] {
  const routes: { path: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
    routes.push({ path, methods: [method].flat() });
  });
  return (path) =>
    routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods);
}
