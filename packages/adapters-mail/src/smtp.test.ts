import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseEmail } from '@rekey/domain';
import { DeliveryFailure } from '@rekey/usecases';
import { outletContract } from '@rekey/usecases/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aNotice, from, parse, read } from '../test/notice.ts';
import { closedPort, scriptedServer, smtpServer } from '../test/servers.ts';
import { parseSmtpUrl, smtpOutlet, tlsOf } from './smtp.ts';

/** Milliseconds of a timeout that a test waits for. */
const SOON = 100;

const connectTo = (port: number, options: Partial<Parameters<typeof smtpOutlet>[0]> = {}) =>
  smtpOutlet({ url: `smtp://127.0.0.1:${port}`, from, ...options });

/** An outlet that is closed when the test ends. */
function outletFor(...args: Parameters<typeof connectTo>) {
  const outlet = connectTo(...args);
  onTestFinished(() => outlet.close());
  return outlet;
}

const failureOf = async (work: Promise<void>) => {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(DeliveryFailure);
  const { message, isPermanent, cause } = failure as DeliveryFailure;
  expect(cause).toBeUndefined();
  return { message, isPermanent };
};

const refusal = (responseCode: number, words = 'no') =>
  Object.assign(new Error(words), { responseCode });

outletContract('over SMTP', async () => {
  let refused: ReturnType<typeof refusal> | null = null;
  const server = await smtpServer({
    onMailFrom(_address, _session, done) {
      server.recipients.length = 0;
      done();
    },
    onData(stream, _session, done) {
      void handOver(stream).then(() => done(refused));
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
    outlet: connectTo(server.port, { timeouts: { idleMs: SOON } }),
    handedOver: async () => handedOver,
    refuseNext: (isPermanent) => {
      refused = isPermanent ? refusal(550, '5.1.1 unknown') : refusal(451);
    },
  };
});

describe('a mail', () => {
  it('reaches its recipient with the link unharmed in both parts', async () => {
    const server = await smtpServer();
    await outletFor(server.port).send(aNotice());
    expect(server.recipients).toEqual(['ada@example.com']);
    const email = await parse(server.messages[0]!);
    expect(email.text?.split(/\r?\n/)).toContain(aNotice().link);
    expect(read(email.html).links).toEqual([aNotice().link, aNotice().link]);
  });

  it('is the same mail when it is sent again', async () => {
    const server = await smtpServer();
    const outlet = outletFor(server.port);
    await outlet.send(aNotice());
    await outlet.send(aNotice());
    const [first, second] = server.messages;
    expect(first).toContain('Message-ID: <019a0000-0000-7000-8000-000000000001@rekey.example.com>');
    expect(second).toBe(first);
  });

  it('has exactly one RCPT TO', async () => {
    const { commands, port } = await scriptedServer();
    await outletFor(port).send(aNotice());
    expect(commands.slice(1)).toEqual([
      'MAIL FROM:<no-reply@rekey.example.com>',
      'RCPT TO:<ada@example.com>',
      'DATA',
      '.',
    ]);
  });

  it.each([
    'ada@example.com,eve@example.com',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    '"ada" <eve@example.com>',
    'ada@example.com> NOTIFY=NEVER',
  ])('is given to nobody where the address is not one: %j', async (to) => {
    const { commands, port } = await scriptedServer();
    const sending = outletFor(port).send(aNotice({ to }));
    expect(await failureOf(sending)).toEqual({
      message: 'not an e-mail address',
      isPermanent: true,
    });
    expect(commands).toEqual([]);
  });

  it('is sent to the stored form of the address, its domain in ASCII', async () => {
    const { commands, port } = await scriptedServer();
    await outletFor(port).send(aNotice({ to: 'ada@xn--bcher-kva.example' }));
    expect(commands).toContain('RCPT TO:<ada@xn--bcher-kva.example>');
  });

  it('asks for SMTPUTF8 where the address needs it', async () => {
    const { commands, port } = await scriptedServer({ EHLO: '250-mx\r\n250 SMTPUTF8' });
    await outletFor(port).send(aNotice({ to: 'jörg@example.com' }));
    expect(commands).toContain('MAIL FROM:<no-reply@rekey.example.com> SMTPUTF8');
    expect(commands).toContain('RCPT TO:<jörg@example.com>');
  });

  it.each(['250 mx', '250-mx\r\n250 8BITMIME', '502 what?'])(
    'is not given to a server without SMTPUTF8 where the address needs it: %j',
    async (EHLO) => {
      const { commands, port } = await scriptedServer({ EHLO });
      const sending = outletFor(port).send(aNotice({ to: 'jörg@example.com' }));
      expect(await failureOf(sending)).toEqual({
        message: 'the SMTP server has no SMTPUTF8',
        isPermanent: false,
      });
      expect(commands.filter((command) => !/^(?:EHLO|HELO)/.test(command))).toEqual([]);
    },
  );

  it('logs in before it is sent to an address that needs SMTPUTF8, and its refusal is judged alike', async () => {
    const { commands, port } = await scriptedServer({
      EHLO: '250-mx\r\n250-AUTH PLAIN\r\n250 SMTPUTF8',
      AUTH: '235 welcome',
      RCPT: ['550 5.1.1 unknown'],
    });
    const url = `smtp://user:pass@127.0.0.1:${port}?ignoreTLS=true`;
    expect(
      await failureOf(outletFor(port, { url }).send(aNotice({ to: 'jörg@example.com' }))),
    ).toEqual({
      message: 'SMTP 550 5.1.1 at RCPT TO',
      isPermanent: true,
    });
    expect(commands[1]).toMatch(/^AUTH PLAIN/);
  });

  it('is sent after logging in through TLS, with what the URL says', async () => {
    const logins: unknown[] = [];
    const server = await smtpServer({
      authOptional: false,
      disabledCommands: [],
      onAuth({ username, password }, { secure }, done) {
        logins.push([username, password, secure]);
        done(null, { user: username });
      },
    });
    const url = `smtp://us%40er:p%3Aw@127.0.0.1:${server.port}?tls.rejectUnauthorized=false`;
    await outletFor(server.port, { url }).send(aNotice());
    expect(logins).toEqual([['us@er', 'p:w', true]]);
    expect(server.messages).toHaveLength(1);
  });

  it('goes through TLS, and never to a certificate that is not trusted', async () => {
    const server = await smtpServer({ secure: true });
    const url = `smtps://127.0.0.1:${server.port}`;
    expect(await failureOf(outletFor(server.port, { url }).send(aNotice()))).toEqual({
      message: expect.stringMatching(/CERT/),
      isPermanent: false,
    });
    const trusting = { url: `${url}?tls.rejectUnauthorized=false` };
    await outletFor(server.port, trusting).send(aNotice());
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
    expect(await failureOf(outletFor(server.port, { url }).send(aNotice()))).toMatchObject({
      isPermanent: false,
    });
    const trusting = { url: `${url}?tls.rejectUnauthorized=false` };
    await outletFor(server.port, trusting).send(aNotice());
    expect(secured).toEqual([true]);
  });
});

describe('clear text', () => {
  /** A server that would take a password and a mail from everybody, and has no TLS. */
  const openServer = () => scriptedServer({ EHLO: '250-mx\r\n250 AUTH PLAIN', STARTTLS: '502 no' });

  it.each([
    ['a password in the URL', 'smtp://user:pass@127.0.0.1', ''],
    ['a user in the URL', 'smtp://user@127.0.0.1', ''],
    // Linux takes it for this machine; the URL does not say so.
    ['a host that is another machine', 'smtp://0.0.0.0', ''],
    ['requireTLS=true', 'smtp://127.0.0.1', '?requireTLS=true'],
    ['requireTLS=false', 'smtp://user:pass@127.0.0.1', '?requireTLS=false'],
    ['opportunisticTLS=true', 'smtp://user:pass@127.0.0.1', '?opportunisticTLS=true'],
    ['ignoreTLS=false', 'smtp://user:pass@127.0.0.1', '?ignoreTLS=false'],
  ])('has no login and no mail with %s', async (_what, base, query) => {
    const { commands, port } = await openServer();
    const outlet = outletFor(port, { url: `${base}:${port}${query}` });
    const refused = { message: 'SMTP 502 at STARTTLS', isPermanent: false };
    expect(await failureOf(outlet.send(aNotice()))).toEqual(refused);
    expect(await failureOf(outlet.verify())).toEqual(refused);
    expect(commands.map((line) => line.split(' ')[0])).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:AUTH|MAIL|RCPT|DATA)$/)]),
    );
    expect(commands).toContain('STARTTLS');
  });

  it('is not fallen back to where EHLO is refused', async () => {
    const { commands, port } = await scriptedServer({ EHLO: '502 what?' });
    const url = `smtp://user:pass@127.0.0.1:${port}`;
    expect(await failureOf(outletFor(port, { url }).send(aNotice()))).toMatchObject({
      isPermanent: false,
    });
    expect(commands).toEqual([expect.stringMatching(/^EHLO /)]);
  });

  it('is spoken where ignoreTLS=true is written out, even to a server that offers more', async () => {
    const { commands, port } = await scriptedServer({
      EHLO: '250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS',
      AUTH: '235 welcome',
    });
    const url = `smtp://user:pass@127.0.0.1:${port}?ignoreTLS=true`;
    await outletFor(port, { url }).send(aNotice());
    expect(commands.map((line) => line.split(' ')[0])).toEqual([
      'EHLO',
      'AUTH',
      'MAIL',
      'RCPT',
      'DATA',
      '.',
    ]);
  });

  it.each([
    ['smtps://user:pass@mail.example.com', 'from the start'],
    ['smtp://mail.example.com', 'demanded'],
    ['smtp://127.0.0.1.example.com', 'demanded'],
    ['smtp://user:pass@localhost', 'demanded'],
    ['smtp://:pass@localhost', 'demanded'],
    ['smtp://LOCALHOST', 'where offered'],
    ['smtp://127.8.0.1:25', 'where offered'],
    ['smtp://[::1]', 'where offered'],
    ['smtp://user:pass@mail.example.com?ignoreTLS=true', 'never'],
    ['smtp://localhost?ignoreTLS=true', 'never'],
  ])('by %s: TLS %s', (url, tls) => {
    expect(tlsOf(new URL(url))).toBe(tls);
  });
});

