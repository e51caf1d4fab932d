import { describe, expect, test } from 'vitest';
import type { KeptAnswer } from '../../src/ports/index.ts';
import { anId, START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { endOf } from '../world.ts';
import type { Opened } from './opened.ts';

export function keptAnswersContract({ read, write, seed, concurrency }: Opened): void {
  const anAnswer = (details: Partial<KeptAnswer> = {}): KeptAnswer => ({
    id: `id of ${anId()}`,
    fingerprint: 'fingerprint',
    createdAt: START,
    userId: null,
    sessionId: null,
    sealed: 'sealed',
    ...details,
  });
  const insert = (answer: KeptAnswer) => write(({ keptAnswers }) => keptAnswers.insert(answer));
  const get = (id: string) => read(({ keptAnswers }) => keptAnswers.get(id));

  describe('answers that are kept', () => {
    test('come back as they went in, by their id alone', async () => {
      const { user } = await seed();
      const answer = anAnswer({ userId: user.id, sessionId: anId() });
      expect(await get(answer.id)).toBeNull();
      await insert(answer);
      expect(await get(answer.id)).toEqual(answer);
      expect(await get('another id')).toBeNull();
    });

    test('are kept once: a transaction that keeps a second one under an id fails, and changes nothing', async () => {
      const [answer, other] = [anAnswer(), anAnswer()];
      await insert(answer);
      const failing = write(async ({ keptAnswers }) => {
        await keptAnswers.insert(other);
        await keptAnswers.insert({ ...answer, fingerprint: 'another', sealed: 'other' });
      });
      await expect(failing).rejects.toThrow();
      expect(await get(answer.id)).toEqual(answer);
      expect(await get(other.id)).toBeNull();
    });

    test('that race for an id are kept once', async () => {
      const { id } = anAnswer();
      const racers = 8;
      const allIn = gate(Math.min(racers, concurrency()));
      const keep = (racer: number) =>
        write(async ({ keptAnswers }) => {
          await allIn();
          await keptAnswers.insert(anAnswer({ id, sealed: `of ${racer}` }));
        });
      const ends = await Promise.all(Array.from({ length: racers }, (_, n) => endOf(keep(n))));
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect((await get(id))?.sealed).toBe(`of ${ends.indexOf('done')}`);
    });

    test('go with the transaction that kept them', async () => {
      const answer = anAnswer();
      const failing = write(async ({ keptAnswers }) => {
        await keptAnswers.insert(answer);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await get(answer.id)).toBeNull();
    });

    test('name no user who does not exist', async () => {
      const answer = anAnswer({ userId: anId() });
      await insert(answer);
      expect(await get(answer.id)).toEqual({ ...answer, userId: null });
    });

    test('are forgotten only if they are those that were meant', async () => {
      const answer = anAnswer();
      await insert(answer);
      const forget = (createdAt: number) =>
        write(({ keptAnswers }) => keptAnswers.delete({ id: answer.id, createdAt }));
      await forget(START + 1);
      expect(await get(answer.id)).toEqual(answer);
      await forget(START);
      expect(await get(answer.id)).toBeNull();
    });

    test('are pruned a few at a time', async () => {
      // Long before those of other tests.
      const past = START - 1e12;
      const answers = [0, 1, 2].map((i) => anAnswer({ createdAt: past + i }));
      for (const answer of answers) await insert(answer);
      const prune = (before: number, limit: number) =>
        write(({ keptAnswers }) => keptAnswers.prune(before, limit));
      expect(await prune(past, 10)).toBe(0);
      expect(await prune(past + 2, 1)).toBe(1);
      expect(await prune(past + 2, 10)).toBe(1);
      expect(await get(answers[2]?.id ?? '')).toEqual(answers[2]);
      expect(await prune(past + 3, 10)).toBe(1);
    });
  });
}
