import { expect, test } from 'vitest';
import { isKnownDevice } from './device.ts';

const NOW = 1_000_000_000_000;
const DAY_MS = 86_400_000;
const device = { id: 'd1', userId: 'u1', version: 7, epoch: 3, issuedAt: NOW };

test('a device is known to the account that it was issued for, for 90 days, until the account forgets its devices', () => {
  const isKnown = (id: string, deviceEpoch: number, now: number) =>
    isKnownDevice(device, { user: { id }, credential: { deviceEpoch } }, now);
  expect(isKnown('u1', 3, NOW)).toBe(true);
  expect(isKnown('u1', 3, NOW + 90 * DAY_MS - 1)).toBe(true);
  expect(isKnown('u1', 3, NOW + 90 * DAY_MS)).toBe(false);
  expect(isKnown('u1', 4, NOW)).toBe(false);
  expect(isKnown('u2', 3, NOW)).toBe(false);
});
