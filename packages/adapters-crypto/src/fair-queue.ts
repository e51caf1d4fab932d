/** The owner of an item: a network, at a service. */
export type Owner = { readonly service: string; readonly network: string };

/** A queue of bounded length that services share, and the networks of each service. */
type FairQueue<T> = {
  /**
   * Adds an item behind those of its owner. Where the queue is full, answers the item that is not in it for that: the
   * latest of somebody who has more than a fair share, or the one that was to be added.
   */
  push(owner: Owner, item: T): T | undefined;
  /** Whether `push` would add an item of that owner. */
  takes(owner: Owner): boolean;
  /** Takes the next item out: services take turns, and so do the networks of each. */
  shift(): T | undefined;
  readonly size: number;
};

/** The items of one owner, in their order. */
type Line<T> = Owner & { readonly items: T[] };
/** By network; like the services, in the order of their turns. */
type Lines<T> = Map<string, Line<T>>;

// The rules, and what they promise: docs/decisions/0032-fair-gate.md
export function fairQueue<T>(capacity: number): FairQueue<T> {
  const services = new Map<string, Lines<T>>();
  /** Which service had the last turn, and which line of each service. */
  const hadTurn = new WeakSet<Line<T> | Lines<T>>();
  const quarter = Math.floor(capacity / 4);
  let size = 0;

  const linesOf = (service: string): Lines<T> => services.get(service) ?? new Map();

  /** The line whose latest item makes room for one of that owner in a full queue; undefined where none does. */
  function debtorOf({ service, network }: Owner): Line<T> | undefined {
    const own = linesOf(service);
    const has = own.get(network)?.items.length ?? 0;
    const inDebt = (line: Line<T> | undefined) => (lengthOf(line) > has + 1 ? line : undefined);

    const longest = longestOf(services.values());
    if (has >= quarter || lengthOf(longest) > quarter) return inDebt(longest);
    const busiest = busiestOf(services.values()) ?? own;
    return total(busiest) > total(own) + 1 ? longestOf([busiest]) : inDebt(longestOf([own]));
  }

  function put(owner: Owner, item: T): void {
    const lines = linesOf(owner.service);
    const line = lines.get(owner.network) ?? { ...owner, items: [] };
    line.items.push(item);
    services.set(owner.service, lines.set(owner.network, line));
    size += 1;
  }

  /** Takes an item out of a line, and forgets who has none left. */
  function take({ service, network, items }: Line<T>, end: 'pop' | 'shift'): T | undefined {
    const item = items[end]();
    const lines = linesOf(service);
    if (items.length === 0) lines.delete(network);
    if (lines.size === 0) services.delete(service);
    size -= 1;
    return item;
  }

  /** Gives the first of them a turn. The one with the last turn goes behind all that came meanwhile. */
  function nextOf<Each extends Line<T> | Lines<T>>(ring: Map<string, Each>): Each | undefined {
    const [first] = ring;
    if (first && hadTurn.delete(first[1])) {
      ring.delete(first[0]);
      ring.set(...first);
    }
    const [next] = ring.values();
    if (next) hadTurn.add(next);
    return next;
  }

  return {
    push(owner, item) {
      const debtor = size < capacity ? null : debtorOf(owner);
      if (debtor === undefined) return item;
      const out = debtor ? take(debtor, 'pop') : undefined;
      put(owner, item);
      return out;
    },

    takes: (owner) => size < capacity || debtorOf(owner) !== undefined,

    shift() {
      const lines = nextOf(services);
      const line = lines && nextOf(lines);
      return line && take(line, 'shift');
    },

    get size() {
      return size;
    },
  };
}

const lengthOf = <T>(line: Line<T> | undefined): number => line?.items.length ?? 0;

const total = <T>(lines: Lines<T>): number =>
  [...lines.values()].reduce((sum, line) => sum + lengthOf(line), 0);

const longestOf = <T>(services: Iterable<Lines<T>>): Line<T> | undefined =>
  largest(
    [...services].flatMap((lines) => [...lines.values()]),
    lengthOf,
  );

const busiestOf = <T>(services: Iterable<Lines<T>>): Lines<T> | undefined =>
  largest([...services], total);

/** The last of the largest: it has waited least for its turn. */
function largest<Each>(all: readonly Each[], sizeOf: (each: Each) => number): Each | undefined {
  const most = Math.max(...all.map(sizeOf));
  return all.findLast((each) => sizeOf(each) === most);
}
