import { isIP } from 'node:net';
import { DeliveryFailure, type Outlet } from '@rekey/usecases';
import { createTransport, type NodemailerError } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import SMTPPool from 'nodemailer/lib/smtp-pool';
import type { Brand } from './brand.ts';
import { buildMessage } from './message.ts';
import type { Sender } from './sender.ts';
import { type Templates, templatesOf } from './templates/templates.ts';

/** As many as there are lanes in the worker: a mail that its server holds up keeps one connection, and one lane. */
const MAX_CONNECTIONS = 8;

/** `totalMs` stays under the lease of a delivery: a server that drips bytes resets all the others. */
const TIMEOUTS = {
  connectMs: 5_000,
  greetingMs: 5_000,
  socketMs: 15_000,
  totalMs: 45_000,
  /** How long a connection is kept for the next mail: shorter than servers wait, so that we say goodbye first. */
  idleMs: 5_000,
};

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

export type SmtpOutlet = Outlet & {
  /** Connects, greets and logs in, and throws a `DeliveryFailure` where one of these does not work. */
  verify(): Promise<void>;
  /** Gives up what is being sent, for a later attempt, and closes all connections. */
  close(): void;
};

/** Sends over SMTP, with a pool of connections. `tlsOf` says what is encrypted. */
export function smtpOutlet(options: {
  readonly url: string;
  readonly from: Sender;
  readonly templates?: Templates | undefined;
  readonly brand?: Brand | undefined;
  readonly timeouts?: Partial<typeof TIMEOUTS>;
}): SmtpOutlet {
  const { from, brand, templates = templatesOf() } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const pool = new SMTPPool({
    ...parametersOf(options.url),
    maxConnections: MAX_CONNECTIONS,
    // Of a mail whose connection the server dropped before a byte of the message was sent.
    maxRequeues: 3,
    idleTimeout: timeouts.idleMs,
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.socketMs,
    // A server that does not close its side keeps no process alive.
    socketCloseTimeout: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const transport = createTransport(pool);
  const open = new Set<AbortController>();

  /** Runs `work` until it ends, its time is up or the outlet is closed; every error becomes a `DeliveryFailure`. */
  async function attempt(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(
      () => controller.abort(new DeliveryFailure('DEADLINE', false)),
      timeouts.totalMs,
    );
    open.add(controller);
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof DeliveryFailure ? error : failure(error as NodemailerError);
    } finally {
      clearTimeout(timer);
      open.delete(controller);
    }
  }

  return {
    async send(notice) {
      const raw = await buildMessage(notice, from, templates, brand);
      const envelope = { from: { address: from.address }, to: { address: notice.to } };
      await attempt((signal) =>
        isAscii(notice.to)
          ? transport.sendMail({ raw, envelope, signal })
          : sendInternational(pool.options, envelope, raw, signal),
      );
    },
    verify: () => attempt((signal) => onConnection(pool.options, signal, async () => undefined)),
    close() {
      transport.close({ force: true });
      for (const controller of open) controller.abort(new DeliveryFailure('CLOSED', false));
    },
  };
}

type Envelope = Parameters<SMTPConnection['send']>[0];

const isAscii = (address: string): boolean => /^[\x20-\x7e]*$/.test(address);

/**
 * Connects, greets and logs in, outside of the pool, and does that work. `work` is told what the server can do, which
 * the pool tells nobody.
 */
async function onConnection(
  options: SMTPPool.Options,
  signal: AbortSignal,
  work: (connection: SMTPConnection, extensions: string) => Promise<void>,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const connection = new SMTPConnection(options);
  connection.on('error', failed.reject);
  connection.on('end', () => failed.reject(new Error('the connection ended')));
  signal.addEventListener('abort', () => connection.close());
  const open = async () => {
    await done((callback) => connection.connect(callback));
    // The answer to EHLO, behind STARTTLS where there is TLS.
    const extensions = String(connection.lastServerResponse);
    const { auth, authMethod: method } = options;
    if (auth && connection.allowsAuth) {
      await done((callback) => connection.login({ ...auth, method }, callback));
    }
    await work(connection, extensions);
  };
  try {
    await Promise.race([open(), failed.promise]);
  } finally {
    connection.close();
  }
}

const done = (call: (callback: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));

/**
 * Sends to an address that is not ASCII, which only a server with SMTPUTF8 may be given (RFC 6531, 3.1). nodemailer
 * would give it to any server.
 */
const sendInternational = (
  options: SMTPPool.Options,
  envelope: Envelope,
  raw: Buffer,
  signal: AbortSignal,
): Promise<void> =>
  onConnection(options, signal, async (connection, extensions) => {
    if (!/^250[ -]SMTPUTF8\b/im.test(extensions)) {
      throw new DeliveryFailure('the SMTP server has no SMTPUTF8', false);
    }
    await done((callback) => connection.send(envelope, raw, callback));
  });

/**
 * `from the start`: TLS before anything is said. `demanded`: STARTTLS, and nothing is said to a server that has none.
 * `where offered`: STARTTLS, or clear text to a server that has none. `never`: clear text.
 */
export type Tls = 'from the start' | 'demanded' | 'where offered' | 'never';

/**
 * The encryption that an SMTP URL asks for. A password, and a mail that leaves this machine, go through TLS unless
 * `ignoreTLS=true` is written out: no other parameter turns it off.
 */
export function tlsOf({ protocol, username, password, hostname, searchParams }: URL): Tls {
  if (protocol === 'smtps:') return 'from the start';
  if (searchParams.get('requireTLS') === 'true') return 'demanded';
  if (searchParams.get('ignoreTLS') === 'true') return 'never';
  const staysHere = LOOPBACK.test(hostname) && `${username}${password}` === '';
  return staysHere ? 'where offered' : 'demanded';
}

/** The URL without the parameters about TLS, and what they come to: nodemailer would put the URL first. */
function parametersOf(text: string): SMTPPool.Options & { url: string } {
  const url = new URL(parseSmtpUrl(text));
  const tls = tlsOf(url);
  const mayFail = url.searchParams.get('opportunisticTLS') === 'true';
  for (const name of ['requireTLS', 'ignoreTLS', 'opportunisticTLS']) url.searchParams.delete(name);
  return {
    url: url.href,
    requireTLS: tls === 'demanded',
    ignoreTLS: tls === 'never',
    opportunisticTLS: tls === 'where offered' && mayFail,
  };
}

/** The parameters that the query may have; nodemailer would take more, a log of whole mails among them. */
const PARAMETERS: Readonly<Record<string, { form: RegExp; is: string }>> = {
  requireTLS: { form: /^(?:true|false)$/, is: 'true or false' },
  ignoreTLS: { form: /^(?:true|false)$/, is: 'true or false' },
  opportunisticTLS: { form: /^(?:true|false)$/, is: 'true or false' },
  'tls.rejectUnauthorized': { form: /^(?:true|false)$/, is: 'true or false' },
  'tls.servername': { form: /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i, is: 'the name of a host' },
  'tls.minVersion': { form: /^TLSv1\.[23]$/, is: 'TLSv1.2 or TLSv1.3' },
  name: { form: /^(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\w.:]+\])$/i, is: 'the name of a host' },
  localAddress: { form: /^[\da-f.:]+$/i, is: 'an IP address' },
  authMethod: { form: /^(?:PLAIN|LOGIN|CRAM-MD5)$/, is: 'PLAIN, LOGIN or CRAM-MD5' },
};

