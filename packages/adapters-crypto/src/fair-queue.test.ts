import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fairQueue, type Owner } from './fair-queue.ts';

const owner = (service: string, network: string): Owner => ({ service, network });
const nameOf = ({ service, network }: Owner) => `${service}.${network}`;

/** Items are the names of their owners. */
function aQueue(capacity: number) {
  const queue = fairQueue<string>(capacity);
  const push = (service: string, network: string, times = 1) =>
    Array.from({ length: times }, () => {
      const of = owner(service, network);
      return queue.push(of, nameOf(of));
    });
  const drain = () => Array.from({ length: queue.size }, () => queue.shift());
  return { queue, push, drain };
}

describe('a fair queue', () => {
  test('keeps the items of one owner in their order', () => {
    const queue = fairQueue<number>(3);
    for (const item of [1, 2, 3]) queue.push(owner('a', '1'), item);
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
      1,
      2,
      3,
      undefined,
    ]);
  });

  test('gives each network of a service its turn', () => {
    const { push, drain } = aQueue(9);
    push('a', '1', 4);
    push('a', '2', 2);
    push('a', '3', 1);
    expect(drain()).toEqual(['a.1', 'a.2', 'a.3', 'a.1', 'a.2', 'a.1', 'a.1']);
  });

  test('gives each service its turn, however many networks another one has', () => {
    const { push, drain } = aQueue(9);
    for (const network of ['1', '2', '3', '4']) push('a', network);
    push('b', '1', 3);
    expect(drain()).toEqual(['a.1', 'b.1', 'a.2', 'b.1', 'a.3', 'b.1', 'a.4']);
  });

  test.each([
    ['network', owner('a', '2')],
    ['service', owner('b', '1')],
  ])('gives a %s that comes the next turn, before one that had the last', (_, newcomer) => {
    const { queue, push } = aQueue(9);
    push('a', '1', 4);
    queue.shift();
    push(newcomer.service, newcomer.network, 2);
    const turns = [queue.shift(), queue.shift(), queue.shift(), queue.shift()];
    expect(turns).toEqual([nameOf(newcomer), 'a.1', nameOf(newcomer), 'a.1']);
  });

  test('is for one owner alone while nobody else comes', () => {
    const { queue, push } = aQueue(8);
    expect(push('a', '1', 8)).toEqual(Array.from({ length: 8 }));
    expect(queue.takes(owner('a', '1'))).toBe(false);
    expect(push('a', '1')).toEqual(['a.1']);
    expect(queue.size).toBe(8);
  });

  test('that is full of one owner’s items takes those of others for the latest of them, down to a quarter', () => {
    const queue = fairQueue<number>(8);
    for (let item = 1; item <= 8; item += 1) queue.push(owner('a', '1'), item);
    const others = ['2', '3', '4', '5', '6', '7'].map((network) => owner('a', network));
    expect(others.map((of) => queue.takes(of) && queue.push(of, 0))).toEqual([8, 7, 6, 5, 4, 3]);
  });

  test('is shared evenly by two owners who both want all of it', () => {
    const { push, drain } = aQueue(8);
    for (const service of ['a', 'b', 'a']) push(service, '1', 8);
    expect(drain()).toEqual(['a.1', 'b.1', 'a.1', 'b.1', 'a.1', 'b.1', 'a.1', 'b.1']);
  });

  test('that is full of many networks of one service takes as many of another service', () => {
    const { queue, push, drain } = aQueue(8);
    for (let network = 1; network <= 8; network += 1) push('a', `${network}`);
    for (let network = 1; network <= 8; network += 1) push('b', `${network}`);
    expect(queue.takes(owner('c', '1'))).toBe(true);
    const services = drain().map((name) => name?.[0]);
    expect(services).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('that is full takes no more than a quarter of one owner for the items of those who have less', () => {
    const { push } = aQueue(8);
    for (let network = 1; network <= 8; network += 1) push('a', `${network}`);
    expect(push('b', '1', 3)).toEqual(['a.8', 'a.7', 'b.1']);
  });
});

test('a network with more than a quarter of a queue gives way even to a service that has more', () => {
  const { queue, push } = aQueue(8);
  push('b', '1', 3);
  for (const network of ['1', '2', '3', '4', '5']) push('a', network);
  expect(push('a', '6')).toEqual(['b.1']);
  expect(queue.takes(owner('a', '7'))).toBe(false);
});

