export { rpIdsOf } from './origins.ts';
export { webAuthn } from './web-authn.ts';