describe('a refusal', () => {
  it('of the recipient by 550 is final', async () => {
    const server = await smtpServer({ onRcptTo: (_address, _session, done) => done(refusal(550)) });
    expect(await failureOf(outletFor(server.port).send(aNotice()))).toEqual({
      message: 'SMTP 550 at RCPT TO',
      isPermanent: true,
    });
  });

  it('of the login by 535 is not', async () => {
    const server = await smtpServer({
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(refusal(535)),
    });
    const url = `smtp://user:wrong@127.0.0.1:${server.port}?ignoreTLS=true`;
    expect(await failureOf(outletFor(server.port, { url }).send(aNotice()))).toEqual({
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
    ['RCPT', '551 not here', 'SMTP 551 at RCPT TO', true],
    ['RCPT', '550 5.1.1 unknown', 'SMTP 550 5.1.1 at RCPT TO', true],
    ['RCPT', '550-5.1.1 unknown\r\n550 5.1.1 really', 'SMTP 550 5.1.1 at RCPT TO', true],
    ['RCPT', '553 5.1.3 not an address', 'SMTP 553 5.1.3 at RCPT TO', true],
    ['RCPT', '550 5.1.6 moved away', 'SMTP 550 5.1.6 at RCPT TO', true],
    ['RCPT', '556 5.1.10 null MX', 'SMTP 556 5.1.10 at RCPT TO', true],
    ['.', '550 5.1.1 unknown', 'SMTP 550 5.1.1 at DATA', true],
    // The relay, or its list, may be put right while the link is good.
    ['RCPT', '554 5.7.1 Relay access denied', 'SMTP 554 5.7.1 at RCPT TO', false],
    ['RCPT', '550 5.7.1 listed', 'SMTP 550 5.7.1 at RCPT TO', false],
    ['RCPT', '550 5.7.60 not from you', 'SMTP 550 5.7.60 at RCPT TO', false],
    ['RCPT', '550 5.4.1 Access denied', 'SMTP 550 5.4.1 at RCPT TO', false],
    ['RCPT', '550 5.1.2 no such host', 'SMTP 550 5.1.2 at RCPT TO', false],
    ['RCPT', '550 5.1.8 sender unknown', 'SMTP 550 5.1.8 at RCPT TO', false],
    ['RCPT', '550 5.1.0 something', 'SMTP 550 5.1.0 at RCPT TO', false],
    ['RCPT', '550 5.2.1 disabled', 'SMTP 550 5.2.1 at RCPT TO', false],
    ['RCPT', '552 5.2.2 full', 'SMTP 552 5.2.2 at RCPT TO', false],
    ['RCPT', '550 5.6.7 no SMTPUTF8', 'SMTP 550 5.6.7 at RCPT TO', false],
    ['RCPT', '550 4.1.1 later', 'SMTP 550 4.1.1 at RCPT TO', false],
    ['RCPT', '450 5.1.1 later', 'SMTP 450 5.1.1 at RCPT TO', false],
    ['MAIL', '550 5.1.1 sender', 'SMTP 550 5.1.1 at MAIL FROM', false],
    ['RCPT', '550 relay not permitted', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 your IP is on a blacklist', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 mailbox full', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 Administrative prohibition', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 Sender verify failed', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550-Verification failed\r\n550 Rejected', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 Rejected', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 HELO needed', 'SMTP 550 at RCPT TO', false],
    ['RCPT', '550 Recipient address rejected: User unknown', 'SMTP 550 at RCPT TO', true],
    [
      'RCPT',
      '553 not in my list of allowed rcpthosts (#5.7.1)',
      'SMTP 553 5.7.1 at RCPT TO',
      false,
    ],
    ['RCPT', '553 not in my list of allowed rcpthosts', 'SMTP 553 at RCPT TO', false],
    ['RCPT', '550 sorry, no mailbox here (#5.1.1)', 'SMTP 550 5.1.1 at RCPT TO', true],
    ['RCPT', '550 #5.7.1 Not you', 'SMTP 550 5.7.1 at RCPT TO', false],
    ['RCPT', '554 no', 'SMTP 554 at RCPT TO', false],
    ['RCPT', '552 no', 'SMTP 552 at RCPT TO', false],
    ['RCPT', '501 no', 'SMTP 501 at RCPT TO', false],
    ['RCPT', '530 log in first', 'SMTP 530 at RCPT TO', false],
    ['RCPT', '503 not now', 'SMTP 503 at RCPT TO', false],
    ['RCPT', '450 greylisted', 'SMTP 450 at RCPT TO', false],
    ['RCPT', '421 closing', 'SMTP 421 at RCPT TO', false],
    ['DATA', '554 no', 'SMTP 554 at DATA', false],
    ['DATA', '451 later', 'SMTP 451 at DATA', false],
    ['.', '552 too big', 'SMTP 552 at DATA', false],
    ['.', '550 looks like spam', 'SMTP 550 at DATA', false],
    ['.', '554 5.7.1 looks like spam', 'SMTP 554 5.7.1 at DATA', false],
    ['.', '421 closing', 'SMTP 421 at DATA', false],
  ])('at %s by "%s" is told as "%s"; final: %s', async (word, answer, message, isPermanent) => {
    const { port } = await scriptedServer({ [word]: answer });
    expect(await failureOf(outletFor(port).send(aNotice()))).toEqual({ message, isPermanent });
  });

  it('at EHLO is not final, even where HELO is refused as well', async () => {
    const { port } = await scriptedServer({ EHLO: '502 what?', HELO: '550 no' });
    expect(await failureOf(outletFor(port).send(aNotice()))).toMatchObject({ isPermanent: false });
  });

  it('with pipelining is told by the answer to RCPT TO', async () => {
    const { port } = await scriptedServer({
      EHLO: '250-mx\r\n250 PIPELINING',
      RCPT: '550 no such user',
      DATA: '554 no valid recipients',
    });
    expect(await failureOf(outletFor(port).send(aNotice()))).toEqual({
      message: 'SMTP 550 at RCPT TO',
      isPermanent: true,
    });
  });

  it('never repeats the words of the server', async () => {
    const words = `550 5.1.1 <ada@example.com> ${aNotice().link}`;
    const { port } = await scriptedServer({ RCPT: words });
    const failure = await outletFor(port)
      .send(aNotice())
      .catch((error: Error) => error);
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toMatch(/ada@|https:/);
  });
});

describe('trouble with the connection', () => {
  it('is worth another try: nobody listens', async () => {
    const sending = outletFor(await closedPort()).send(aNotice());
    expect(await failureOf(sending)).toEqual({ message: 'ECONNREFUSED', isPermanent: false });
  });

  it.each(['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', '.'])(
    'is worth another try: dropped at %s',
    async (word) => {
      const { port } = await scriptedServer({ [word]: 'drop' });
      expect(await failureOf(outletFor(port).send(aNotice()))).toEqual({
        message: expect.stringMatching(/^ECONN/),
        isPermanent: false,
      });
    },
  );

  it.each([
    ['greeting', { greetingMs: SOON }, 'GREETING_TIMEOUT'],
    ['DATA', { socketMs: SOON }, 'SOCKET_TIMEOUT'],
    ['.', { socketMs: SOON }, 'SOCKET_TIMEOUT'],
  ])('is worth another try: no answer at %s', async (word, timeouts, message) => {
    const { port } = await scriptedServer({ [word]: 'stall' });
    const sending = outletFor(port, { timeouts }).send(aNotice());
    expect(await failureOf(sending)).toEqual({ message, isPermanent: false });
  });

  it.each(['EHLO', 'RCPT', '.'])('ends in time, however the server drips at %s', async (word) => {
    const { port } = await scriptedServer({ [word]: 'drip' });
    const outlet = outletFor(port, { timeouts: { totalMs: SOON } });
    expect(await failureOf(outlet.send(aNotice()))).toEqual({
      message: 'DEADLINE',
      isPermanent: false,
    });
  });
});

describe('the pool', () => {
  it('sends one mail after another over one connection', async () => {
    const server = await scriptedServer();
    const outlet = outletFor(server.port);
    for (const _ of Array.from({ length: 5 })) await outlet.send(aNotice());
    expect(server.count('MAIL')).toBe(5);
    expect(server.count('EHLO')).toBe(1);
  });

  it('has at most eight connections', async () => {
    const server = await scriptedServer();
    const outlet = outletFor(server.port);
    await Promise.all(Array.from({ length: 40 }, () => outlet.send(aNotice())));
    expect(server.count('MAIL')).toBe(40);
    expect(server.count('EHLO')).toBe(8);
  });

  it('is held up by a recipient whose server stalls on one connection alone', async () => {
    const reached = Promise.withResolvers<void>();
    const server = await smtpServer({
      onRcptTo({ address }, _session, done) {
        if (address === 'bob@example.com') reached.resolve();
        else done();
      },
    });
    const outlet = outletFor(server.port);
    const bob = failureOf(outlet.send(aNotice({ to: 'bob@example.com' })));
    await reached.promise;
    await Promise.all(Array.from({ length: 20 }, () => outlet.send(aNotice())));
    expect(server.messages).toHaveLength(20);
    outlet.close();
    await bob;
  });

  it('goes on with a connection after the refusal of a recipient', async () => {
    const server = await scriptedServer({ RCPT: ['550 no such user', '250 fine'] });
    const outlet = outletFor(server.port);
    expect(await failureOf(outlet.send(aNotice()))).toMatchObject({ isPermanent: true });
    await outlet.send(aNotice());
    expect(server.count('EHLO')).toBe(1);
  });

  it('sends a mail over a new connection where the server drops the old one at the next command', async () => {
    const server = await scriptedServer({ MAIL: ['250 fine', 'drop'] });
    const outlet = outletFor(server.port);
    await outlet.send(aNotice());
    await outlet.send(aNotice());
    expect(server.count('.')).toBe(2);
    expect(server.count('EHLO')).toBe(2);
  });

  it('sends a mail over a new connection, at the next try, where the server ends the old one with 421', async () => {
    const server = await scriptedServer({ MAIL: ['250 fine', '421 enough'] });
    const outlet = outletFor(server.port);
    await outlet.send(aNotice());
    expect(await failureOf(outlet.send(aNotice()))).toMatchObject({ isPermanent: false });
    await outlet.send(aNotice());
    expect(server.count('.')).toBe(2);
  });

  it.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'sends a mail over a new connection where the server left the old ones: %s',
    async (leave) => {
      const server = await scriptedServer();
      const outlet = outletFor(server.port);
      await Promise.all(Array.from({ length: 8 }, () => outlet.send(aNotice())));
      for (const socket of server.sockets) socket[leave]();
      await Promise.all(Array.from({ length: 8 }, () => outlet.send(aNotice())));
      expect(server.count('.')).toBe(16);
    },
  );

  it('never sends a mail again by itself once the server may have it', async () => {
    const server = await scriptedServer({ '.': ['250 fine', 'drop'] });
    const outlet = outletFor(server.port);
    await outlet.send(aNotice());
    expect(await failureOf(outlet.send(aNotice()))).toMatchObject({ isPermanent: false });
    expect(server.count('.')).toBe(2);
  });

  it('says goodbye to a server over a connection that is idle', async () => {
    const server = await scriptedServer();
    await outletFor(server.port, { timeouts: { idleMs: SOON } }).send(aNotice());
    await server.had('QUIT', 1);
  });
});

describe('close', () => {
  it('gives up every mail that is being sent or waits, for another try', async () => {
    const stuck = await scriptedServer({ RCPT: 'stall' });
    const outlet = outletFor(stuck.port);
    const sends = Array.from({ length: 20 }, () => failureOf(outlet.send(aNotice())));
    await stuck.had('RCPT', 8);
    outlet.close();
    for (const failure of await Promise.all(sends)) {
      expect(failure).toEqual({ message: 'CLOSED', isPermanent: false });
    }
    expect(await failureOf(outlet.send(aNotice()))).toMatchObject({ isPermanent: false });
  });

  it.each([
    ['stalls', { RCPT: 'stall' }, 'CLOSED'],
    ['drips', { RCPT: 'drip' }, 'CLOSED'],
    ['has accepted all mails', {}, 'sent'],
  ] as const)(
    'leaves nothing that keeps a process alive while the server %s',
    async (_what, script, end) => {
      const server = await scriptedServer(script);
      const program = fork(path.join(import.meta.dirname, '../test/sending.ts'), [
        String(server.port),
      ]);
      onTestFinished(() => void program.kill('SIGKILL'));
      const results: unknown[] = [];
      program.on('message', (result) => results.push(result));
      if (end === 'CLOSED') await server.had('RCPT', 8);
      else while (results.length < 8) await once(program, 'message');
      program.kill('SIGTERM');
      expect(await once(program, 'exit')).toEqual([0, null]);
      expect(results).toEqual(Array.from({ length: 8 }, () => end));
    },
  );
});

describe('verify', () => {
  it('logs in and sends nothing', async () => {
    const { commands, port } = await scriptedServer();
    await outletFor(port).verify();
    expect(commands[0]).toMatch(/^EHLO /);
    expect(commands.filter((command) => /^(?:MAIL|RCPT|DATA)/.test(command))).toEqual([]);
  });

  it('tells what does not work', async () => {
    const verifying = outletFor(await closedPort()).verify();
    expect(await failureOf(verifying)).toMatchObject({ message: 'ECONNREFUSED' });
  });

  it('ends in time, however the server drips', async () => {
    const { port } = await scriptedServer({ EHLO: 'drip' });
    const verifying = outletFor(port, { timeouts: { totalMs: SOON } }).verify();
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
    'smtp://user:hunter2@mail.example.com?ignoreTLS=no',
    'smtp://user:hunter2@mail.example.com?ignoreTLS=1',
    'smtp://user:hunter2@mail.example.com?ignoreTLS=',
    'smtp://user:hunter2@mail.example.com?ignoreTLS=TRUE',
    'smtp://user:hunter2@mail.example.com?ignoreTLS',
    'smtp://user:hunter2@mail.example.com?ignoretls=true',
    'smtp://user:hunter2@mail.example.com?requireTLS=yes',
    'smtp://user:hunter2@mail.example.com?ignoreTLS=true&ignoreTLS=false',
    'smtp://user:hunter2@mail.example.com?ignoreTLS=true&requireTLS=true',
    'smtps://user:hunter2@mail.example.com?ignoreTLS=true',
    'smtp://user:hunter2@mail.example.com?tls.rejectUnauthorized=0',
    'smtp://user:hunter2@mail.example.com?tls.minVersion=TLSv1',
    'smtp://user:hunter2@mail.example.com?tls.ciphers=NULL',
    'smtp://user:hunter2@mail.example.com?name=a%0D%0AQUIT',
    'smtp://user:hunter2@mail.example.com?localAddress=eth0',
    'smtp://user:hunter2@mail.example.com?authMethod=XOAUTH2',
    'smtp://user:hunter2@mail.example.com?__proto__=x',
    'smtp://user:hunter2@mail.example.com:0',
    'smtp://user:hunter2@mail.example.com;ignoreTLS=true',
    'smtp://user:hunter2@a.example,b.example',
    'smtp://:hunter2@mail.example.com',
    'smtp://user:hunter2%@mail.example.com',
    'smtp://user:12?hunter2@mail.example.com',
    'smtp://user:12#hunter2@mail.example.com',
    'smtp://user:12/hunter2@mail.example.com',
  ])('may not be %j, and is not repeated', (url) => {
    expect(() => smtpOutlet({ url, from })).toThrow(/^SMTP_URL must (?!.*unter2)/);
  });

  it('is refused with the parameter named, and the right way for those of other programs', () => {
    const problemOf = (query: string) => {
      try {
        return parseSmtpUrl(`smtp://mail.example.com?${query}`);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(problemOf('ignoreTLS=no')).toBe('SMTP_URL must have true or false as ignoreTLS');
    expect(problemOf('name=a b&authMethod=x')).toBe(
      'SMTP_URL must have the name of a host as name, and PLAIN, LOGIN or CRAM-MD5 as authMethod',
    );
    expect(problemOf('secure=true')).toMatch(
      /must have no parameter secure \(write smtps: for TLS from the start\), only requireTLS, /,
    );
  });
});
