import { DeliveryFailure, type Outlet } from '@rekey/usecases';
import { createTransport, type NodemailerError } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import SMTPPool from 'nodemailer/lib/smtp-pool';
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

/** The parameters that the query of the URL may have; nodemailer would take more, a log of whole mails among them. */
const PARAMETER =
  /^(?:name|localAddress|authMethod|requireTLS|ignoreTLS|opportunisticTLS|tls\.\w+)$/;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** Refusals of ourselves, whenever they come: a wrong sequence, and authentication (RFC 4954, 4 and 6). */
const ABOUT_US = new Set([503, 530, 534, 535, 538]);

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
  readonly timeouts?: Partial<typeof TIMEOUTS>;
}): SmtpOutlet {
  const { from, templates = templatesOf() } = options;
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
      throw signal.aborted ? signal.reason : failure(error as NodemailerError);
    } finally {
      clearTimeout(timer);
      open.delete(controller);
    }
  }

  return {
    async send(notice) {
      const raw = await buildMessage(notice, from, templates);
      const envelope = { from: { address: from.address }, to: { address: notice.to } };
      await attempt((signal) => transport.sendMail({ raw, envelope, signal }));
    },
    verify: () => attempt((signal) => logIn(pool.options, signal)),
    close() {
      transport.close({ force: true });
      for (const controller of open) controller.abort(new DeliveryFailure('CLOSED', false));
    },
  };
}

/** Connects, greets and logs in, outside of the pool. The `verify` of nodemailer does too, but cannot be given up. */
function logIn(options: SMTPPool.Options, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const connection = new SMTPConnection(options);
  const done = (error?: Error | null) => (error ? reject(error) : resolve());
  connection.on('error', reject);
  connection.on('end', () => reject(new Error('the connection ended')));
  signal.addEventListener('abort', () => connection.close());
  connection.connect((error) => {
    const { auth, authMethod: method } = options;
    if (error || !auth || !connection.allowsAuth) done(error);
    else connection.login({ ...auth, method }, done);
  });
  return promise.finally(() => connection.close());
}

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

/** The URL as it is, or an Error that says what is wrong with it and never repeats it: it holds a password. */
export function parseSmtpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSmtp = url?.protocol === 'smtp:' || url?.protocol === 'smtps:';
  if (!isSmtp || url.hostname === '' || !['', '/'].includes(url.pathname) || url.hash !== '') {
    throw new Error('SMTP_URL must be smtp://user:pass@host:port or smtps://user:pass@host:port');
  }
  if (![...url.searchParams.keys()].every((name) => PARAMETER.test(name))) {
    throw new Error(
      'SMTP_URL may have the parameters name, localAddress, authMethod, requireTLS, ignoreTLS, opportunisticTLS and tls.*',
    );
  }
  return text;
}

/** Says what happened by code alone: the server's words may repeat the address or the link. */
function failure(error: NodemailerError): DeliveryFailure {
  const { responseCode, command } = error;
  if (responseCode === undefined) {
    const code = error.timeoutType ?? error.originalCode ?? error.code ?? 'unexpected error';
    return new DeliveryFailure(code, false);
  }
  // Before RCPT TO the server refuses us, whoever the recipient is.
  const isAboutMail = command === 'RCPT TO' || command === 'DATA';
  const isPermanent = isAboutMail && responseCode >= 500 && !ABOUT_US.has(responseCode);
  return new DeliveryFailure(`SMTP ${responseCode} at ${command ?? 'CONN'}`, isPermanent);
}
