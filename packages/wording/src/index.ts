export * from './colors.ts';
export * from './common-words.ts';
export * from './defuse.ts';
export * from './device.ts';
export * from './html.ts';
export * from './languages.ts';
export * from './notices/index.ts';
export * from './time.ts';
