import { describe, expect, test } from 'vitest';
import { anEvent, anId, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

export function eventsContract({ write, seed }: Opened): void {
  describe('events', () => {
    // Long before the events of other tests.
    const past = START - 1e12;
    const prune = (before: number, limit = 100) =>
      write(({ events }) => events.prune(before, limit));

    test('are kept until they are pruned, with or without a user and a subject', async () => {
      const { service, user } = await seed();
      const full = { serviceId: service.id, userId: user.id, subjectId: anId() };
      await write(async ({ events }) => {
        await events.insert(anEvent({ ...full, type: 'session.started', createdAt: past }));
        await events.insert(anEvent({ serviceId: service.id, createdAt: past }));
      });
      expect(await prune(past)).toBe(0);
      expect(await prune(past + 1)).toBe(2);
      expect(await prune(past + 1)).toBe(0);
    });

    test('of a transaction that fails are not kept', async () => {
      const { service } = await seed();
      const failing = write(async ({ events }) => {
        await events.insert(anEvent({ serviceId: service.id, createdAt: past }));
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await prune(past + 1)).toBe(0);
    });

    test('are pruned a few at a time', async () => {
      const { service } = await seed();
      await write(async ({ events }) => {
        for (let i = 0; i < 3; i += 1) {
          await events.insert(anEvent({ serviceId: service.id, createdAt: past + i }));
        }
      });
      expect(await prune(past + 3, 2)).toBe(2);
      expect(await prune(past + 3, 2)).toBe(1);
      expect(await prune(past + 3, 2)).toBe(0);
    });
  });
}
