export * from './contracts.ts';
export * from './contracts-crypto.ts';
export * from './contracts-mail.ts';
export * from './fakes.ts';
export * from './fixtures.ts';
export * from './gate.ts';
export * from './memory-database.ts';
