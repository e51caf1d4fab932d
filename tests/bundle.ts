import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { shared } from './shared.ts';

/** Makes the programs that the tests start, with the command that makes them for the image. */
export default async function setup(): Promise<void> {
  await shared('bundle', async () => ({ value: await bundle(), end: async () => undefined }));
}

async function bundle(): Promise<void> {
  await promisify(execFile)('./node_modules/.bin/rolldown', ['-c', 'rolldown.config.js'], {
    cwd: path.join(import.meta.dirname, '../apps/server'),
  });
}
