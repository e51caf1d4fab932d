import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { generated } from '../tools/openapi.ts';

const files = Object.entries(await generated());

test.each(files)(
  '%s is what the routes say; `npx -y pnpm@12 run openapi` renews it',
  (file, text) => {
    const committed = readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');
    expect(committed).toBe(text);
  },
);
