import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientSource } from './generate.ts';

it('the calls are those of the description; `npx -y pnpm@12 run openapi` renews them', async () => {
  const file = new URL('../../adapters-http/openapi.json', import.meta.url);
  const document = JSON.parse(readFileSync(file, 'utf8'));
  await expect(clientSource(document)).toMatchFileSnapshot('../src/api.ts');
});
