import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, onTestFinished } from 'vitest';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const server = path.join(root, 'apps/server/src');
/** As somebody who follows the README starts them, by the names that the programs have. */
export const sources = {
  main: path.join(server, 'main.ts'),
  rekey: path.join(server, 'cli.ts'),
  'sso-cli': path.join(server, 'sso-cli.ts'),
};
/** As the image holds them, made from the sources when the run began: they start in half the time. */
export const image = {
  main: path.join(root, 'dist/main.mjs'),
  cli: path.join(root, 'dist/cli.mjs'),
};

/** Takes what is to be done in the end: when the test is over, unless a whole file shares what is started. */
export type AtEnd = (cleanup: () => void | Promise<void>) => void;

/**
 * For what all tests of a file, or of the group around the call, share: done after the last of them, the latest first. To be
 * called outside of hooks: what is given to `afterAll` from within one is never done.
 */
export function afterAllTests(): AtEnd {
  const cleanups: Parameters<AtEnd>[0][] = [];
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });
  return (cleanup) => void cleanups.unshift(cleanup);
}

/** A folder of its own for a test, with a space in its name, gone when the test ends. */
export function aFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey test-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Server = {
  /** Where it listens. */
  readonly url: string;
  /** All that it has written so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** Only what a test names: no variable of the machine reaches the server. */
const environment = (env: Record<string, string>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  BCRYPT_COST: '10',
  // A start is faster when everything is compiled already.
  NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/rekey-tests'),
  ...env,
});

/** Starts the real server in that folder, on any free port, and waits until it listens. */
export async function startServer(
  cwd: string,
  env: Record<string, string> = {},
  program: string | string[] = image.main,
  atEnd?: AtEnd,
): Promise<Server> {
  const { listening, ...server } = spawnServer(cwd, env, program, atEnd);
  return { ...server, url: await listening };
}

/** Starts it like `startServer`, and does not wait: `listening` rejects where the server ends before. */
export function spawnServer(
  cwd: string,
  env: Record<string, string> = {},
  program: string | string[] = image.main,
  atEnd: AtEnd = onTestFinished,
): Omit<Server, 'url'> & { readonly listening: Promise<string> } {
  const child = spawn(process.execPath, [program].flat(), {
    cwd,
    env: environment({ PORT: '0', PUBLIC_URL: 'http://rekey.test', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atEnd(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  const exit = exitOf(child);
  const listening = new Promise<string>((resolve, reject) => {
    const note = (line: string) => {
      output += `${line}\n`;
      const [, url] = /"url":"(http:[^"]+)".*"msg":"listening"/.exec(line) ?? [];
      if (url) resolve(url);
    };
    createInterface({ input: child.stdout }).on('line', note);
    createInterface({ input: child.stderr }).on('line', note);
    void exit.then(({ code }) => reject(new Error(`the server exited with ${code}:\n${output}`)));
  });
  // A test that does not wait for it need not hear of it either.
  listening.catch(() => undefined);
  return {
    listening,
    output: () => output,
    signal: (name) => child.kill(name),
    exit,
  };
}

/** Starts an example as its README does, on any free port unless `PORT` names one; answers its URL. */
export async function startExample(
  name: string,
  env: Record<string, string>,
  atEnd: AtEnd = onTestFinished,
): Promise<string> {
  const child = spawn(process.execPath, [path.join(root, 'examples', name, 'server.ts')], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(() => {
    child.kill('SIGKILL');
  });
  return lineOf(child, /^http:\S+$/);
}

/** What the first line of a program has of that kind. */
export async function lineOf({ stdout }: ChildProcess, pattern: RegExp): Promise<string> {
  if (!stdout) throw new Error('nobody reads it');
  for await (const line of createInterface({ input: stdout })) {
    const [found] = pattern.exec(line) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error('it ended before it listened');
}

export type Run = { code: number | null; stdout: string; stderr: string };

/** Runs the server where it is expected to refuse to start. */
export function runServer(cwd: string, env: Record<string, string>): Promise<Run> {
  return run(process.execPath, [image.main], cwd, env);
}

/** Runs the command line. */
export function runCli(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
  program = image.cli,
): Promise<Run> {
  return run(process.execPath, [program, ...args], cwd, env);
}

async function run(file: string, args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(file, args, {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const { code } = await exitOf(child);
  return { code, stdout, stderr };
}

function exitOf(child: ChildProcess) {
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

export type Mailbox = {
  /** For `SMTP_URL`. */
  readonly url: string;
  /** Every mail that was accepted, in order. */
  readonly mails: (Email & { recipients: string[] })[];
  /** The mail with that place in the order, as soon as it is there. */
  mail(index: number): Promise<Email & { recipients: string[] }>;
};

/** A real SMTP server on loopback that accepts everything, but for recipients that it is told to refuse for good. */
export async function startMailbox(
  port = 0,
  refuses: (address: string) => boolean = () => false,
  atEnd: AtEnd = onTestFinished,
): Promise<Mailbox> {
  const mails: Mailbox['mails'] = [];
  const waiting: { index: number; resolve: () => void }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      done(
        refuses(address)
          ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
          : undefined,
      ),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        void PostalMime.parse(Buffer.concat(chunks)).then((email) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ ...email, recipients });
          for (const { index, resolve } of waiting) if (index < mails.length) resolve();
          done();
        }, done);
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  atEnd(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  );
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    mail: async (index) => {
      if (index >= mails.length) {
        await new Promise<void>((resolve) => {
          waiting.push({ index, resolve });
        });
      }
      const mail = mails[index];
      if (!mail) throw new Error('no such mail');
      return mail;
    },
  };
}

/** A port that nobody listens on now. */
export async function aFreePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Runs commands in bash, and stops at the first that fails. */
export const runCommands = (cwd: string, commands: string): Promise<Run> =>
  run('bash', ['-c', `set -euo pipefail\n${commands}`], cwd, {});

/** Registers a service with the real command line; its key is in `key.value`. */
export async function createService(
  folder: string,
  options: string[] = [],
  env: Record<string, string> = {},
  program?: string,
) {
  const args = ['create-service-with-key', 'Shop', 'https://shop.example', ...options, '--json'];
  const { code, stdout, stderr } = await runCli(folder, args, env, program);
  // It may say that it made the database.
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

export type Answer = { status: number; body: ReturnType<typeof JSON.parse> };

/** A call of the JSON dialect, by the service with that key. */
export async function post(
  server: Server,
  key: string,
  route: string,
  body: unknown,
): Promise<Answer> {
  return call(server, 'POST', route, {
    headers: { 'content-type': 'application/json', authorization: key },
    body: JSON.stringify(body),
  });
}

export async function call(
  server: Server,
  method: string,
  route: string,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}${route}`, { method, ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

/** The code that an authenticator shows for a seed: RFC 6238, written once more. */
export function codeAt(seed: string, at: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = 0n;
  for (const letter of seed) bits = bits * 32n + BigInt(alphabet.indexOf(letter));
  const key = Buffer.from(bits.toString(16).padStart(40, '0'), 'hex');
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1e6).padStart(6, '0');
}

/** The link to a page with a token, or with the code of a form, in a mail. */
export function linkIn(text: string | undefined): URL {
  const [link] = /https?:\/\/\S+(?:token|code)=\S+/.exec(text ?? '') ?? [];
  if (link === undefined) throw new Error('no link in the mail');
  return new URL(link);
}
