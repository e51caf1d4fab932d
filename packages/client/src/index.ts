export type * from './api.ts';
export type * from './call.ts';
export * from './client.ts';
export { requireUser, userOf } from './require-user.ts';
export * from './verifier.ts';
