export * from './contracts/index.ts';
export * from './fakes/index.ts';
export * from './fixtures.ts';
export * from './gate.ts';
export * from './memory/index.ts';
export * from './races/index.ts';
export * from './skips.ts';
export * from './world.ts';
