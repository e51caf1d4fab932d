import { deviceTokensContract } from '@rekey/usecases/testing';
import { expect, test } from 'vitest';
import { aSecret, known, listOf } from '../test/keys.ts';
import { deviceTokens } from './device-tokens.ts';

deviceTokensContract('the key file', async () => ({
  deviceTokens: deviceTokens(listOf(known)),
  rotated: deviceTokens(listOf(aSecret('k2'), known)),
  stranger: deviceTokens(listOf(aSecret('k1'))),
}));

test('the token of a device is all of it in clear, and a MAC', () => {
  const device = {
    id: '01900000-0000-7000-8000-000000000001',
    userId: '01900000-0000-7000-8000-000000000002',
    version: 5,
    epoch: 3,
    issuedAt: 1_767_323_045_000,
  };
  const tokens = deviceTokens(listOf(known));
  // The MAC was made with Python's hmac over `rekey device v1:` and all before it.
  expect(tokens.make(device)).toBe(
    `rkd_k1.${device.id}.${device.userId}.5.3.1767323045000.14NpxW73-HUVOZR2LLpSIo7XhUV7fl_fxZK04AZZfRY`,
  );
});
