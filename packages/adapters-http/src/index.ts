export { createHttpServer } from './create-http-server.ts';
export type { HttpDeps, HttpOptions } from './server/deps.ts';
export type { DescribedRoute } from './server/routes.ts';
export { userExportJson } from './v1/user-export.ts';
