import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const source = path.join(root, 'packages/client');

const COMPILER = [
  '--ignoreConfig',
  ...['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022', '--types', 'node'],
  ...['--rewriteRelativeImportExtensions', '--declaration', '--strict', '--skipLibCheck'],
];

/** Makes a package of the client, for any project on Node 20 or newer: ESM and types. Answers the folder. */
export function buildClient(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compiler = path.join(root, 'node_modules/.bin/tsc');
  const main = path.join(source, 'src/index.ts');
  execFileSync(compiler, [...COMPILER, '--outDir', folder, main], { cwd: root, stdio: 'pipe' });
  // The compiler leaves the names of the sources in the types.
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.d.ts'))) {
    const types = readFileSync(path.join(folder, file), 'utf8');
    writeFileSync(path.join(folder, file), types.replaceAll(/(?<=from '\.\/\w+)\.ts(?=')/g, '.js'));
  }
  const { name, version, description, license } = JSON.parse(
    readFileSync(path.join(source, 'package.json'), 'utf8'),
  );
  const manifest = {
    name,
    version,
    description,
    license,
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    sideEffects: false,
    engines: { node: '>=20.3' },
  };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(path.join(source, 'README.md'), path.join(folder, 'README.md'));
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  return folder;
}

if (import.meta.main) {
  const folder = buildClient(path.join(root, 'dist/client'));
  const packed = execFileSync('npm', ['pack', '--pack-destination', path.dirname(folder)], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  console.log(path.join(path.dirname(folder), packed.trim()));
}
