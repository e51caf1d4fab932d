import { describe, expect, test } from 'vitest';
import { DAY_MS } from './durations.ts';
import {
  isKnownNetwork,
  MAX_KNOWN_NETWORKS,
  NETWORK_LIFE_MS,
  withNetwork,
} from './known-network.ts';

const NOW = 20_000 * DAY_MS + 3_600_000;
const home = { mark: 'home', epoch: 1 };
const cafe = { mark: 'cafe', epoch: 1 };

describe('a network', () => {
  test('is unknown to an account that never logged in, and known once it did', () => {
    expect(isKnownNetwork(null, home, NOW)).toBe(false);
    const known = withNetwork(null, home, NOW);
    expect(isKnownNetwork(known, home, NOW)).toBe(true);
    expect(isKnownNetwork(known, cafe, NOW)).toBe(false);
  });

  test('is forgotten ninety days after the last login from it', () => {
    const known = withNetwork(null, home, NOW);
    expect(isKnownNetwork(known, home, NOW + NETWORK_LIFE_MS - DAY_MS)).toBe(true);
    expect(isKnownNetwork(known, home, NOW + NETWORK_LIFE_MS)).toBe(false);
    const again = withNetwork(known, home, NOW + 80 * DAY_MS);
    expect(isKnownNetwork(again, home, NOW + NETWORK_LIFE_MS)).toBe(true);
  });

  test('is unknown once the epoch is raised', () => {
    const known = withNetwork(null, home, NOW);
    const later = { ...home, epoch: 2 };
    expect(isKnownNetwork(known, later, NOW)).toBe(false);
    expect(withNetwork(known, { ...cafe, epoch: 2 }, NOW)).toBe('[["cafe",2,20000]]');
  });

  test('is written down once a day', () => {
    const known = withNetwork(withNetwork(null, home, NOW), cafe, NOW);
    expect(withNetwork(known, home, NOW + 1)).toBe(known);
    expect(withNetwork(known, home, NOW + DAY_MS)).not.toBe(known);
  });

  test('that was used last takes the place of the one that was not used the longest', () => {
    let known: string | null = null;
    const marks = Array.from({ length: MAX_KNOWN_NETWORKS + 1 }, (_, n) => `network ${n}`);
    for (const mark of marks) known = withNetwork(known, { mark, epoch: 1 }, NOW);
    const isKnown = marks.map((mark) => isKnownNetwork(known, { mark, epoch: 1 }, NOW));
    expect(isKnown).toEqual(marks.map((_, n) => n > 0));
  });

  test('stays known when the clock goes back', () => {
    const known = withNetwork(null, home, NOW);
    expect(isKnownNetwork(known, home, NOW - 365 * DAY_MS)).toBe(true);
  });
});
