import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
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
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - free)));
    },
    clear: () => rmSync(ballast),
  };
}
