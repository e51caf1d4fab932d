import { expect, test } from 'vitest';
import { share } from './memory.ts';

test('hashes that fill memory have a share of it at a time, in the order in which they came', async () => {
  const inShare = share(10);
  const order: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const run = (name: string, part: number) =>
    inShare(part, async () => {
      order.push(name);
      const held = Promise.withResolvers<void>();
      gates.set(name, held);
      await held.promise;
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const all = [run('six', 6), run('four', 4), run('ten', 10), run('one', 1)];
  await settled();
  expect(order).toEqual(['six', 'four']);
  gates.get('six')?.resolve();
  await settled();
  // The one would fit, and would keep the ten waiting for ever if there were more of its kind.
  expect(order).toEqual(['six', 'four']);
  gates.get('four')?.resolve();
  await settled();
  expect(order).toEqual(['six', 'four', 'ten']);
  gates.get('ten')?.resolve();
  await settled();
  expect(order).toEqual(['six', 'four', 'ten', 'one']);
  gates.get('one')?.resolve();
  await Promise.all(all);
});
