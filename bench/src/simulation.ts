/** Measured times of one request, in milliseconds. */
export type Costs = {
  /** A hash, on a core of its own. */
  readonly hashMs: number;
  /** The thread that answers: for a login or a change above its hashes, and for a check of a token or key. */
  readonly loginMs: number;
  readonly checkMs: number;
  /** A commit, as a request waits for it; it takes no core of these machines. */
  readonly commitMs: number;
};

/** The machines: so many, with so many cores and servers each. */
export type Machines = {
  readonly count: number;
  readonly cores: number;
  readonly servers?: number;
};

type Kind = 'login' | 'change' | 'check';
const kinds = ['login', 'change', 'check'] as const;

/** Requests a second that come whether or not others are answered; or clients that ask again at once. */
export type Demand =
  | { readonly perSecond: Readonly<Record<Kind, number>> }
  | { readonly clients: Readonly<Partial<Record<Kind, number>>> };

export type Outcome = {
  readonly kinds: Readonly<
    Record<Kind, { readonly perSecond: number; readonly p50: number; readonly p99: number }>
  >;
  /** Logins and changes that were 503: their queue was longer than so many seconds. */
  readonly refused: number;
  /** The share of the cores' time that was used. */
  readonly used: number;
};

/** As the gate of the servers: more than so much work in the queue is refused. */
const MOST_QUEUED_MS = 6000;

/** What a request does, in turn: work of the thread, a hash, or waiting for the database. */
type Step = { readonly on: 'thread' | 'hash' | 'disk'; readonly ms: number };
const stepsOf = ({ hashMs, loginMs, checkMs, commitMs }: Costs): Record<Kind, readonly Step[]> => {
  const thread = (ms: number): Step => ({ on: 'thread', ms });
  const hash: Step = { on: 'hash', ms: hashMs };
  const commit: Step = { on: 'disk', ms: commitMs };
  return {
    // The try is counted before the hash, and the session is opened behind it.
    login: [thread(loginMs / 2), commit, hash, thread(loginMs / 2), commit],
    change: [thread(loginMs / 2), commit, hash, hash, thread(loginMs), commit],
    check: [thread(checkMs)],
  };
};

type Request = {
  readonly kind: Kind;
  readonly server: Server;
  readonly start: number;
  step: number;
};
type Work = { readonly ms: number; done(): void };
/** Each has one thread that answers, and a gate of as many hashes as cores and one more. */
type Server = {
  readonly machine: Machine;
  readonly thread: Work[];
  isAnswering: boolean;
  hashes: Work[];
  hashing: number;
};
type Machine = {
  readonly hashes: Set<Running>;
  readonly threads: Set<Running>;
  readonly waiting: (() => void)[];
  used: number;
};
type Running = { end: number };

/**
 * Simulates so many seconds, event by event. A hash takes a core until it is done; a thread that answers goes before
 * hashes, and takes its time from one of them where no core is idle. Servers get requests in turn, as by a balancer.
 */
