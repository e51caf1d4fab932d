import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  watch,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeliveryFailure } from '@rekey/usecases';
import { outletContract } from '@rekey/usecases/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { aNotice, from, parse } from '../test/notice.ts';
import { deleteMails, fileOutlet } from './file.ts';
import { buildMessage } from './message.ts';
import { templatesOf } from './templates/templates.ts';

const templates = templatesOf();
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rekey-mail-'));
  folders.push(folder);
  return folder;
}

const permissions = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

outletContract('to files', async () => {
  const dir = await newFolder();
  const outlet = fileOutlet({ dir, from });
  const handedOver: { recipients: string[]; messageId: string }[] = [];
  return {
    outlet: {
      // A mail that is sent again replaces its file, so each is read before the next.
      async send(notice) {
        await outlet.send(notice);
        const email = await parse(await readFile(path.join(dir, `${notice.id}.eml`)));
        const recipients = [email.to, email.cc, email.bcc].flat().map((to) => to?.address);
        handedOver.push({
          recipients: recipients.filter((address) => address !== undefined),
          messageId: email.messageId ?? '',
        });
      },
    },
    handedOver: async () => handedOver,
  };
});

it('writes the message to a file of its name, for its owner alone', async () => {
  const dir = path.join(await newFolder(), 'data', 'mail');
  const mail = aNotice();
  await fileOutlet({ dir, from }).send(mail);

  const file = path.join(dir, `${mail.id}.eml`);
  expect((await parse(await readFile(file))).text).toContain(mail.link);
  expect(await permissions(file)).toBe('600');
  expect(await permissions(dir)).toBe('700');
});

it('replaces a mail that is sent again', async () => {
  const dir = await newFolder();
  const outlet = fileOutlet({ dir, from });
  await outlet.send(aNotice({ locale: 'de' }));
  await outlet.send(aNotice());
  expect(await readdir(dir)).toEqual([`${aNotice().id}.eml`]);
  const message = await readFile(path.join(dir, `${aNotice().id}.eml`));
  expect(message.equals(await buildMessage(aNotice(), from, templates))).toBe(true);
});

it('shows no mail that is not complete, however many are written at a time', async () => {
  const dir = await newFolder();
  const outlet = fileOutlet({ dir, from });
  const complete = await buildMessage(aNotice(), from, templates);
  const stop = new AbortController();
  const seen: boolean[] = [];
  const watching = (async () => {
    for await (const { filename } of watch(dir, { signal: stop.signal })) {
      if (filename?.endsWith('.eml') !== true) continue;
      const content = await readFile(path.join(dir, filename));
      seen.push(content.equals(complete));
      if (seen.length === 20) return;
    }
  })();
  while (seen.length < 20)
    await Promise.all(Array.from({ length: 8 }, () => outlet.send(aNotice())));
  await watching;
  stop.abort();
  expect(seen).not.toContain(false);
  expect(await readdir(dir)).toEqual([`${aNotice().id}.eml`]);
});

it('is worth another try where a file cannot be written, and leaves nothing behind', async () => {
  const dir = await newFolder();
  // A folder in the place of the mail: it is written, but cannot take its name.
  const place = path.join(dir, `${aNotice().id}.eml`);
  await fileOutlet({ dir: place, from }).send(aNotice());
  const failure = await fileOutlet({ dir, from })
    .send(aNotice())
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DeliveryFailure);
  expect(failure).toMatchObject({ message: 'EISDIR', isPermanent: false });
  expect(await readdir(dir)).toEqual([`${aNotice().id}.eml`]);
});

it('is worth another try where the folder is none', async () => {
  const dir = path.join(await newFolder(), 'mail');
  await writeFile(dir, 'a file');
  const failure = fileOutlet({ dir, from }).send(aNotice());
  await expect(failure).rejects.toMatchObject({ message: 'EEXIST', isPermanent: false });
});

describe('deleting mails', () => {
  const BEFORE = Date.parse('2026-01-31T00:00:00Z');
  const idOf = (end: number) => `019a0000-0000-7000-8000-00000000000${end}`;
  const age = (file: string, at: number) => utimes(file, at / 1000, at / 1000);

  it('takes those that were written before the instant, and what a crash left of one', async () => {
    const dir = await newFolder();
    const names = [1, 2, 3].map((end) => `${idOf(end)}.eml`);
    for (const end of [1, 2, 3]) await fileOutlet({ dir, from }).send(aNotice({ id: idOf(end) }));
    const left = `${idOf(4)}.eml.${idOf(5)}.tmp`;
    await writeFile(path.join(dir, left), 'half of a mail');
    await age(path.join(dir, names[0]!), BEFORE - 1);
    await age(path.join(dir, names[1]!), BEFORE);
    await age(path.join(dir, left), BEFORE - 1);

    expect(await deleteMails(dir, BEFORE)).toBe(2);
    expect(await readdir(dir)).toEqual(names.slice(1));
    expect(await deleteMails(dir, BEFORE)).toBe(0);
  });

  it('leaves everything else, however old', async () => {
    const dir = await newFolder();
    const others = [
      'letter.eml',
      'notes.txt',
      `${idOf(1)}.txt`,
      `copy of ${idOf(1)}.eml`,
      `${idOf(1)}.eml.bak`,
      `${idOf(1)}.eml.tmp`,
    ];
    for (const name of others) await writeFile(path.join(dir, name), 'not ours');
    const folder = `${idOf(2)}.eml`;
    await mkdir(path.join(dir, folder));
    const link = `${idOf(3)}.eml`;
    await symlink(path.join(dir, 'notes.txt'), path.join(dir, link));
    for (const name of [...others, folder]) await age(path.join(dir, name), 0);

    expect(await deleteMails(dir, Date.now() + 1)).toBe(0);
    expect(await readdir(dir)).toEqual([...others, folder, link].sort());
  });

  it('finds nothing where there is no folder yet', async () => {
    expect(await deleteMails(path.join(await newFolder(), 'mail'), Date.now())).toBe(0);
  });
});
