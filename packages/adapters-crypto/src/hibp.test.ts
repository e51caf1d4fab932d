import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { breachListContract, type FakeClock, fakeClock, START } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hibpBreachList } from './hibp.ts';

const LISTED = 'correct horse battery staple';
const UNLISTED = 'vK7#qP2$wN9&xR4!tB6*';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
const prefixOf = (password: string) => sha1(password).slice(0, 5);
const entry = (password: string, count: number) => `${sha1(password).slice(5)}:${count}`;
const filler = (index: number, count = 1) =>
  `${index.toString(16).toUpperCase().padStart(35, '0')}:${count}`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** As the real one answers, where `LISTED` is the one password that it has. */
const asDocumented: Answer = (request, response) => {
  const entries = Array.from({ length: 800 }, (_, index) => filler(index));
  if (request.url === `/range/${prefixOf(LISTED)}`) entries.splice(400, 0, entry(LISTED, 3));
  response.end(entries.join('\r\n'));
};

const listed =
  (count: number, separator = '\r\n'): Answer =>
  (_request, response) => {
    response.end([filler(1), entry(LISTED, count), filler(2, 0)].join(separator));
  };

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (request, response) => {
    response.writeHead(code, headers);
    listed(1)(request, response);
  };

const text =
  (body: string): Answer =>
  (_request, response) => {
    response.end(body);
  };

type Stub = Awaited<ReturnType<typeof stub>>;

