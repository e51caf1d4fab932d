import { text } from 'node:stream/consumers';
import { parseEmail } from '@rekey/domain';
import { MailFailure } from '@rekey/usecases';
import { mailerContract } from '@rekey/usecases/testing';
import { describe, expect, it } from 'vitest';
import { aMail, from, parse, read } from '../test/mail.ts';
import { closedPort, scriptedServer, smtpServer } from '../test/servers.ts';
import { parseSmtpUrl, smtpMailer } from './smtp-mailer.ts';

/** A time limit that a test waits for, beside others that it would never reach. */
const SOON = 100;

const mailerFor = (port: number, options: Partial<Parameters<typeof smtpMailer>[0]> = {}) =>
  smtpMailer({ url: `smtp://127.0.0.1:${port}`, from, ...options });

const failureOf = async (work: Promise<void>) => {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(MailFailure);
  const { message, isPermanent, cause } = failure as MailFailure;
  expect(cause).toBeUndefined();
  return { message, isPermanent };
};

const refusal = (responseCode: number) => Object.assign(new Error('no'), { responseCode });

mailerContract('over SMTP', async () => {
  let refused: number | null = null;
  const server = await smtpServer({
    onMailFrom(_address, _session, done) {
      server.recipients.length = 0;
      done();
    },
    onData(stream, _session, done) {
      void handOver(stream).then(() => done(refused === null ? null : refusal(refused)));
    },
  });
  const handedOver: { recipients: string[]; messageId: string }[] = [];
  async function handOver(stream: NodeJS.ReadableStream) {
    const { messageId = '' } = await parse(await text(stream));
    // The server shows domains as people read them; the wire has their ASCII form, see below.
    const recipients = server.recipients.map((address) => parseEmail(address));
    if (refused === null) handedOver.push({ recipients, messageId });
  }
  return {
    mailer: mailerFor(server.port),
    handedOver: async () => handedOver,
    refuseNext: (isPermanent) => {
      refused = isPermanent ? 554 : 451;
    },
  };
});

describe('a mail', () => {
  it('reaches its recipient with the link unharmed in both parts', async () => {
    const server = await smtpServer();
    await mailerFor(server.port).send(aMail());
    expect(server.recipients).toEqual(['ada@example.com']);
    const email = await parse(server.messages[0]!);
    expect(email.text?.split(/\r?\n/)).toContain(aMail().link);
    expect(read(email.html).links).toEqual([aMail().link, aMail().link]);
  });

  it('is not over before its turn', async () => {
    const server = await smtpServer();
    const mailer = mailerFor(server.port, { timeouts: { turn: 60_000 } });
    const [reached, turn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const waiting = mailer.send(aMail({ to: { name: 'Bob', address: 'bob@example.com' } }), () => {
      reached.resolve();
      return turn.promise;
    });
    await reached.promise;
    await mailer.send(aMail());
    turn.resolve();
    await waiting;
    const names = server.messages.map((message) => /^To: (\w+)/m.exec(message)?.[1]);
    expect(names).toEqual(['Ada', 'Bob']);
  });

  it('does not wait for a turn that does not come', async () => {
    const server = await smtpServer();
    const mailer = mailerFor(server.port, { timeouts: { turn: SOON } });
    await mailer.send(aMail(), () => new Promise(() => undefined));
    expect(server.messages).toHaveLength(1);
  });

  it('is the same mail when it is sent again', async () => {
    const server = await smtpServer();
    const mailer = mailerFor(server.port);
    await mailer.send(aMail());
    await mailer.send(aMail());
    const [first, second] = server.messages;
    expect(first).toContain('Message-ID: <019a0000-0000-7000-8000-000000000001@rekey.example.com>');
    expect(second).toBe(first);
  });

  it.each([
    'Ada, eve@example.com',
    'Ada <eve@example.com>, ',
    'Ada\r\nRCPT TO:<eve@example.com>',
    '"Ada',
    "Ada'; eve@example.com",
  ])('has exactly one RCPT TO, whatever the name: %j', async (name) => {
    const { commands, port } = await scriptedServer();
    await mailerFor(port).send(aMail({ to: { name, address: 'ada@example.com' } }));
    expect(commands.slice(1)).toEqual([
      'MAIL FROM:<no-reply@rekey.example.com>',
      'RCPT TO:<ada@example.com>',
      'DATA',
    ]);
  });

  it.each([
    'ada@example.com,eve@example.com',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    '"ada" <eve@example.com>',
    'ada@example.com> NOTIFY=NEVER',
  ])('is given to nobody where the address is not one: %j', async (address) => {
    const { commands, port } = await scriptedServer();
    const sending = mailerFor(port).send(aMail({ to: { name: 'Ada', address } }));
    expect(await failureOf(sending)).toEqual({
      message: 'not an e-mail address',
      isPermanent: true,
    });
    expect(commands).toEqual([]);
  });

  it('is sent to the stored form of the address, its domain in ASCII', async () => {
    const { commands, port } = await scriptedServer();
    const to = { name: 'Ada', address: 'ada@xn--bcher-kva.example' };
    await mailerFor(port).send(aMail({ to }));
    expect(commands).toContain('RCPT TO:<ada@xn--bcher-kva.example>');
  });

  it('asks for SMTPUTF8 where the address needs it', async () => {
    const { commands, port } = await scriptedServer({ EHLO: '250-mx\r\n250 SMTPUTF8' });
    await mailerFor(port).send(aMail({ to: { name: 'Jörg', address: 'jörg@example.com' } }));
    expect(commands).toContain('MAIL FROM:<no-reply@rekey.example.com> SMTPUTF8');
    expect(commands).toContain('RCPT TO:<jörg@example.com>');
  });

  it('is sent after logging in, with what the URL says', async () => {
    const logins: unknown[] = [];
    const server = await smtpServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        logins.push([username, password]);
        done(null, { user: username });
      },
    });
    await mailerFor(server.port, { url: `smtp://us%40er:p%3Aw@127.0.0.1:${server.port}` }).send(
      aMail(),
    );
    expect(logins).toEqual([['us@er', 'p:w']]);
    expect(server.messages).toHaveLength(1);
  });

  it('goes through TLS, and never to a certificate that is not trusted', async () => {
    const server = await smtpServer({ secure: true });
    const url = `smtps://127.0.0.1:${server.port}`;
    expect(await failureOf(smtpMailer({ url, from }).send(aMail()))).toEqual({
      message: expect.stringMatching(/CERT/),
      isPermanent: false,
    });
    await smtpMailer({ url: `${url}?tls.rejectUnauthorized=false`, from }).send(aMail());
    expect(server.messages).toHaveLength(1);
  });

  it('goes through TLS where the server offers it', async () => {
    const secured: boolean[] = [];
    const server = await smtpServer({
      disabledCommands: [],
      onMailFrom(_address, session, done) {
        secured.push(session.secure);
        done();
      },
    });
    const url = `smtp://127.0.0.1:${server.port}`;
    expect(await failureOf(smtpMailer({ url, from }).send(aMail()))).toMatchObject({
      isPermanent: false,
    });
    await smtpMailer({ url: `${url}?tls.rejectUnauthorized=false`, from }).send(aMail());
    expect(secured).toEqual([true]);
  });
});

