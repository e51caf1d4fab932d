import { chmod, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fakeClock } from '@rekey/usecases/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rotateKeys } from './key-file.ts';
import { hasOutlived, type KeyIds, type KeyRing, MATURITY_MS, openKeyRing } from './key-ring.ts';

let folder: string;
let file: string;
let rings: KeyRing[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rekey-ring-'));
  file = path.join(folder, 'keys.json');
  rings = [];
});
afterEach(async () => {
  for (const ring of rings) ring.close();
  await rm(folder, { recursive: true });
});

const clock = fakeClock(Date.now());
const told: { changes: KeyIds[]; problems: string[] } = { changes: [], problems: [] };

async function aRing(): Promise<KeyRing> {
  clock.set(Date.now());
  told.changes = [];
  told.problems = [];
  const ring = await openKeyRing({
    file,
    mayCreate: true,
    clock,
    onChange: (ids) => told.changes.push(ids),
    onProblem: ({ message }) => told.problems.push(message),
  });
  rings.push(ring);
  return ring;
}

const peppersOf = (ring: KeyRing) => ring.keys().pepper.map(({ kid }) => kid);

/** Lets a minute pass in which every server learns of new keys. */
async function mature(ring: KeyRing): Promise<void> {
  clock.set(Date.now() + MATURITY_MS);
  await ring.refresh();
}

describe('a key ring', () => {
  test('issues with the only key there is, however new', async () => {
    const ring = await aRing();
    const [pepper] = ring.keys().pepper;
    expect(clock.now() - pepper.createdAt).toBeLessThan(MATURITY_MS);
    expect(peppersOf(ring)).toEqual([pepper.kid]);
  });

  test('knows a new key at once, and issues with it once every server knows it', async () => {
    const ring = await aRing();
    const [old] = peppersOf(ring);
    const { pepper: fresh } = await rotateKeys(file, ['pepper']);
    await ring.refresh();
    expect(peppersOf(ring)).toEqual([old, fresh]);
    const { createdAt } = ring.keys().pepper.find(({ kid }) => kid === fresh)!;
    clock.set(createdAt + MATURITY_MS - 1);
    await ring.refresh();
    expect(peppersOf(ring)).toEqual([old, fresh]);
    clock.set(createdAt + MATURITY_MS);
    await ring.refresh();
    expect(peppersOf(ring)).toEqual([fresh, old]);
    expect(ring.keys().signing).toHaveLength(1);
  });

  test('passes over a key that is not of age, and not over the ones before it', async () => {
    const ring = await aRing();
    const [oldest] = peppersOf(ring);
    const { pepper: middle } = await rotateKeys(file, ['pepper']);
    const keys = JSON.parse(await readFile(file, 'utf8'));
    // A day has passed since the first rotation.
    for (const key of keys.pepper) key.createdAt -= 86_400_000;
    await writeFile(file, JSON.stringify(keys));
    const { pepper: newest } = await rotateKeys(file, ['pepper']);
    await ring.refresh();
    expect(peppersOf(ring)).toEqual([middle, newest, oldest]);
  });

  test('opened in the middle of a rotation, does not issue with the new key either', async () => {
    const [old] = peppersOf(await aRing());
    const { pepper: fresh } = await rotateKeys(file, ['pepper']);
    expect(peppersOf(await aRing())).toEqual([old, fresh]);
  });

  test('tells of keys that have changed, once, and not of a file that was only touched', async () => {
    const ring = await aRing();
    await ring.refresh();
    await utimes(file, 1, 1);
    await ring.refresh();
    expect(told.changes).toEqual([]);
    const { seal } = await rotateKeys(file, ['seal']);
    await ring.refresh();
    await ring.refresh();
    expect(told.changes).toHaveLength(1);
    expect(told.changes[0]?.seal).toEqual([seal, ring.keys().seal[0].kid]);
  });

  test('forgets a key that was taken out of the file', async () => {
    const ring = await aRing();
    const [old] = peppersOf(ring);
    const { pepper: fresh } = await rotateKeys(file, ['pepper']);
    const keys = JSON.parse(await readFile(file, 'utf8'));
    keys.pepper.pop();
    await writeFile(file, JSON.stringify(keys));
    await ring.refresh();
    expect(peppersOf(ring)).toEqual([fresh]);
    expect(peppersOf(ring)).not.toContain(old);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['is broken', () => writeFile(file, '{"version": 1'), /is not JSON/],
    ['is open to others', () => chmod(file, 0o644), /0600/],
    ['is gone', () => rm(file), /is missing/],
  ])('keeps its keys where the file %s, and says so once', async (_how, harm, message) => {
    const ring = await aRing();
    const good = await readFile(file, 'utf8');
    const before = peppersOf(ring);
    await harm();
    await ring.refresh();
    await ring.refresh();
    expect(peppersOf(ring)).toEqual(before);
    expect(told.problems).toEqual([expect.stringMatching(message)]);

    await rm(file, { force: true });
    await writeFile(file, good, { mode: 0o600 });
    const { pepper: fresh } = await rotateKeys(file, ['pepper']);
    await mature(ring);
    expect(peppersOf(ring)).toEqual([fresh, ...before]);
    expect(told.problems).toHaveLength(1);
  });
});

test('a key has outlived what was made before it once that is over on every server', async () => {
  const { seal } = (await aRing()).keys();
  const over = seal[0].createdAt + 1000 + 2 * MATURITY_MS;
  expect(hasOutlived(seal[0], 1000, over)).toBe(false);
  expect(hasOutlived(seal[0], 1000, over + 1)).toBe(true);
});
