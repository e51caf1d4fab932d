import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { readConfig } from '../apps/server/src/config.ts';
import { sections, variables } from '../apps/server/src/variables.ts';
import { configurationPage, envExample } from '../tools/configuration.ts';

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');

test('docs/configuration.md says what the server reads; `npx -y pnpm@12 run configuration` renews it', () => {
  expect(read('docs/configuration.md')).toBe(configurationPage());
});

test('.env.example shows what the server reads; `npx -y pnpm@12 run configuration` renews it', () => {
  expect(read('.env.example')).toBe(envExample());
});

test('every variable stands in one section', () => {
  const named = sections.flatMap((section) => section.variables.map(({ name }) => name));
  expect(named.toSorted()).toEqual(
    Object.values(variables)
      .map(({ name }) => name)
      .toSorted(),
  );
  expect(new Set(named).size).toBe(named.length);
});

test('an uncommented line of .env.example with a default changes nothing', () => {
  const set = parseEnv(envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''));
  const others = Object.values(variables).filter(({ default: text }) => !text);
  for (const { name } of others) delete set[name];
  // The example of a variable that has a default as well comes after it.
  set.DATABASE_URL = variables.databaseUrl.default;
  expect(Object.keys(set).length).toBeGreaterThan(15);
  expect(readConfig(set)).toEqual(readConfig({}));
});

test('.env.example has a password for compose.yaml', () => {
  expect(envExample()).toContain('POSTGRES_PASSWORD=');
  expect(read('compose.yaml')).toContain('POSTGRES_PASSWORD');
});
