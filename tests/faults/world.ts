import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, type TestContext } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { aFolder, type Server, spawnServer, startServer } from '../harness.ts';
import { type Figure, record } from './figures.ts';
import { type Mail, type Smtp, startSmtp } from './smtp.ts';

/** The long form has 200 rounds; a short one runs with the other tests. */
const FAULT_ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
export const isLong = FAULT_ROUNDS >= 20;

/** Milliseconds for a test: nothing here may hang for ever, and a machine may be busy. */
export const PATIENCE_MS = isLong ? 3_600_000 : 120_000;

/**
 * How many mails a server has that are accepted and not marked, at most, for it has so many lanes.
 * A server that is killed then may leave so many that come twice, with their Message-IDs and links.
 */
export const MOST_REPEATED = 8;

/** How often a fault is made, one in `share` of the rounds that a run has. */
export const roundsOf = (share = 1): number => Math.ceil(FAULT_ROUNDS / share);

export const databases = ['SQLite', 'PostgreSQL'] as const;
/** For faults that have little to do with the database: the short form has one of them. */
export const someDatabases = isLong ? databases : databases.slice(0, 1);
export type DatabaseName = (typeof databases)[number];

/** Waits for a state. A machine may be slow, and no fault here is about how fast it is. */
export const eventually = <T>(look: () => T | Promise<T>) =>
  expect.poll(look, { timeout: isLong ? 120_000 : 60_000, interval: 20 });

/** The clock of a test's servers. */
export type Clock = {
  /** Sets it that much further on, or back. */
  move(ms: number): void;
};

export type World = {
  readonly folder: string;
  readonly smtp: Smtp;
  readonly clock: Clock;
  /** For the servers and the command line. */
  readonly env: Record<string, string>;
  start(env?: Record<string, string>): Promise<Server>;
  spawn(): ReturnType<typeof spawnServer>;
  record(figure: Omit<Figure, 'database'>): void;
};

/** A folder, an SMTP server and an empty database for the servers of a test. */
export async function aWorld(
  context: TestContext,
  database: DatabaseName,
  databaseUrl?: string,
): Promise<World> {
  const folder = aFolder();
  const smtp = await startSmtp();
  const url = databaseUrl ?? (database === 'SQLite' ? SQLITE : await freshPostgres());
  if (url === null) return context.skip('PostgreSQL cannot run here');
  const { clock, ...clockEnv } = aClock(folder);
  const env = {
    DATABASE_URL: url,
    SMTP_URL: smtp.url,
    // Clocks are moved by days, and every link and session is to work at the end.
    REVOKE_TOKEN_TTL: '315360000',
    RESET_TOKEN_TTL: '315360000',
    REGISTER_TOKEN_TTL: '315360000',
    USERS_TOKEN_TTL: '2592000',
    // Clients say where they are, see `aClient`.
    TRUST_PROXY: '127.0.0.1',
    ...clockEnv,
  };
  return {
    folder,
    smtp,
    clock,
    env,
    start: (more) => startServer(folder, { ...env, ...more }),
    spawn: () => spawnServer(folder, env),
    record: (figure) => record(context, { ...figure, database }),
  };
}

const SQLITE = 'sqlite:./data/rekey.db';

function aClock(folder: string) {
  const file = path.join(folder, 'clock');
  let offset = 0;
  const move = (ms: number) => {
    offset += ms;
    // Never half a number.
    writeFileSync(`${file}.next`, String(offset));
    renameSync(`${file}.next`, file);
  };
  move(0);
  const preload = pathToFileURL(path.join(import.meta.dirname, 'clock.ts')).href;
  return { clock: { move }, CLOCK_FILE: file, NODE_OPTIONS: `--import=${preload}` };
}

export type Answer = {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: IncomingMessage['headers'];
};

/** What a request has besides its route. */
export type Sent = {
  readonly form?: Record<string, string>;
  readonly json?: object;
  readonly headers?: Record<string, string>;
  /** The address that it comes from. */
  readonly home?: string;
};

