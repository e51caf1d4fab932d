export type { HttpDeps, HttpOptions, Jwks, Log } from './deps.ts';
export { createHttpServer, type HttpServer } from './server.ts';