describe('a refusal', () => {
  it('of the recipient by 550 is final', async () => {
    const server = await smtpServer({ onRcptTo: (_address, _session, done) => done(refusal(550)) });
    expect(await failureOf(mailerFor(server.port).send(aMail()))).toEqual({
      message: 'SMTP 550 at RCPT TO',
      isPermanent: true,
    });
  });

  it('of the login by 535 is not', async () => {
    const server = await smtpServer({
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(refusal(535)),
    });
    const mailer = mailerFor(server.port, { url: `smtp://user:wrong@127.0.0.1:${server.port}` });
    expect(await failureOf(mailer.send(aMail()))).toEqual({
      message: 'SMTP 535 at AUTH PLAIN',
      isPermanent: false,
    });
  });

  it.each([
    ['greeting', '554 not you', 'SMTP 554 at CONN', false],
    ['greeting', '421 too many', 'SMTP 421 at CONN', false],
    ['MAIL', '550 not from you', 'SMTP 550 at MAIL FROM', false],
    ['MAIL', '451 later', 'SMTP 451 at MAIL FROM', false],
    ['RCPT', '550 no such user', 'SMTP 550 at RCPT TO', true],
    ['RCPT', '553 not a mailbox', 'SMTP 553 at RCPT TO', true],
    ['RCPT', '530 log in first', 'SMTP 530 at RCPT TO', false],
    ['RCPT', '503 not now', 'SMTP 503 at RCPT TO', false],
    ['RCPT', '450 greylisted', 'SMTP 450 at RCPT TO', false],
    ['RCPT', '421 closing', 'SMTP 421 at RCPT TO', false],
    ['DATA', '554 no', 'SMTP 554 at DATA', true],
    ['DATA', '451 later', 'SMTP 451 at DATA', false],
    ['.', '552 too big', 'SMTP 552 at DATA', true],
    ['.', '421 closing', 'SMTP 421 at DATA', false],
  ])('at %s by "%s" is told as "%s"; final: %s', async (word, answer, message, isPermanent) => {
    const { port } = await scriptedServer({ [word]: answer });
    expect(await failureOf(mailerFor(port).send(aMail()))).toEqual({ message, isPermanent });
  });

  it('at EHLO is not final, even where HELO is refused as well', async () => {
    const { port } = await scriptedServer({ EHLO: '502 what?', HELO: '550 no' });
    expect(await failureOf(mailerFor(port).send(aMail()))).toMatchObject({ isPermanent: false });
  });

  it('with pipelining is told by the answer to RCPT TO', async () => {
    const { port } = await scriptedServer({
      EHLO: '250-mx\r\n250 PIPELINING',
      RCPT: '550 no such user',
      DATA: '554 no valid recipients',
    });
    expect(await failureOf(mailerFor(port).send(aMail()))).toEqual({
      message: 'SMTP 550 at RCPT TO',
      isPermanent: true,
    });
  });

  it('never repeats the words of the server', async () => {
    const words = `550 5.1.1 <ada@example.com> ${aMail().link}`;
    const { port } = await scriptedServer({ RCPT: words });
    const failure = await mailerFor(port)
      .send(aMail())
      .catch((error: Error) => error);
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toMatch(/ada@|https:/);
  });
});