/** The right way, for what other programs understand. */
const HINTS: Readonly<Record<string, string>> = {
  secure: 'write smtps: for TLS from the start',
  ssl: 'write smtps: for TLS from the start',
  tls: 'write smtps: for TLS from the start',
  starttls: 'leave it out: smtp: uses STARTTLS, and demands it where it matters',
  encryption: 'write smtps: for TLS from the start',
  rejectUnauthorized: 'write tls.rejectUnauthorized',
  verify: 'write tls.rejectUnauthorized',
  auth: 'write authMethod',
};

const FORM = 'smtp://user:pass@host:port or smtps://user:pass@host:port';

/** The URL as it is, or an Error that says what is wrong with it and never repeats it: it holds a password. */
export function parseSmtpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSmtp = url?.protocol === 'smtp:' || url?.protocol === 'smtps:';
  if (!isSmtp || url.hostname === '' || !['', '/'].includes(url.pathname) || url.hash !== '') {
    throw refused(
      `must be ${FORM}, with the characters / # ? @ : of user and pass percent-encoded`,
    );
  }
  if (!/^(?:[a-z\d_.-]+|\[[\da-f:.]+\])$/i.test(url.hostname)) {
    throw refused('must have one host, and its parameters behind a ?');
  }
  if (url.username === '' && url.password !== '') throw refused('must have a user beside pass');
  if (url.port === '0') throw refused('must have a port from 1 to 65535');
  if (/%(?![\da-f]{2})/i.test(`${url.username}${url.password}`)) {
    throw refused('must have a % of user and pass written as %25');
  }
  const problems = parameterProblems(url.searchParams);
  if (problems.length > 0) throw refused(`must have ${problems.join(', and ')}`);
  if (url.searchParams.get('ignoreTLS') === 'true') {
    const isSaid = url.protocol === 'smtps:' || url.searchParams.get('requireTLS') === 'true';
    if (isSaid) throw refused('must not have ignoreTLS=true where it asks for TLS as well');
  }
  return text;
}

