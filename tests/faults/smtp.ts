import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { onTestFinished } from 'vitest';

/** An answer that is not yes: a status, a hang-up, or silence. */
export type Refusal = number | 'drop' | 'stall';
type Answer = Refusal | undefined;

export type Mail = {
  readonly to: string;
  readonly messageId: string;
  /** The token in the link of the mail. */
  readonly token: string;
  /** The purpose of the link, which its token names; `news` where there is none. */
  readonly purpose: string;
};

/** Where the server can misbehave. A step that is not given goes well. */
export type Manners = {
  greeting?: () => Answer;
  recipient?: (address: string) => Answer;
  /** The mail has arrived, and the client does not know yet. */
  beforeAccepting?: (mail: Mail) => Answer | Promise<Answer>;
  /** The 250 is on its way. */
  afterAccepting?: (mail: Mail) => 'drop' | undefined;
};

export type Smtp = {
  readonly url: string;
  /** Every mail that was answered 250, in order. */
  readonly mails: readonly Mail[];
  mailsTo(address: string): readonly Mail[];
  /** Whether nobody is connected, and every mail that arrived is decided on. */
  isIdle(): boolean;
  manners: Manners;
  /** Hangs up on everybody, and is gone. */
  close(): Promise<void>;
};

/** A real SMTP server on loopback, polite until it is told otherwise. */
export async function startSmtp(port = 0): Promise<Smtp> {
  const mails: Mail[] = [];
  const byAddress = new Map<string, Mail[]>();
  let undecided = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    closeTimeout: 1,
    onConnect: (session, done) => answer(session, smtp.manners.greeting?.(), done),
    onRcptTo: ({ address }, session, done) =>
      answer(session, smtp.manners.recipient?.(address), done),
    onData: (stream, session, done) => {
      undecided += 1;
      const deciding = buffer(stream).then(
        async (bytes) => {
          const mail = await mailIn(bytes, session);
          const refusal = await smtp.manners.beforeAccepting?.(mail);
          if (refusal !== undefined) return answer(session, refusal, done);
          mails.push(mail);
          byAddress.set(mail.to, [...(byAddress.get(mail.to) ?? []), mail]);
          done();
          if (smtp.manners.afterAccepting?.(mail) === 'drop') hangUp(session);
        },
        // A client that is killed hangs up in the middle of a message.
        () => undefined,
      );
      void deciding.finally(() => {
        undecided -= 1;
      });
    },
  });
  // A client that is killed hangs up in the middle of anything.
  server.on('error', () => undefined);

  function answer(session: SMTPServerSession, refusal: Answer, done: (error?: Error) => void) {
    if (refusal === 'drop') hangUp(session);
    else if (typeof refusal === 'number') {
      done(Object.assign(new Error('not now'), { responseCode: refusal }));
    } else if (refusal === undefined) done();
  }

  function hangUp({ id }: SMTPServerSession): void {
    for (const connection of server.connections) if (connection.id === id) connection.close();
  }

  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await new Promise<void>((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const smtp: Smtp = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    mailsTo: (address) => byAddress.get(address) ?? [],
    isIdle: () => server.connections.size === 0 && undecided === 0,
    manners: {},
    close,
  };
  return smtp;
}

async function mailIn(bytes: Buffer, { envelope }: SMTPServerSession): Promise<Mail> {
  const { messageId = '', text = '' } = await PostalMime.parse(bytes);
  const [recipient, ...others] = envelope.rcptTo;
  if (!recipient || others.length > 0) throw new Error('a mail has one recipient');
  const [, token = ''] = /[?&](?:token|code)=([\w.-]+)/.exec(text) ?? [];
  const [, purpose = 'news'] = token.split('.');
  return { to: recipient.address, messageId, token, purpose };
}
