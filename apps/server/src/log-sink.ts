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
 * the sink refuses (a full disk, a reader that left), are dropped and counted. `onDropped` is told how many there were
 * since the start, once the sink is well again.
 */
export function logSink(
  fd: number,
  onDropped: (lines: number) => void,
  maxWaitingBytes = MAX_WAITING_BYTES,
): LogSink {
  const sink = withoutWaiting(fd);
  let waiting: string[] = [];
  let waitingBytes = 0;
  let batch: Buffer = Buffer.alloc(0);
  let dropped = 0;
  let told = 0;
  let isWriting = false;
  let retry: NodeJS.Timeout | undefined;
  /** Whether half a line was the last thing that the sink took. */
  let isTorn = false;

  function next(): void {
    isWriting = waiting.length > 0;
    if (!isWriting) return;
    batch = Buffer.from(`${isTorn ? '\n' : ''}${waiting.join('')}`);
    waiting = [];
    waitingBytes = 0;
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
      dropped += linesIn(batch);
      next();
    } else {
      isTorn = batch[written - 1] !== NEWLINE;
      batch = batch.subarray(written);
      if (batch.length > 0) {
        go();
        return;
      }
      if (dropped > told) {
        told = dropped;
        onDropped(dropped);
      }
      next();
    }
  }

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      waitingBytes += bytes;
      if (!isWriting) next();
    },
    dropped: () => dropped,
    flush() {
      const held = retry ? [batch] : [];
      try {
        writeSync(sink, Buffer.concat([...held, Buffer.from(waiting.join(''))]));
      } catch {
        // It takes nothing, and nobody is left to wait for it.
        return;
      }
      // A write that is under way comes back before the process ends, and must find nothing to write again.
      waiting = [];
      waitingBytes = 0;
      if (!retry) return;
      clearTimeout(retry);
      retry = undefined;
      isWriting = false;
      isTorn = false;
    },
  };
}

const NEWLINE = 0x0a;

/** Lines of a batch; one that begins with the end of a torn line has lost that line before. */
const linesIn = (bytes: Buffer): number =>
  bytes.reduce((lines, byte, at) => (byte === NEWLINE && at > 0 ? lines + 1 : lines), 0);

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
