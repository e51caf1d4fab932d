import { cpSync, globSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { packWords } from '@rekey/adapters-crypto/words';

const http = '../../packages/adapters-http';
/** Files that the pages serve unchanged, each at the place beside the bundle where the pages look for it. */
const files = {
  ...Object.fromEntries(
    ['style.css', 'change-password.js', 'new-password.js', 'passkeys.js'].map((name) => [
      `static/${name}`,
      `${http}/src/pages/static/${name}`,
    ]),
  ),
  ...Object.fromEntries(
    ['core', 'language-common']
      .map((name) => `node_modules/@zxcvbn-ts/${name}/dist/zxcvbn-ts.js`)
      .map((file) => [file, `${http}/${file}`]),
  ),
};

const { platform, arch } = process;
/** The folder of a package that one of ours uses. */
const folderOf = (user, name) =>
  realpathSync(new URL(`../../packages/${user}/node_modules/${name}`, import.meta.url));
const bcrypt = folderOf('adapters-crypto', 'bcrypt');
/**
 * Packages that stay packages, for they bring machine code or files along, and those of their files that a server of this
 * platform reads.
 */
const packages = {
  bcrypt: {
    folder: bcrypt,
    files: ['package.json', 'LICENSE', '*.js', `prebuilds/${platform}-${arch}/*`],
  },
  'node-gyp-build': {
    // A package of bcrypt's, beside which pnpm puts it.
    folder: path.join(bcrypt, '../node-gyp-build'),
    files: ['package.json', 'LICENSE', '{index,node-gyp-build}.js'],
  },
  'better-sqlite3': {
    folder: folderOf('adapters-db', 'better-sqlite3'),
    files: [
      ...['package.json', 'LICENSE', 'lib/methods/*.js'],
      'lib/{index,binding,database,sqlite-error,util}.js',
      `prebuilds/${platform}*-${arch}.node`,
    ],
  },
  'swagger-ui-dist': {
    folder: folderOf('adapters-http', 'swagger-ui-dist'),
    files: [
      ...['package.json', 'LICENSE', 'NOTICE', 'absolute-path.js'],
      ...['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt'],
    ],
  },
};

/** One file for each program, and all else that they read beside them: this folder alone is the image. */
export default {
  input: {
    main: 'src/main.ts',
    cli: 'src/cli.ts',
    'crypt-thread': '../../packages/adapters-crypto/src/foreign-hashes/crypt-thread.ts',
    'strength-thread': '../../packages/adapters-crypto/src/strength-thread.ts',
  },
  platform: 'node',
  plugins: [
    {
      name: 'files of the pages',
      generateBundle() {
        for (const [fileName, file] of Object.entries(files)) {
          const source = readFileSync(new URL(file, import.meta.url));
          this.emitFile({ type: 'asset', fileName, source });
        }
        this.emitFile({ type: 'asset', fileName: 'words.bin', source: packWords() });
      },
      writeBundle({ dir }) {
        for (const [name, { folder, files: patterns }] of Object.entries(packages)) {
          for (const file of globSync(patterns, { cwd: folder })) {
            cpSync(path.join(folder, file), path.join(dir, 'node_modules', name, file));
          }
        }
      },
    },
  ],
  external: ['bcrypt', 'better-sqlite3', 'swagger-ui-dist/absolute-path.js'],
  output: {
    dir: '../../dist',
    cleanDir: true,
    minify: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  },
};
