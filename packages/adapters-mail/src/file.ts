import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DeliveryFailure, type Outlet } from '@rekey/usecases';
import { buildMessage } from './message.ts';
import type { Sender } from './sender.ts';
import { type Templates, templatesOf } from './templates/templates.ts';

/** Writes each mail to `<id>.eml`: a mail that is sent again replaces itself, and no reader ever sees half of one. */
export function fileOutlet(options: {
  readonly dir: string;
  readonly from: Sender;
  readonly templates?: Templates | undefined;
}): Outlet {
  const { dir, from, templates = templatesOf() } = options;
  return {
    async send(notice) {
      const message = await buildMessage(notice, from, templates);
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await replaceFile(path.join(dir, `${notice.id}.eml`), message);
      } catch (error) {
        const { code = 'unexpected error' } = error as NodeJS.ErrnoException;
        throw new DeliveryFailure(code, false, { cause: error });
      }
    },
  };
}

/** Writes beside the target and renames: the file is on the disk before the delivery is marked as sent. */
async function replaceFile(target: string, content: Buffer): Promise<void> {
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600, flush: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // Windows has no folders that can be opened, and keeps names safe by itself.
  if (process.platform === 'win32') return;
  await using folder = await open(path.dirname(target));
  await folder.sync();
}
