import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';

/** For a sink that takes its lines slowly: some five thousand of them. */
const MAX_WAITING_BYTES = 1024 * 1024;
const RETRY_MS = 25;

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Where the lines of the log go. It never stops the process, which is worth more than its log. */
export type LogSink = {
  write(line: string): void;
  /** Lines that were dropped since the start. */
  dropped(): number;
  /** Writes what waits, as far as it is taken at once: for the end of the process. */
  flush(): void;
};

/**
 * Writes lines to a file descriptor. What a sink does not take now waits, up to a bound. Lines beyond it, and lines that
 * the sink refuses (a full disk, a reader that left), are dropped and counted, and a line says so once the sink is well.
 */
export function logSink(fd: number, maxWaitingBytes = MAX_WAITING_BYTES): LogSink {
  const sink = withoutWaiting(fd);
  let waiting: string[] = [];
  let waitingBytes = 0;
  let batch: Buffer = Buffer.alloc(0);
  /** How many dropped lines the batch tells of; 0 for a batch of lines. */
  let told = 0;
  let untold = 0;
  let dropped = 0;
  let isWriting = false;
  let retry: NodeJS.Timeout | undefined;
  /** Whether half a line was the last thing that the sink took. */
  let isTorn = false;

  const drop = (lines: number) => {
    untold += lines;
    dropped += lines;
  };

  function next(isWell: boolean): void {
    isWriting = true;
    if (isWell && untold > 0) {
      told = untold;
      begin(noticeOf(told));
    } else if (waiting.length > 0) {
      told = 0;
      const text = waiting.join('');
      waiting = [];
      waitingBytes = 0;
      begin(text);
    } else {
      isWriting = false;
    }
  }

  function begin(text: string): void {
    batch = Buffer.from(`${isTorn ? '\n' : ''}${text}`);
    go();
  }

  function go(): void {
    retry = undefined;
    write(sink, batch, 0, batch.length, null, proceed);
  }

  function proceed(error: NodeJS.ErrnoException | null, written: number): void {
    if (error?.code === 'EAGAIN') {
      retry = setTimeout(go, RETRY_MS).unref();
    } else if (error) {
      if (told === 0) drop(linesIn(batch));
      next(false);
    } else {
      isTorn = batch[written - 1] !== NEWLINE;
      batch = batch.subarray(written);
      if (batch.length > 0) {
        go();
      } else {
        untold -= told;
        next(true);
      }
    }
  }

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > maxWaitingBytes) {
        drop(1);
        return;
      }
      waiting.push(line);
      waitingBytes += bytes;
      if (!isWriting) next(false);
    },
    dropped: () => dropped,
    flush() {
      try {
        writeSync(sink, Buffer.concat([...(retry ? [batch] : []), Buffer.from(waiting.join(''))]));
      } catch {
        // It takes nothing, and nobody is left to wait for it.
      }
    },
  };
}

const NEWLINE = 0x0a;

/** As the logger writes a warning. */
const noticeOf = (dropped: number): string =>
  `${JSON.stringify({ level: 40, time: new Date().toISOString(), dropped, msg: 'log lines dropped' })}\n`;

const linesIn = (bytes: Buffer): number =>
  bytes.reduce((lines, byte) => (byte === NEWLINE ? lines + 1 : lines), 0);

/** A descriptor for the sink behind another, whose writes answer EAGAIN where they would wait. */
function withoutWaiting(fd: number): number {
  // A disk makes nobody wait in this way: its writes run in the thread pool.
  if (fstatSync(fd).isFile()) return fd;
  try {
    // Opened anew: other processes may share the pipe or terminal, and expect to wait.
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket cannot be opened, and not every system has this path: Node's stream makes it so.
    if (fd === 1) void process.stdout;
    return fd;
  }
}