const refused = (problem: string): Error => new Error(`SMTP_URL ${problem}`);

function parameterProblems(params: URLSearchParams): string[] {
  return [...new Set(params.keys())].flatMap((name) => {
    const [value = '', ...more] = params.getAll(name);
    const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (known === undefined) {
      // A password that is not encoded may end up here.
      const shown = /^[a-z.]{1,32}$/i.test(name) ? name : 'of another kind';
      const hint = Object.hasOwn(HINTS, name) ? ` (${HINTS[name]})` : '';
      return `no parameter ${shown}${hint}, only ${Object.keys(PARAMETERS).join(', ')}`;
    }
    if (more.length > 0) return `${name} once`;
    const isFit = known.form.test(value) && (name !== 'localAddress' || isIP(value) > 0);
    return isFit ? [] : `${known.is} as ${name}`;
  });
}

/**
 * Of the enhanced codes (RFC 3463, RFC 7505), those that say that there is no such mailbox: unknown, no address, moved
 * away, and a domain that takes no mail at all. A full or disabled mailbox is one, and may be open again tomorrow; a
 * domain without an entry may be a fault of a name server.
 */
const NO_MAILBOX = new Set(['5.1.1', '5.1.3', '5.1.6', '5.1.10']);

/** The plain codes that say so, where there is no other (RFC 5321, 4.2.3), unless the words tell of another reason. */
const NO_MAILBOX_PLAIN = new Set([550, 551, 553]);
const OTHER_REASON =
  /relay|rcpthosts|policy|prohibit|spam|virus|block|black|reputation|denied|permi(?:t|ssion)|authenticat|listed|sender|verif|encrypt|later|hostname|\b(?:ip|ptr|helo|ehlo|tls|rbl|spf|dkim|dmarc|quota|full|rate|try)\b/i;
/** A refusal that does not say of what. */
const BARE_REFUSAL = /^(?!.*(?:unknown|no such|not? (?:exist|found))).*\b(?:reject|refuse)/is;

const hasOtherReason = (response: string): boolean =>
  OTHER_REASON.test(response) || BARE_REFUSAL.test(response);

/** Says what happened by code alone: the server's words may repeat the address or the link. */
function failure({ responseCode, response = '', command, ...error }: NodemailerError) {
  if (responseCode === undefined) {
    const code = error.timeoutType ?? error.originalCode ?? error.code ?? 'unexpected error';
    return new DeliveryFailure(code, false);
  }
  // Some servers write it in words of their own: `550 #5.7.1 no`, `553 no (#5.7.1)`.
  const [, enhanced] = /^\d{3}[ -](?:#|.*\(#)?(\d\.\d{1,3}\.\d{1,3})\b/.exec(response) ?? [];
  const code = enhanced === undefined ? `${responseCode}` : `${responseCode} ${enhanced}`;
  // Before RCPT TO the server refuses us, whoever the recipient is; after DATA it has seen the mail.
  const isOfRecipient = command === 'RCPT TO';
  const saysSo =
    enhanced === undefined
      ? isOfRecipient && NO_MAILBOX_PLAIN.has(responseCode) && !hasOtherReason(response)
      : (isOfRecipient || command === 'DATA') && NO_MAILBOX.has(enhanced);
  const isPermanent = responseCode >= 500 && saysSo;
  return new DeliveryFailure(`SMTP ${code} at ${command ?? 'CONN'}`, isPermanent);
}
