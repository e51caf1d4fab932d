// Not TypeScript: what it imports is not installed where the types of this repository are checked.
import { createServer } from 'node:http';
import bcrypt from 'bcrypt';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import Database from 'better-sqlite3';

/** better-auth on SQLite as durable as Rekey's, with the same bcrypt, and users who all have one password. */
const { PORT, DATABASE = '', COST, USERS, PASSWORD = '' } = process.env;
const cost = Number(COST);
const database = new Database(DATABASE);
database.pragma('journal_mode = wal');
database.pragma('synchronous = full');

let seedHash = await bcrypt.hash(PASSWORD, cost);
const options = {
  database,
  secret: 'a secret of thirty-two characters!',
  baseURL: `http://127.0.0.1:${PORT}`,
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: {
    enabled: true,
    autoSignIn: false,
    password: {
      hash: (password) => seedHash || bcrypt.hash(password, cost),
      verify: ({ password, hash }) => bcrypt.compare(password, hash),
    },
  },
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
for (let n = 1; n <= Number(USERS); n += 1) {
  const body = { name: `User ${n}`, email: `user${n}@bench.example`, password: PASSWORD };
  await auth.api.signUpEmail({ body });
}
seedHash = '';
const handle = toNodeHandler(auth);
createServer((request, response) => {
  if (request.url === '/ping') response.end('Pong');
  else void handle(request, response);
}).listen(Number(PORT), '127.0.0.1');