describe('trouble with the connection', () => {
  it('is worth another try: nobody listens', async () => {
    const sending = mailerFor(await closedPort()).send(aMail());
    expect(await failureOf(sending)).toEqual({ message: 'ECONNREFUSED', isPermanent: false });
  });

  it.each(['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', '.'])(
    'is worth another try: dropped at %s',
    async (word) => {
      const { port } = await scriptedServer({ [word]: 'drop' });
      expect(await failureOf(mailerFor(port).send(aMail()))).toEqual({
        message: expect.stringMatching(/^ECONN/),
        isPermanent: false,
      });
    },
  );

  it.each([
    ['greeting', { greeting: SOON }, 'GREETING_TIMEOUT'],
    ['DATA', { socket: SOON }, 'SOCKET_TIMEOUT'],
    ['.', { socket: SOON }, 'SOCKET_TIMEOUT'],
  ])('is worth another try: no answer at %s', async (word, timeouts, message) => {
    const { port } = await scriptedServer({ [word]: 'stall' });
    const sending = mailerFor(port, { timeouts }).send(aMail());
    expect(await failureOf(sending)).toEqual({ message, isPermanent: false });
  });

  it.each(['EHLO', 'RCPT', '.'])('ends in time, however the server drips at %s', async (word) => {
    const { port } = await scriptedServer({ [word]: 'drip' });
    const mailer = mailerFor(port, { timeouts: { total: SOON } });
    expect(await failureOf(mailer.send(aMail()))).toEqual({
      message: 'DEADLINE',
      isPermanent: false,
    });
  });

  it('of one mail holds up no other', async () => {
    const stuck = await scriptedServer({ RCPT: 'stall' });
    const mailer = mailerFor(stuck.port);
    const sends = Array.from({ length: 20 }, () => failureOf(mailer.send(aMail())));
    await expect.poll(() => stuck.commands.filter((c) => c.startsWith('RCPT'))).toHaveLength(20);
    mailer.close();
    for (const failure of await Promise.all(sends)) {
      expect(failure).toEqual({ message: 'CLOSED', isPermanent: false });
    }
  });
});

describe('verify', () => {
  it('logs in and sends nothing', async () => {
    const { commands, port } = await scriptedServer();
    await mailerFor(port).verify();
    expect(commands[0]).toMatch(/^EHLO /);
    expect(commands.filter((command) => /^(?:MAIL|RCPT|DATA)/.test(command))).toEqual([]);
  });

  it('tells what does not work', async () => {
    const verifying = mailerFor(await closedPort()).verify();
    expect(await failureOf(verifying)).toMatchObject({ message: 'ECONNREFUSED' });
  });

  it('ends in time, however the server drips', async () => {
    const { port } = await scriptedServer({ EHLO: 'drip' });
    const verifying = mailerFor(port, { timeouts: { total: SOON } }).verify();
    expect(await failureOf(verifying)).toMatchObject({ message: 'DEADLINE' });
  });
});

describe('SMTP_URL', () => {
  it.each([
    'smtp://localhost',
    'smtp://user:pass@mail.example.com:587/?requireTLS=true',
    'smtps://user:pa%40ss@[::1]:465?tls.rejectUnauthorized=false&name=rekey.example.com',
  ])('may be %s', (url) => {
    expect(parseSmtpUrl(url)).toBe(url);
  });

  it.each([
    '',
    'mail.example.com',
    'https://user:hunter2@mail.example.com',
    'smtp://',
    'smtp://user:hunter2@mail.example.com/path',
    'smtp://user:hunter2@mail.example.com#fragment',
    'smtp://user:hunter2@mail.example.com?logger=true',
    'smtp://user:hunter2@mail.example.com?pool=true',
    'smtp://user:hunter2@mail.example.com?tls.ca=x&sendmail=true',
  ])('may not be %j, and is not repeated', (url) => {
    expect(() => smtpMailer({ url, from })).toThrow(/^SMTP_URL (?:must|may)(?!.*hunter2)/);
  });
});
