import { type Device, MAX_DEVICE_TOKEN_LENGTH } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeviceTokens } from '../../src/ports/index.ts';
import { anId, START } from '../fixtures.ts';
import { replaceAt } from './forgeries.ts';

type OpenDeviceTokens = {
  readonly deviceTokens: DeviceTokens;
  /** `deviceTokens` after a rotation: there is one more secret, which is the current one. */
  readonly rotated: DeviceTokens;
  /** One with other secrets altogether. */
  readonly stranger: DeviceTokens;
};

export function deviceTokensContract(name: string, open: () => Promise<OpenDeviceTokens>): void {
  describe(`the device tokens of ${name}`, () => {
    let opened: OpenDeviceTokens;
    beforeAll(async () => {
      opened = await open();
    });
    const aDevice = (details: Partial<Device> = {}): Device => ({
      id: anId(),
      userId: anId(),
      version: 1,
      epoch: 1,
      issuedAt: START,
      ...details,
    });

    test('name the device that they were made for', () => {
      const { deviceTokens } = opened;
      for (const device of [
        aDevice(),
        aDevice({ version: 12, epoch: 0 }),
        aDevice({ issuedAt: 0, epoch: 77 }),
      ]) {
        expect(deviceTokens.verify(deviceTokens.make(device))).toEqual(device);
      }
    });

    test('fit a header, a cookie and a form', () => {
      const [version, epoch, issuedAt] = [999_999_999, 999_999_999, 999_999_999_999_999];
      const token = opened.deviceTokens.make(aDevice({ version, epoch, issuedAt }));
      expect(encodeURIComponent(token)).toBe(token);
      expect(token.length).toBeLessThanOrEqual(MAX_DEVICE_TOKEN_LENGTH);
    });

    test('outlive a rotation', () => {
      const device = aDevice();
      const token = opened.deviceTokens.make(device);
      expect(opened.rotated.verify(token)).toEqual(device);
      expect(opened.rotated.make(device)).not.toBe(token);
    });

    test('are made with a secret: those of somebody else are worth nothing', () => {
      const { deviceTokens, stranger } = opened;
      expect(deviceTokens.verify(stranger.make(aDevice()))).toBeNull();
    });

    test('are worth nothing once a character is changed, added or taken away', () => {
      const { deviceTokens } = opened;
      const token = deviceTokens.make(aDevice());
      for (let index = 0; index < token.length; index += 1) {
        expect(deviceTokens.verify(replaceAt(token, index)), `at ${index}`).toBeNull();
      }
      for (const forged of ['', `${token}=`, `${token}\n`, ` ${token}`, token.slice(0, -1)]) {
        expect(deviceTokens.verify(forged)).toBeNull();
      }
    });

    test('have one spelling: numbers with zeros before them are worth nothing', () => {
      const { deviceTokens } = opened;
      const token = deviceTokens.make(aDevice({ version: 5 }));
      expect(deviceTokens.verify(token.replace('.5.', '.05.'))).toBeNull();
    });
  });
}
