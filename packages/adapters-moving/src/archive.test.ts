import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { allOf } from '../test/reading.ts';
import { openArchive, writeArchive } from './archive.ts';

const about = { rekey: '0.0.0', schema: 1, created_at: '2026-01-01T00:00:00Z', key_ids: {} };

async function* rows() {
  yield { table: 'users', row: { id: 'a' } };
}

/** An export of one row, and its file. */
async function anArchive() {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await writeArchive(folder, rows(), ['users'], about, () => 'mac');
  return { file: path.join(folder, 'users.jsonl'), archive: await openArchive(folder) };
}

test('a file that is changed after it was checked is refused at its end, before the rows are kept', async () => {
  const { file, archive } = await anArchive();
  await archive.check();
  writeFileSync(file, '{"id":"b"}\n');
  await expect(allOf(archive.rows())).rejects.toThrow('its checksum is another one');
});

test('what has the name of a file and never ends is refused', async () => {
  const { file, archive } = await anArchive();
  rmSync(file);
  symlinkSync('/dev/zero', file);
  await expect(archive.check()).rejects.toThrow('users.jsonl is no file');
});