describe('whoever comes to a fair queue, in whatever order', () => {
  const capacity = 16;
  const quarter = 4;
  type Item = { readonly owner: Owner };

  /** Arrivals, and turns (null). */
  const steps = fc.array(
    fc.option(
      fc.record({
        service: fc.constantFrom('a', 'b', 'c'),
        network: fc.constantFrom('1', '1', '1', '1', '2', '2', '3', '4', '5', '6'),
      }),
      { freq: 2 },
    ),
    { maxLength: 200, size: 'max' },
  );

  const always = (check: (all: readonly (Owner | null)[]) => void) =>
    fc.assert(fc.property(steps, check), { numRuns: 50 });

  /** Tells of each arrival, and each turn, with those who waited before it. */
  function play(
    all: readonly (Owner | null)[],
    watch: {
      arrival?(item: Item, out: Item | undefined, waiting: readonly Item[]): void;
      turn?(item: Item | undefined, waiting: readonly Item[]): void;
    },
  ): void {
    const queue = fairQueue<Item>(capacity);
    let waiting: Item[] = [];
    for (const of of all) {
      const before = waiting;
      if (of === null) {
        const item = queue.shift();
        waiting = before.filter((each) => each !== item);
        watch.turn?.(item, before);
      } else {
        const item = { owner: of };
        const isTaken = queue.takes(of);
        const out = queue.push(of, item);
        expect(out !== item).toBe(isTaken);
        waiting = [...before, item].filter((each) => each !== out);
        watch.arrival?.(item, out, before);
      }
      expect(queue.size).toBe(waiting.length);
    }
  }

  const ofOwner = (items: readonly Item[], of: Owner) =>
    items.filter(({ owner }) => nameOf(owner) === nameOf(of));
  const ofService = (items: readonly Item[], of: Owner) =>
    items.filter(({ owner }) => owner.service === of.service);

  test('is let in while there is room, at nobody’s cost', () => {
    always((all) =>
      play(all, {
        arrival: (_, out, waiting) => {
          if (waiting.length < capacity) expect(out).toBeUndefined();
        },
      }),
    );
  });

  test('is let in with less than a quarter, while somebody has more than that', () => {
    always((all) =>
      play(all, {
        arrival: (item, out, waiting) => {
          const isMore = waiting.some(({ owner }) => ofOwner(waiting, owner).length > quarter);
          if (isMore && ofOwner(waiting, item.owner).length < quarter) expect(out).not.toBe(item);
        },
      }),
    );
  });

  test('is let in with less than a quarter, while another service has more than theirs', () => {
    always((all) =>
      play(all, {
        arrival: (item, out, waiting) => {
          const theirs = ofService(waiting, item.owner).length;
          const isMore = waiting.some(({ owner }) => ofService(waiting, owner).length > theirs + 1);
          if (isMore && ofOwner(waiting, item.owner).length < quarter) expect(out).not.toBe(item);
        },
      }),
    );
  });

  test('puts out the latest item of somebody who has more, or whose service has', () => {
    always((all) =>
      play(all, {
        arrival: (item, out, waiting) => {
          if (out === undefined || out === item) return;
          expect(out).toBe(ofOwner(waiting, out.owner).at(-1));
          const isLonger =
            ofOwner(waiting, out.owner).length > ofOwner(waiting, item.owner).length + 1;
          const isOfLarger =
            ofService(waiting, out.owner).length > ofService(waiting, item.owner).length + 1;
          expect(isLonger || isOfLarger).toBe(true);
        },
      }),
    );
  });

  /** Checks that nobody has a second turn while somebody else waits for a first, among those with one rank. */
  function inTurns(
    all: readonly (Owner | null)[],
    rankOf: (of: Owner) => [rank: string, name: string],
  ) {
    /** The names that had a turn since this one began to wait, or had one itself. */
    const since = new Map<string, Set<string>>();
    play(all, {
      turn: (item, waiting) => {
        if (item === undefined) {
          expect(waiting).toEqual([]);
          return;
        }
        const [rank, name] = rankOf(item.owner);
        const names = new Set(
          waiting
            .map((each) => rankOf(each.owner))
            .filter(([of]) => of === rank)
            .map(([, other]) => other),
        );
        for (const other of names) {
          if (other === name) continue;
          const turns = since.get(other) ?? new Set();
          expect([...turns]).not.toContain(name);
          since.set(other, turns.add(name));
        }
        since.delete(name);
      },
      arrival: (item, out, waiting) => {
        const [, name] = rankOf(item.owner);
        const waits = waiting.some((each) => rankOf(each.owner)[1] === name);
        if (!waits) since.delete(name);
        if (out === undefined || out === item) return;
        const [, gone] = rankOf(out.owner);
        const stays = waiting.some((each) => each !== out && rankOf(each.owner)[1] === gone);
        if (!stays) since.delete(gone);
      },
    });
  }

  test('waits for one turn of each other service at most', () => {
    always((all) => inTurns(all, ({ service }) => ['', service]));
  });

  test('waits for one turn of each other network of the service at most', () => {
    always((all) => inTurns(all, (of) => [of.service, nameOf(of)]));
  });
});
