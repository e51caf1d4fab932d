import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { skips } from '@rekey/usecases/testing';
import { expect, onTestFinished, test } from 'vitest';
import { type LogSink, logSink } from './log-sink.ts';

const isElsewhere = process.platform !== 'linux';

function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function opened(file: string, flags: string | number): number {
  const fd = openSync(file, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

/** A named pipe, and its end to write to. A pipe has room for 64 KiB. */
function aPipe() {
  const file = path.join(aFolder(), 'pipe');
  execFileSync('mkfifo', [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return { file, reader, writer: opened(file, 'w') };
}

/** A sink that writes a line about those that it dropped. */
function aSink(fd: number, maxWaitingBytes?: number): LogSink {
  const sink = logSink(fd, (dropped) => sink.write(`{"dropped":${dropped}}\n`), maxWaitingBytes);
  return sink;
}

/** All that a pipe has now. */
function read(reader: number): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(65_536);
    try {
      const bytes = readSync(reader, chunk);
      if (bytes === 0) break;
      chunks.push(chunk.subarray(0, bytes));
    } catch {
      break;
    }
  }
  return Buffer.concat(chunks).toString();
}

const line = (number: number) => `${JSON.stringify({ number, text: 'x'.repeat(1000) })}\n`;
const linesOf = (text: string) => text.split('\n').filter(Boolean);

test.skipIf(skips(isElsewhere, 'only Linux has such sinks'))(
  'a reader that stands still costs lines beyond a bound, and is told how many when it reads again',
  async () => {
    const { reader, writer } = aPipe();
    onTestFinished(() => closeSync(reader));
    const sink = aSink(writer, 100_000);
    for (let number = 0; number < 1000; number += 1) sink.write(line(number));
    expect(sink.dropped()).toBeGreaterThan(500);

    const kept = 1000 - sink.dropped();
    let text = '';
    await expect
      .poll(() => {
        text += read(reader);
        return linesOf(text).length;
      })
      .toBe(kept + 1);
    const lines = linesOf(text).map((each) => JSON.parse(each));
    const numbers = lines.flatMap(({ number }) => number ?? []);
    expect(numbers).toEqual(Array.from({ length: kept }, (_, index) => index));
    expect(lines).toContainEqual({ dropped: sink.dropped() });
  },
);

test.skipIf(skips(isElsewhere, 'only Linux has such sinks'))(
  'a reader that left costs the lines of that time, and the next reader is told how many',
  async () => {
    const { file, reader, writer } = aPipe();
    const sink = aSink(writer);
    closeSync(reader);
    sink.write(line(1));
    await expect.poll(() => sink.dropped()).toBe(1);

    const next = opened(file, constants.O_RDONLY | constants.O_NONBLOCK);
    sink.write(line(2));
    let text = '';
    await expect
      .poll(() => {
        text += read(next);
        return text;
      })
      .toContain('"dropped":1}');
    expect(linesOf(text)[0]).toBe(line(2).trim());
  },
);

test.skipIf(skips(isElsewhere, 'only Linux has such sinks'))(
  'a full disk costs lines, and nothing else',
  async () => {
    const sink = aSink(opened('/dev/full', 'w'));
    for (let number = 0; number < 10; number += 1) sink.write(line(number));
    await expect.poll(() => sink.dropped()).toBe(10);
    sink.write(line(10));
    sink.flush();
    await expect.poll(() => sink.dropped()).toBe(11);
  },
);

test('a file has every line, in order, and the ones that wait at the end as well', async () => {
  const file = path.join(aFolder(), 'log');
  writeFileSync(file, line(0));
  const sink = aSink(opened(file, 'a'));
  sink.write(line(1));
  await expect.poll(() => readFileSync(file, 'utf8')).toBe(line(0) + line(1));
  sink.write(line(2));
  sink.write(line(3));
  sink.flush();
  await expect.poll(() => linesOf(readFileSync(file, 'utf8')).length).toBe(4);
  expect(sink.dropped()).toBe(0);
  // None of them comes a second time, whatever was under way when they were flushed.
  sink.write(line(4));
  await expect.poll(() => linesOf(readFileSync(file, 'utf8')).at(-1)).toBe(line(4).trimEnd());
  const numbers = linesOf(readFileSync(file, 'utf8')).map((text) => JSON.parse(text).number);
  expect(numbers.toSorted()).toEqual([0, 1, 2, 3, 4]);
});
