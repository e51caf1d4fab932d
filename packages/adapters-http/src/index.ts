export type { Answered, HttpDeps, HttpOptions, Jwks, Log, Watch } from './deps.ts';
export { createHttpServer, type HttpServer } from './server.ts';
