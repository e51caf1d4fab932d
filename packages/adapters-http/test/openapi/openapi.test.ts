import { readFileSync } from 'node:fs';
import { validate } from '@readme/openapi-parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { rig } from '../harness.ts';
import { describeRoutes } from './document.ts';

const committed = '../../openapi.json';
const read = () => JSON.parse(readFileSync(new URL(committed, import.meta.url), 'utf8'));

describe('the description of the API', () => {
  it('is what the routes say; `npx -y pnpm@12 run openapi` renews it', async () => {
    const { app } = await rig();
    const document = await describeRoutes(app);
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(committed);
  });

  it('is valid by the schema of OpenAPI 3.1', async () => {
    const result = await new Validator().validate(read());
    expect(result).toEqual({ valid: true });
  });

  it('is valid by a validator that looks beyond the schema', async () => {
    expect(await validate(read())).toMatchObject({ valid: true, warnings: [] });
  });

  it('is answered as it is committed, whether or not browsers are shown it', async () => {
    const { app } = await rig();
    const response = await app.inject('/openapi.json');
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual(read());
  });

  it('names each operation once', () => {
    const operations = Object.values<Record<string, { operationId: string }>>(read().paths)
      .flatMap((path) => Object.values(path))
      .map(({ operationId }) => operationId);
    expect(operations.length).toBeGreaterThan(15);
    expect(new Set(operations).size).toBe(operations.length);
  });
});
