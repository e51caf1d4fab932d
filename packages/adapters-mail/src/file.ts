import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ID_PATTERN, type Instant } from '@rekey/domain';
import { DeliveryFailure, type Outlet } from '@rekey/usecases';
import type { Brand } from './brand.ts';
import { buildMessage } from './message.ts';
import type { Sender } from './sender.ts';
import { type Templates, templatesOf } from './templates/templates.ts';

/** A mail, or what a crash left of one on its way. Nothing else in the folder is ours. */
const OWN = new RegExp(String.raw`^${ID_PATTERN}\.eml(?:\.${ID_PATTERN}\.tmp)?$`);

/** Writes each mail to `<id>.eml`: a mail that is sent again replaces itself, and no reader ever sees half of one. */
export function fileOutlet(options: {
  readonly dir: string;
  readonly from: Sender;
  readonly templates?: Templates | undefined;
  readonly brand?: Brand | undefined;
}): Outlet {
  const { dir, from, brand, templates = templatesOf() } = options;
  return {
    async send(notice) {
      const message = await buildMessage(notice, from, templates, brand);
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

/** Deletes the mails in a folder that `fileOutlet` wrote before an instant, and nothing else; answers how many. */
export async function deleteMails(dir: string, before: Instant): Promise<number> {
  let deleted = 0;
  for (const name of await namesIn(dir)) {
    const file = path.join(dir, name);
    // Another server may have been quicker.
    const found = OWN.test(name) ? await lstat(file).catch(() => null) : null;
    if (!found?.isFile() || found.mtimeMs >= before) continue;
    await rm(file, { force: true });
    deleted += 1;
  }
  return deleted;
}

/** None where there is no folder yet. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
