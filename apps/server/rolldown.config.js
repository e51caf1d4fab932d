/** One file for each program, for the image: Node then reads a few files at the start, and strips no types. */
export default {
  input: {
    main: 'src/main.ts',
    cli: 'src/cli.ts',
    'strength-thread': '../../packages/adapters-crypto/src/strength-thread.ts',
  },
  platform: 'node',
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