export function simulate(costs: Costs, machines: Machines, demand: Demand, seconds = 60): Outcome {
  const steps = stepsOf(costs);
  const { cores } = machines;
  const perMachine = machines.servers ?? 1;
  // Servers that share a machine share its cores.
  const gate = Math.max(1, Math.ceil(cores / perMachine)) + 1;
  const random = randoms();
  const { at, run } = timeline();
  let now = 0;
  const all = Array.from({ length: machines.count }, (): Machine => {
    return { hashes: new Set(), threads: new Set(), waiting: [], used: 0 };
  });
  const servers = all.flatMap((machine) =>
    Array.from({ length: perMachine }, (): Server => {
      return { machine, thread: [], isAnswering: false, hashes: [], hashing: 0 };
    }),
  );
  const took: Record<Kind, number[]> = { login: [], change: [], check: [] };
  let refused = 0;
  let turn = 0;

  const isOverfull = ({ threads, hashes }: Machine) => threads.size + hashes.size > cores;

  function answer(server: Server): void {
    const { machine } = server;
    const work = server.thread[0];
    if (server.isAnswering || !work) return;
    server.isAnswering = true;
    const begin = () => {
      const running: Running = { end: now + work.ms };
      machine.threads.add(running);
      machine.used += work.ms;
      // No core is idle: a hash stands still meanwhile.
      const [delayed] = isOverfull(machine) ? machine.hashes : [];
      if (delayed) delayed.end += work.ms;
      at(running.end, () => {
        machine.threads.delete(running);
        server.thread.shift();
        server.isAnswering = false;
        work.done();
        machine.waiting.shift()?.();
        answer(server);
      });
    };
    if (machine.threads.size < cores) begin();
    else machine.waiting.push(begin);
  }

  function hash(server: Server): void {
    const { machine } = server;
    while (server.hashing < gate && machine.hashes.size < cores && server.hashes.length > 0) {
      const work = server.hashes.shift() as Work;
      const running: Running = { end: now + work.ms };
      server.hashing += 1;
      machine.hashes.add(running);
      machine.used += work.ms;
      // It waits for a thread that has the core still.
      const [first] = isOverfull(machine) ? machine.threads : [];
      if (first) running.end += first.end - now;
      const end = (): void => {
        if (running.end > now) {
          at(running.end, end);
          return;
        }
        machine.hashes.delete(running);
        server.hashing -= 1;
        work.done();
        // They take turns.
        const index = servers.indexOf(server);
        const others = [...servers.slice(index + 1), ...servers.slice(0, index + 1)];
        for (const each of others) if (each.machine === machine) hash(each);
      };
      at(running.end, end);
    }
  }

  function proceed(request: Request): void {
    const { kind, server } = request;
    const step = steps[kind][request.step];
    request.step += 1;
    const done = () => proceed(request);
    if (step === undefined) {
      took[kind].push(now - request.start);
      if ('clients' in demand) ask(kind);
    } else if (step.on === 'disk') at(now + step.ms, done);
    else if (step.on === 'thread') {
      server.thread.push({ ms: step.ms, done });
      answer(server);
    } else if ((server.hashes.length * step.ms) / cores > MOST_QUEUED_MS) {
      refused += 1;
      if ('clients' in demand) ask(kind);
    } else {
      server.hashes.push({ ms: step.ms, done });
      hash(server);
    }
  }

  function ask(kind: Kind): void {
    const server = servers[turn % servers.length] as Server;
    turn += 1;
    proceed({ kind, server, start: now, step: 0 });
  }

  if ('clients' in demand) {
    for (const kind of kinds)
      for (let n = 0; n < (demand.clients[kind] ?? 0); n += 1) at(0, () => ask(kind));
  } else {
    for (const kind of kinds) {
      const rate = demand.perSecond[kind] / 1000;
      const arrive = (): void => {
        ask(kind);
        at(now - Math.log(1 - random()) / rate, arrive);
      };
      if (rate > 0) at(-Math.log(1 - random()) / rate, arrive);
    }
  }
  run(seconds * 1000, (time) => {
    now = time;
  });

  const outcome = (kind: Kind) => {
    const sorted = took[kind].toSorted((a, b) => a - b);
    const of = (share: number) => sorted[Math.floor(share * sorted.length)] ?? 0;
    return { perSecond: sorted.length / seconds, p50: of(0.5), p99: of(0.99) };
  };
  const used = all.reduce((sum, machine) => sum + machine.used, 0);
  return {
    kinds: { login: outcome('login'), change: outcome('change'), check: outcome('check') },
    refused,
    used: used / (machines.count * cores * seconds * 1000),
  };
}

/** The smallest number of machines at which nobody is refused and 99 of 100 logins take at most so long; null for more than `most`. */
export function machinesFor(
  costs: Costs,
  cores: number,
  demand: Demand,
  { p99Ms, most = 64 }: { readonly p99Ms: number; readonly most?: number },
): { readonly count: number; readonly outcome: Outcome } | null {
  const { hashMs, loginMs, checkMs } = costs;
  const { login = 0, change = 0, check = 0 } = 'perSecond' in demand ? demand.perSecond : {};
  const work = login * (hashMs + loginMs) + change * 2 * (hashMs + loginMs) + check * checkMs;
  // Fewer cannot do the work.
  const least = Math.max(1, Math.ceil(work / 1000 / cores));
  for (let count = least; count <= most; count += 1) {
    const outcome = simulate(costs, { count, cores }, demand);
    if (outcome.refused === 0 && outcome.kinds.login.p99 <= p99Ms) return { count, outcome };
  }
  return null;
}

/** Events in the order of their time: a binary heap. */
function timeline() {
  type Event = { readonly time: number; readonly work: () => void };
  const heap: Event[] = [];
  const before = (a: number, b: number) =>
    (heap[a]?.time ?? Infinity) < (heap[b]?.time ?? Infinity);
  const swap = (a: number, b: number) => {
    const kept = heap[a] as Event;
    heap[a] = heap[b] as Event;
    heap[b] = kept;
  };
  return {
    at(time: number, work: () => void): void {
      let index = heap.push({ time, work }) - 1;
      for (let up = (index - 1) >> 1; index > 0 && before(index, up); up = (index - 1) >> 1) {
        swap(index, up);
        index = up;
      }
    },
    /** Runs what is due until then. */
    run(until: number, tick: (time: number) => void): void {
      for (let first = heap[0]; first !== undefined && first.time <= until; first = heap[0]) {
        const last = heap.pop() as Event;
        if (heap.length > 0) {
          heap[0] = last;
          for (let index = 0; ; ) {
            const [left, right] = [2 * index + 1, 2 * index + 2];
            const least = before(right, left) ? right : left;
            if (!before(least, index)) break;
            swap(index, least);
            index = least;
          }
        }
        tick(first.time);
        first.work();
      }
    },
  };
}

/** The same numbers in every run. */
function randoms(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
