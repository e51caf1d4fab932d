export * from './channels.ts';
export * from './clock.ts';
export * from './flow.ts';
export * from './ledgers.ts';
export * from './news.ts';
export * from './passwords.ts';
export * from './secrets.ts';
export * from './web-authn.ts';
