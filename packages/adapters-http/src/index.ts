export { createHttpServer, type HttpServer } from './create-http-server.ts';
export type { Answered, HttpDeps, HttpOptions, Jwks, Log, Watch } from './server/deps.ts';
export type { DescribedRoute } from './server/routes.ts';