export type Client = {
  call(method: string, route: string, sent?: Sent): Promise<Answer>;
  get(route: string): Promise<Answer>;
  signUp(person: Person): Promise<Answer>;
  login(person: Person, password: string): Promise<Answer>;
  change(person: Person): Promise<Answer>;
  /** Follows the link of the mail about a change. */
  revoke(token: string): Promise<Answer>;
  /** Follows the link of the mail about a sign-up. */
  prove(person: Person, token: string): Promise<Answer>;
  /** Whether the server has said that it closes the connection: the next request is another server's. */
  isDismissed(): boolean;
};

/** An address of another network each time: what one network may do in a while is not the matter of these tests. */
export const somewhere = (): string => `10.${[...randomBytes(3)].join('.')}`;

/** A client with one connection, which it keeps. */
export function aClient({ url }: Pick<Server, 'url'>): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  let isDismissed = false;

  async function call(
    method: string,
    route: string,
    { form, json, headers = {}, home = somewhere() }: Sent = {},
  ): Promise<Answer> {
    const sent = request(`${url}${route}`, {
      method,
      agent,
      headers: {
        'x-forwarded-for': home,
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(json && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.end(form ? new URLSearchParams(form).toString() : json && JSON.stringify(json));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const body = await text(response);
    isDismissed ||= response.headers.connection === 'close';
    const isJson = /json/.test(response.headers['content-type'] ?? '');
    return {
      status: response.statusCode ?? 0,
      body: isJson ? JSON.parse(body) : body,
      headers: response.headers,
    };
  }

  return {
    call,
    get: (route) => call('GET', route),
    signUp: ({ email, old: password, home }) =>
      call('POST', '/users/create', { form: { name: 'Ada', email, password }, home }),
    login: ({ email, home }, password) =>
      call('POST', '/users/login', { form: { email, password }, home }),
    change: ({ email, old: password, fresh: newPassword, home, token }) => {
      const headers = { authorization: `Bearer ${token}` };
      const form = { email, password, newPassword };
      return call('PUT', '/users/update/password', { form, headers, home });
    },
    revoke: (token) => call('POST', '/local', { form: { token } }),
    prove: ({ email, home }, code) =>
      call('POST', '/users/validateEmail', { form: { email, code }, home }),
    isDismissed: () => isDismissed,
  };
}

const steps = ['nobody', 'signed up', 'logged in', 'changed'] as const;

/** A person on the way to a new password, and the last step that was answered 200. */
export type Person = {
  readonly email: string;
  readonly old: string;
  readonly fresh: string;
  /** An address of the network that the person is always in: a login from elsewhere is told of by a mail. */
  readonly home: string;
  token: string;
  step: (typeof steps)[number];
};

export function aPerson(name = 'ada'): Person {
  const id = randomBytes(6).toString('hex');
  return {
    // A domain of its own: mails to one domain have half of the lanes.
    email: `${name}@${id}.example`,
    old: `old ${id}`,
    fresh: `new ${id}`,
    home: somewhere(),
    token: '',
    step: 'nobody',
  };
}

export const people = (count: number): Person[] => Array.from({ length: count }, () => aPerson());

/** Takes the next step, and answers what the server did. */
export async function step(client: Client, person: Person): Promise<Answer> {
  const [answer, next] = await (async () => {
    switch (person.step) {
      case 'nobody':
        return [await client.signUp(person), 'signed up'] as const;
      case 'signed up':
        return [await client.login(person, person.old), 'logged in'] as const;
      case 'logged in':
      case 'changed':
        return [await client.change(person), 'changed'] as const;
    }
  })();
  if (answer.status === 200) {
    person.step = next;
    person.token = answer.body.token ?? person.token;
  }
  return answer;
}

/** Takes steps up to that one; each has to work. */
export async function walk(client: Client, person: Person, last: Person['step'] = 'changed') {
  while (person.step !== last) {
    expect(await step(client, person)).toMatchObject({ status: 200 });
  }
}

/**
 * Checks people whose last steps may have got no answer: every step that was answered holds, and a password is
 * either the old one or the new one. Notes the steps that turn out to be taken, and answers the people who have accounts.
 */
export async function settled(client: Client, all: readonly Person[]): Promise<Person[]> {
  for (const person of all) {
    const fresh =
      person.step === 'nobody' ? 401 : (await client.login(person, person.fresh)).status;
    const old = (await client.login(person, person.old)).status;
    const outcomes = {
      nobody: [`401 401`, `401 200`],
      'signed up': [`401 200`],
      'logged in': [`401 200`, `200 401`],
      changed: [`200 401`],
    };
    expect(outcomes[person.step], `${person.email} after "${person.step}"`).toContain(
      `${fresh} ${old}`,
    );
    if (fresh === 200) person.step = 'changed';
    else if (person.step === 'nobody' && old === 200) person.step = 'signed up';
  }
  return all.filter((person) => person.step !== 'nobody');
}

/** The mails of some people that arrived. */
export type Post = {
  /** Sign-ups; the link of each mail worked. */
  readonly proofs: number;
  /** Changes of passwords. */
  readonly changes: number;
  /** Mails beyond the first of a sign-up or of a change. */
  readonly duplicates: number;
  /** Links of changes that worked, once. */
  readonly links: number;
};

const mailsOf = ({ mails }: Smtp, { email }: Person): Mail[] =>
  mails.filter(({ to }) => to === email);

/** The purposes of the mails that a person is owed. */
const owedTo = ({ step }: Person): string[] => [
  ...(step === 'nobody' ? [] : ['validate_email']),
  ...(step === 'changed' ? ['update_password'] : []),
];

/**
 * Waits for the mails of these people, checks that each got those of the steps taken and no other and that copies are
 * equal, and follows every link.
 */
export async function collect(client: Client, smtp: Smtp, all: readonly Person[]): Promise<Post> {
  const purposes = (person: Person) =>
    [...new Set(mailsOf(smtp, person).map(({ purpose }) => purpose))].toSorted();
  const got = () => all.map((person) => [person.email, ...purposes(person)]);
  const owed = all.map((person) => [person.email, ...owedTo(person).toSorted()]);
  await eventually(got).toEqual(owed);
  for (const person of all) {
    const firsts = owedTo(person).map((wanted) => {
      const [mail, ...copies] = mailsOf(smtp, person).filter(({ purpose }) => purpose === wanted);
      for (const copy of copies) expect(copy).toEqual(mail);
      return mail;
    });
    const [proof, change] = firsts;
    if (proof) expect(await client.prove(person, proof.token)).toMatchObject({ status: 200 });
    if (!change) continue;
    expect(await client.revoke(change.token)).toMatchObject({ status: 200 });
    expect(await client.revoke(change.token)).toMatchObject({ status: 400 });
  }
  const mails = all.flatMap((person) => mailsOf(smtp, person));
  const [proofs, changes] = ['validate_email', 'update_password'].map((wanted) => {
    const those = mails.filter(({ purpose }) => purpose === wanted);
    const ids = new Set(those.map(({ messageId }) => messageId));
    const tokens = new Set(those.map(({ token }) => token));
    const people = all.filter((person) => owedTo(person).includes(wanted)).length;
    expect({ ids: ids.size, tokens: tokens.size }).toEqual({ ids: people, tokens: people });
    return people;
  }) as [number, number];
  return { proofs, changes, duplicates: mails.length - proofs - changes, links: changes };
}

/**
 * Has people sign up and log in, and waits until the server has marked the mails of their sign-ups: the next mail of
 * each is that of a change.
 */
export async function enrol(server: Server, smtp: Smtp, all: readonly Person[]): Promise<void> {
  await Promise.all(all.map((person) => walk(aClient(server), person, 'logged in')));
  const isMarked = ({ messageId }: Mail) => {
    const [, id = ''] = /^<([^@]+)@/.exec(messageId) ?? [];
    const lines = server.output().split('\n');
    return lines.some((line) => line.includes(id) && line.includes('"outcome":"sent"'));
  };
  const waiting = () => all.filter((person) => !mailsOf(smtp, person).some(isMarked));
  await eventually(waiting).toEqual([]);
}

/** Kills a server with a signal that it cannot see, and waits until it is dead. */
export async function kill(server: Pick<Server, 'signal' | 'exit'>): Promise<void> {
  server.signal('SIGKILL');
  await server.exit;
}

/** A moment at random. */
export const aMoment = (most: number): Promise<void> => setTimeout(Math.random() * most);
