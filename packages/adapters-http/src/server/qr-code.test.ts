import { inflateSync } from 'node:zlib';
import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { qrCode } from './qr-code.ts';

/** The modules of a code out of its PNG. */
function modulesOf(png: Buffer, size: number): boolean[][] {
  const side = png.readUInt32BE(16);
  const at = png.indexOf('IDAT');
  const pixels = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  const stride = 1 + Math.ceil(side / 8);
  const scale = side / size;
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      const [x, y] = [Math.floor((column + 0.5) * scale), Math.floor((row + 0.5) * scale)];
      const byte = pixels[y * stride + 1 + (x >> 3)] ?? 0;
      return (byte & (0x80 >> (x & 7))) === 0;
    }),
  );
}

it('is a PNG of 400 pixels or more with the modules of the text', () => {
  for (const text of ['a', `otpauth://totp/${'a'.repeat(300)}`]) {
    const png = qrCode(text);
    const side = png.readUInt32BE(16);
    expect([png.subarray(1, 4).toString(), png.readUInt32BE(20)]).toEqual(['PNG', side]);
    expect(side).toBeGreaterThanOrEqual(400);
    const { data, size } = encode(text, { ecc: 'M', border: 4 });
    expect(modulesOf(png, size)).toEqual(data);
  }
});
