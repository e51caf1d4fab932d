import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WrongUsage } from './common.ts';

/** A file that can be read from its beginning again and again. */
export type Input = {
  /** Octets. */
  readonly size: number;
  /** How many octets the last reading has read. */
  position(): number;
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
};

/** Opens a file, or what comes on standard input for `-`. What cannot be read twice is kept in a file of its owner alone, without a name. */
export async function openInput(from: string): Promise<Input> {
  if (from === '-' && process.stdin.isTTY) {
    throw new WrongUsage('nothing comes on standard input: name a file with --from');
  }
  const found = from === '-' ? null : await open(from);
  if ((await found?.stat())?.isFile()) return inputOf(found as FileHandle);
  if ((await found?.stat())?.isDirectory()) {
    await found?.close();
    throw new WrongUsage(`${from} is a folder, and a file is needed`);
  }
  const spool = await openSpool();
  try {
    const coming = found === null ? process.stdin : createReadStream('', { fd: found.fd });
    for await (const octets of coming) await spool.write(octets as Uint8Array);
    return await inputOf(spool);
  } catch (error) {
    await spool.close();
    throw error;
  }
}

async function inputOf(handle: FileHandle): Promise<Input> {
  const { size } = await handle.stat();
  let position = 0;
  return {
    size,
    position: () => position,
    async *read() {
      position = 0;
      const octets = handle.createReadStream({ start: 0, autoClose: false });
      for await (const piece of octets) {
        position += piece.length;
        yield piece;
      }
    },
    close: () => handle.close(),
  };
}

/** A file that is gone when it is closed, or the process dies. */
async function openSpool(): Promise<FileHandle> {
  const name = path.join(tmpdir(), `rekey-${randomBytes(8).toString('hex')}`);
  const handle = await open(name, 'wx+', 0o600);
  await unlink(name);
  return handle;
}