/** A server on loopback that answers as it is told, and keeps what it was asked. */
async function stub(answer: Answer = asDocumented) {
  const asked: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  const told = { answer };
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    told.answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${address.port}`, asked, told, stop };
}

/** A list at the stub that writes down what it reports. Its time limit is there only for tests that reach it. */
function open(
  { url }: Pick<Stub, 'url'>,
  timeLimitMs = 60_000,
  clock: FakeClock = fakeClock(START),
) {
  const reported: string[] = [];
  const breachList = hibpBreachList({
    url,
    clock,
    timeLimitMs,
    onBreachListSilent: (reason) => reported.push(reason),
    onBreachListBack: () => reported.push('back'),
  });
  return { breachList, clock, reported };
}

const ask = async (answer: Answer, password = LISTED) =>
  open(await stub(answer)).breachList.has(password);

breachListContract('of HIBP', async () => {
  const server = await stub();
  return { ...open(server), listed: LISTED, fallSilent: server.stop };
});

describe('a question', () => {
  test('holds five digits of the hash, and asks for padding', async () => {
    const server = await stub();
    await open(server).breachList.has(LISTED);
    expect(server.asked).toMatchObject([
      {
        method: 'GET',
        url: `/range/${prefixOf(LISTED)}`,
        headers: { 'add-padding': 'true', 'user-agent': 'rekey' },
      },
    ]);
    const sent = JSON.stringify(server.asked).toUpperCase();
    expect(sent).not.toContain(LISTED.toUpperCase());
    expect(sent).not.toContain(sha1(LISTED).slice(0, 6));
    expect(sent).not.toContain(sha1(LISTED).slice(5, 15));
  });

  test('goes to the path that the operator gave', async () => {
    const server = await stub();
    await open({ url: `${server.url}/mirror/of` }).breachList.has(LISTED);
    expect(server.asked[0]?.url).toBe(`/mirror/of/range/${prefixOf(LISTED)}`);
  });

  test('gives no cookie back', async () => {
    const server = await stub(status(200, { 'set-cookie': 'who=you' }));
    const { breachList } = open(server);
    expect(await breachList.has(LISTED)).toBe(true);
    await breachList.has(LISTED);
    expect(server.asked).toHaveLength(2);
    expect(server.asked[1]?.headers.cookie).toBeUndefined();
  });
});

describe('an answer', () => {
  test.each([
    ['as documented', asDocumented],
    ['with a high count', listed(2_000_000_000)],
    ['with bare line feeds', listed(1, '\n')],
    [
      'in small letters, with a line end at its end',
      text(`${filler(1)}\r\n${entry(LISTED, 1).toLowerCase()}\r\n`),
    ],
    ['of one entry', text(entry(LISTED, 1))],
  ])('says that a password is on the list: %s', async (_how, answer) => {
    expect(await ask(answer)).toBe(true);
  });

  test.each([
    ['it is not there', asDocumented],
    ['what is there is another one', text([filler(1), filler(2)].join('\r\n'))],
  ])('says that a password is not on the list: %s', async (_how, answer) => {
    expect(await ask(answer, UNLISTED)).toBe(false);
  });

  test.each([0, '00'])('does not count padding: %s', async (count) => {
    const padding = `${sha1(LISTED).slice(5)}:${count}`;
    expect(await ask(text([filler(1), padding].join('\r\n')))).toBe(false);
  });

  test.each([
    ['nothing', text('')],
    ['white space', text('\r\n\r\n')],
    ['a page', text('<html>down for maintenance</html>')],
    ['a page that holds an entry', text(`<pre>\r\n${entry(LISTED, 1)}\r\n</pre>`)],
    ['an entry cut short', text(`${filler(1)}\r\n${entry(LISTED, 1).slice(0, 20)}`)],
    ['an entry without its count', text(`${entry(LISTED, 1)}\r\n${filler(1).slice(0, 36)}`)],
    ['an entry with a negative count', text(entry(LISTED, -1))],
    ['whole hashes', text(`${sha1(LISTED)}:1`)],
    ['bytes', (_request, response) => void response.end(Buffer.from([0, 0xff, 0xfe, 10]))],
    ['no content', status(204)],
    ['another success', status(203)],
    ['an error of the caller', status(404)],
    ['too many requests', status(429)],
    ['an error of its own', status(500)],
    [
      'less than it promised',
      (_request, response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write(`${entry(LISTED, 1)}\r\n`, () => response.destroy());
      },
    ],
    ['a broken packing', status(200, { 'content-encoding': 'gzip' })],
    ['no HTTP', (request) => void request.socket.end('garbage\r\n\r\n')],
  ] satisfies [string, Answer][])('is worth nothing where it is %s', async (_what, answer) => {
    expect(await ask(answer)).toBeNull();
  });

  test.each([301, 302, 303, 307, 308])('leads nowhere else: %s', async (code) => {
    const elsewhere = await stub();
    const location = `${elsewhere.url}/range/${prefixOf(LISTED)}`;
    expect(await ask(status(code, { location }))).toBeNull();
    expect(elsewhere.asked).toEqual([]);
  });

  test('is read up to half a megabyte, and no further', async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => filler(index));
    const fits = [entry(LISTED, 1), ...lines(13_000)].join('\r\n');
    const isLong = [entry(LISTED, 1), ...lines(15_000)].join('\r\n');
    expect(await ask(text(fits))).toBe(true);
    expect(await ask(text(isLong))).toBeNull();
  });

  test('may be packed, and counts as what comes out', async () => {
    const packed =
      (body: string): Answer =>
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
      };
    expect(await ask(packed(entry(LISTED, 1)))).toBe(true);
    expect(await ask(packed(`${entry(LISTED, 1)}\r\n`.repeat(1_000_000)))).toBeNull();
  });

  test('that never ends is hung up on', async () => {
    const hungUp = Promise.withResolvers<string>();
    const endless: Answer = (_request, response) => {
      const chunk = `${filler(1)}\r\n`.repeat(1000);
      const more = () => {
        while (response.write(chunk));
      };
      response.on('drain', more).on('close', () => hungUp.resolve('hung up'));
      more();
    };
    expect(await ask(endless)).toBeNull();
    expect(await hungUp.promise).toBe('hung up');
  });

  test.each([
    ['that does not begin', () => {}],
    ['that stops after its headers', (_request, response) => response.flushHeaders()],
    [
      'that stops in its middle',
      (_request, response) => void response.write(`${entry(LISTED, 1)}\r\n`),
    ],
  ] satisfies [string, Answer][])('%s is not waited for', async (_how, answer) => {
    const { breachList } = open(await stub(answer), 50);
    expect(await breachList.has(LISTED)).toBeNull();
  });
});

describe('a list that does not answer', () => {
  /** One that was asked until it was given up. */
  async function givenUp(answer: Answer = status(500)) {
    const server = await stub(answer);
    const opened = open(server);
    for (let failure = 0; failure < 5; failure += 1) {
      expect(opened.reported).toEqual([]);
      expect(await opened.breachList.has(LISTED)).toBeNull();
    }
    expect(server.asked).toHaveLength(5);
    return { server, ...opened };
  }

  test('is not asked for half a minute after five failures in a row', async () => {
    const { server, breachList, clock } = await givenUp();
    server.told.answer = asDocumented;
    expect(await breachList.has(LISTED)).toBeNull();
    clock.set(START + 29_999);
    expect(await breachList.has(LISTED)).toBeNull();
    expect(server.asked).toHaveLength(5);
    clock.set(START + 30_000);
    expect(await breachList.has(LISTED)).toBe(true);
    // And from then on as ever.
    expect(await breachList.has(UNLISTED)).toBe(false);
    expect(server.asked).toHaveLength(7);
  });

  test('is asked once when the time is over, and left alone again where that fails too', async () => {
    const { server, breachList, clock } = await givenUp();
    clock.set(START + 30_000);
    expect(await breachList.has(LISTED)).toBeNull();
    server.told.answer = asDocumented;
    clock.set(START + 59_999);
    expect(await breachList.has(LISTED)).toBeNull();
    expect(server.asked).toHaveLength(6);
    clock.set(START + 60_000);
    expect(await breachList.has(LISTED)).toBe(true);
  });

  test('is asked by one of many when the time is over', async () => {
    const { server, breachList, clock } = await givenUp();
    server.told.answer = asDocumented;
    clock.set(START + 30_000);
    const answers = await Promise.all([1, 2, 3, 4].map(() => breachList.has(LISTED)));
    expect(answers).toEqual([true, null, null, null]);
    expect(server.asked).toHaveLength(6);
  });

  test('is asked on as long as it answers now and then', async () => {
    const server = await stub();
    const { breachList, reported } = open(server);
    for (let round = 0; round < 3; round += 1) {
      server.told.answer = status(500);
      for (let failure = 0; failure < 4; failure += 1) await breachList.has(LISTED);
      server.told.answer = asDocumented;
      expect(await breachList.has(LISTED)).toBe(true);
    }
    expect(server.asked).toHaveLength(15);
    expect(reported).toEqual([]);
  });

  test('is reported once, with a reason that tells nothing of the password, and once when it is back', async () => {
    const { server, breachList, clock, reported } = await givenUp();
    expect(reported).toEqual(['answered 500']);
    clock.set(START + 30_000);
    await breachList.has(LISTED);
    server.told.answer = asDocumented;
    clock.set(START + 60_000);
    await breachList.has(LISTED);
    await breachList.has(LISTED);
    expect(reported).toEqual(['answered 500', 'back']);
  });

  test('is reported where nobody listens', async () => {
    const server = await stub();
    await server.stop();
    const { breachList, reported } = open(server);
    for (let failure = 0; failure < 6; failure += 1) {
      expect(await breachList.has(LISTED)).toBeNull();
    }
    expect(reported).toEqual(['ECONNREFUSED']);
  });

  test('is reported where it is too slow', async () => {
    const { breachList, reported } = open(await stub(() => {}), 20);
    await Promise.all([1, 2, 3, 4, 5].map(() => breachList.has(LISTED)));
    expect(reported).toEqual(['The operation was aborted due to timeout']);
  });

  test('is asked no more than eight things at once', async () => {
    const held: (() => void)[] = [];
    const all = Promise.withResolvers<void>();
    const server = await stub((request, response) => {
      held.push(() => asDocumented(request, response));
      if (held.length === 8) all.resolve();
    });
    const { breachList } = open(server);
    const first = Array.from({ length: 8 }, () => breachList.has(LISTED));
    await all.promise;
    expect(await breachList.has(LISTED)).toBeNull();
    for (const answer of held) answer();
    expect(await Promise.all(first)).toEqual(Array.from({ length: 8 }, () => true));
    server.told.answer = asDocumented;
    expect(await breachList.has(LISTED)).toBe(true);
  });
});
