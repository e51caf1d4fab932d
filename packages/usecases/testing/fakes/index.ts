export * from './channels.ts';
export * from './clock.ts';
export * from './passwords.ts';
export * from './secrets.ts';
