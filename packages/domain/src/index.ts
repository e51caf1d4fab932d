export * from './audit.ts';
export * from './email.ts';
export * from './entities.ts';
export * from './errors.ts';
export * from './link.ts';
export * from './password.ts';
export * from './text.ts';
export * from './throttle.ts';
