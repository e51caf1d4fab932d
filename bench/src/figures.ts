import { availableParallelism, cpus, loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** The result of several rounds: their median, and how far they lay apart. */
export type Figure = { readonly median: number; readonly min: number; readonly max: number };

/** One line of the table: a figure of Rekey beside its limit or peer, measured in the same rounds. */
export type Row = {
  readonly what: string;
  readonly unit: string;
  readonly rekey: Figure;
  readonly beside: string;
  readonly other: Figure;
  /** Rekey's figure divided by the other, round by round. */
  readonly ratio: Figure;
  /** The goal for the ratio, or for Rekey's own figure. */
  readonly goal?: {
    readonly of: 'ratio' | 'rekey';
    readonly least?: number;
    readonly most?: number;
  };
};

export const least = (limit: number): Row['goal'] => ({ of: 'ratio', least: limit });
export const most = (limit: number): Row['goal'] => ({ of: 'ratio', most: limit });

/** How long and how often is measured: a try of the benchmarks themselves takes a tenth. */
export type Effort = {
  readonly rounds: number;
  readonly scale: number;
  /** The number of users where there are many. */
  readonly most: number;
  /** Where what was filled is kept for the next run. */
  readonly keep: string | null;
};
export type Benchmark = (effort: Effort) => Promise<Row[]>;

function quantile(sorted: ArrayLike<number>, share: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[index] ?? Number.NaN;
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

export function figure(values: readonly number[]): Figure {
  const all = sorted(values);
  const middle = (quantile(all, 0.5) + (all[Math.ceil(all.length / 2) - 1] ?? Number.NaN)) / 2;
  return { median: middle, min: all[0] ?? Number.NaN, max: all.at(-1) ?? Number.NaN };
}

/** Milliseconds since the machine started: one clock for all processes on it. */
export const uptimeMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Milliseconds. */
export type Latency = { readonly p50: number; readonly p99: number };
export type Load = Latency & { readonly perSecond: number };

export function latencyOf(values: readonly number[]): Latency {
  const all = sorted(values);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

/**
 * Counts what is done in `ms` milliseconds after the first `warm`. Work that lies in that time in part counts in part:
 * works that begin together end together too, and where only ends are counted, chance says how many such waves fit.
 */
export function counter({ ms, warm }: { readonly ms: number; readonly warm: number }) {
  const begin = performance.now() + warm;
  const end = begin + ms;
  const latencies: number[] = [];
  let done = 0;
  return {
    /** As long after as before: what is under way at the end must have as much beside it as all the rest. */
    isOver: () => performance.now() >= end + warm,
    add(start: number): void {
      const now = performance.now();
      done += Math.max(0, Math.min(now, end) - Math.max(start, begin)) / (now - start);
      if (now >= begin && now < end) latencies.push(now - start);
    },
    load: (): Load => ({ perSecond: (done * 1000) / ms, ...latencyOf(latencies) }),
  };
}

/** Runs the sides in turn, each round in the opposite order of the one before. */
export async function rounds<Side extends string>(
  count: number,
  sides: Record<Side, () => Promise<number>>,
): Promise<Record<Side, number[]>> {
  const order = Object.keys(sides) as Side[];
  const values = Object.fromEntries(order.map((side) => [side, []])) as unknown as Record<
    Side,
    number[]
  >;
  for (let round = 0; round < count; round += 1) {
    for (const side of round % 2 === 0 ? order : order.toReversed()) {
      values[side].push(await sides[side]());
    }
  }
  return values;
}

export function row(
  what: string,
  unit: string,
  rekey: readonly number[],
  beside: string,
  other: readonly number[],
  goal?: Row['goal'],
): Row {
  const ratios = rekey.map((value, round) => value / (other[round] ?? Number.NaN));
  return {
    what,
    unit,
    rekey: figure(rekey),
    beside,
    other: figure(other),
    ratio: figure(ratios),
    ...(goal && { goal }),
  };
}

export function machine() {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The share of the processors that something else uses just now, and the load of the last minute. */
export async function otherLoad(): Promise<{ busy: number; load: number }> {
  const read = () => {
    const times = cpus().map(({ times }) => times);
    const idle = times.reduce((sum, time) => sum + time.idle, 0);
    return {
      idle,
      all: times.reduce(
        (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
        0,
      ),
    };
  };
  const before = read();
  await setTimeout(1000);
  const after = read();
  const busy = 1 - (after.idle - before.idle) / (after.all - before.all);
  return { busy, load: loadavg()[0] ?? 0 };
}

/** Beyond this share a run says that it is noisy. */
export const NOISY = 0.1;
