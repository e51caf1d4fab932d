import { readFileSync } from 'node:fs';

const http = '../../packages/adapters-http';
/** Files that the pages serve unchanged, each at the place beside the bundle where the pages look for it. */
const files = {
  ...Object.fromEntries(
    ['style.css', 'change-password.js', 'new-password.js'].map((name) => [
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

/** One file for each program, for the image: Node then reads a few files at the start, and strips no types. */
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
      },
    },
  ],
  // They bring machine code or files along, which are looked for beside them.
  external: ['bcrypt', 'better-sqlite3', 'swagger-ui-dist/absolute-path.js'],
  output: {
    dir: '../../dist',
    cleanDir: true,
    minify: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    paths: {
      bcrypt: '../packages/adapters-crypto/node_modules/bcrypt/bcrypt.js',
      'better-sqlite3': '../packages/adapters-db/node_modules/better-sqlite3/lib/index.js',
      'swagger-ui-dist/absolute-path.js':
        '../packages/adapters-http/node_modules/swagger-ui-dist/absolute-path.js',
    },
  },
};
