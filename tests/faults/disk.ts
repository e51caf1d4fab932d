import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { aFolder } from '../harness.ts';

export type Disk = {
  readonly folder: string;
  /** Leaves that many bytes free, and no more. */
  fill(free?: number): void;
  clear(): void;
};

/** A disk of its own for a test; null where this user may not mount one. */
export function aSmallDisk(megabytes: number): Disk | null {
  const folder = aFolder();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (mount.status !== 0) return null;
  // Lazily: whoever still uses it may be killed after this.
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill: (free = 0) => {
      const { bavail, bsize } = statfsSync(folder);
      try {
        writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - free)));
      } catch (error) {
        // Others write meanwhile, and it is fuller than it was.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    clear: () => rmSync(ballast),
  };
}

export type HangingDisk = {
  readonly folder: string;
  /** Everybody who writes waits from now on, and cannot be killed either. */
  hang(): void;
  recover(): void;
};

/** A disk that can hang: a file system of its own, which is frozen; null where this user may not make one. */
export function aHangingDisk(): HangingDisk | null {
  const home = aFolder();
  const [image, folder] = [path.join(home, 'image'), path.join(home, 'disk')];
  const isDone = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 * 1024);
  mkdirSync(folder);
  const isMade =
    isDone('mkfs.ext4', '-q', '-F', image) && isDone('mount', '-o', 'loop', image, folder);
  if (!isMade) return null;
  const recover = () => void isDone('fsfreeze', '--unfreeze', folder);
  onTestFinished(() => {
    recover();
    isDone('umount', '-l', folder);
  });
  return {
    folder,
    hang: () => {
      if (!isDone('fsfreeze', '--freeze', folder)) throw new Error('the disk does not hang');
    },
    recover,
  };
}
