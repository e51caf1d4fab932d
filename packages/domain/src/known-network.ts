import { DAY_MS } from './durations.ts';
import type { Instant } from './ids.ts';

// Why they are kept in one text beside the password: docs/decisions/0054-new-devices.md

/** A network that an account logs in from, under a mark that tells nobody which network it is. */
export type MarkedNetwork = {
  readonly mark: string;
  /** Of the credential at the login: raised to make all networks of the user unknown. */
  readonly epoch: number;
};

export const NETWORK_LIFE_MS = 90 * DAY_MS;

/** The networks of an account that are remembered: home, work, and those of some journeys. */
export const MAX_KNOWN_NETWORKS = 16;

/** A mark, its epoch, and the day of the last login from there. */
type Kept = readonly [mark: string, epoch: number, day: number];

/** Whether an account logged in from a network of late. `known`: see `withNetwork`; null for an account that never did. */
export const isKnownNetwork = (
  known: string | null,
  { mark, epoch }: MarkedNetwork,
  now: Instant,
): boolean => keptOf(known, epoch, now).some((kept) => kept[0] === mark);

/**
 * The networks of an account, in a text, with the one that it logs in from now. The text stays as it was where it says so
 * already: it changes once a day at most for a network. Networks from before the epoch go, and the oldest that are too
 * many.
 */
export function withNetwork(
  known: string | null,
  { mark, epoch }: MarkedNetwork,
  now: Instant,
): string {
  const kept = keptOf(known, epoch, now);
  const day = dayOf(now);
  if (known !== null && kept.some((each) => each[0] === mark && each[2] === day)) return known;
  const others = kept.filter((each) => each[0] !== mark);
  return JSON.stringify([[mark, epoch, day], ...others].slice(0, MAX_KNOWN_NETWORKS));
}

function keptOf(known: string | null, epoch: number, now: Instant): readonly Kept[] {
  if (known === null) return [];
  const all: readonly Kept[] = JSON.parse(known);
  const first = dayOf(now - NETWORK_LIFE_MS);
  return all.filter((each) => each[1] === epoch && each[2] > first);
}

const dayOf = (instant: Instant): number => Math.floor(instant / DAY_MS);
