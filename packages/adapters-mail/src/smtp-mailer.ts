import { Readable } from 'node:stream';
import { type Mailer, MailFailure } from '@rekey/usecases';
import { createTransport, type NodemailerError } from 'nodemailer';
import { buildMessage } from './message.ts';
import type { Sender } from './sender.ts';
import { type Templates, templatesOf } from './templates/templates.ts';

/**
 * Milliseconds. `total` stays under the lease of the outbox: a server that drips bytes resets all the others.
 * After `turn` a mail no longer waits for one whose server takes its time to accept it.
 */
const TIMEOUTS = { connect: 5_000, greeting: 5_000, socket: 15_000, total: 45_000, turn: 1_000 };

/** What a query of the URL may set; anything else that nodemailer reads, a log of whole mails for one, it may not. */
const PARAMETER =
  /^(?:name|localAddress|authMethod|requireTLS|ignoreTLS|opportunisticTLS|tls\.\w+)$/;

/** Refusals of ourselves, whenever they come: a wrong sequence, and authentication (RFC 4954, 4 and 6). */
const ABOUT_US = new Set([503, 530, 534, 535, 538]);

export type SmtpMailer = Mailer & {
  /** Connects, greets and logs in, and throws a `MailFailure` where one of these does not work. */
  verify(): Promise<void>;
  /** Gives up what is being sent; the outbox will try it again. */
  close(): void;
};

/**
 * Sends over SMTP, one connection for each mail, so that one held up by its server holds up no other.
 * `smtps:` is TLS from the start, `smtp:` changes to TLS where the server offers it (`?requireTLS=true` insists).
 */
export function smtpMailer(options: {
  readonly url: string;
  readonly from: Sender;
  readonly templates?: Templates | undefined;
  readonly timeouts?: Partial<typeof TIMEOUTS>;
}): SmtpMailer {
  const { from, templates = templatesOf() } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const transport = createTransport({
    url: parseSmtpUrl(options.url),
    connectionTimeout: timeouts.connect,
    greetingTimeout: timeouts.greeting,
    socketTimeout: timeouts.socket,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const open = new Set<AbortController>();

  /** Runs `work` until it ends, its time is up or the mailer is closed; whatever goes wrong is a `MailFailure`. */
  async function attempt(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(
      () => controller.abort(new MailFailure('DEADLINE', false)),
      timeouts.total,
    );
    open.add(controller);
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      await Promise.race([work(signal), aborted]);
    } catch (error) {
      throw signal.aborted ? signal.reason : failure(error as NodemailerError);
    } finally {
      clearTimeout(timer);
      open.delete(controller);
    }
  }

  return {
    async send(mail, turn = async () => undefined) {
      const message = await buildMessage(mail, from, templates);
      const envelope = { from: { address: from.address }, to: { address: mail.to.address } };
      await attempt((signal) => {
        const raw = Readable.from(withheld(message, turn, timeouts.turn));
        return transport.sendMail({ raw, envelope, signal });
      });
    },
    verify: () => attempt(() => transport.verify()),
    close() {
      for (const controller of open) controller.abort(new MailFailure('CLOSED', false));
    },
  };
}

/** The message, whose end, after which a server may accept it, waits for its turn. */
async function* withheld(
  message: Buffer,
  turn: () => Promise<void>,
  patience: number,
): AsyncGenerator<Buffer> {
  yield message;
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, patience);
  await Promise.race([turn(), late.promise]);
  clearTimeout(timer);
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
function failure(error: NodemailerError): MailFailure {
  const { responseCode, command } = error;
  if (responseCode === undefined) {
    const code = error.timeoutType ?? error.originalCode ?? error.code ?? 'unexpected error';
    return new MailFailure(code, false);
  }
  // What is refused before RCPT TO is refused whoever the recipient is.
  const isAboutMail = command === 'RCPT TO' || command === 'DATA';
  const isPermanent = isAboutMail && responseCode >= 500 && !ABOUT_US.has(responseCode);
  return new MailFailure(`SMTP ${responseCode} at ${command ?? 'CONN'}`, isPermanent);
}
