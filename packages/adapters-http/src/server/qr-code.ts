import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'uqr';

/** Modules around the code: ISO/IEC 18004, 5.3.8. */
const BORDER = 4;
const MIN_SIDE = 400;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A text as a QR code, in a PNG of at least 400 pixels a side (ISO/IEC 15948), one bit a pixel. */
export function qrCode(text: string): Buffer {
  const { data, size } = encode(text, { ecc: 'M', border: BORDER });
  const scale = Math.ceil(MIN_SIDE / size);
  const side = size * scale;
  // Each line begins with its filter, which is none.
  const stride = 1 + Math.ceil(side / 8);
  const pixels = Buffer.alloc(stride * side);
  for (let y = 0; y < side; y += 1) {
    const modules = data[Math.floor(y / scale)] ?? [];
    for (let x = 0; x < side; x += 1) {
      if (modules[Math.floor(x / scale)]) continue;
      const at = y * stride + 1 + (x >> 3);
      pixels[at] = (pixels[at] ?? 0) | (0x80 >> (x & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // Bits a pixel; the rest is 0: greyscale, and the only methods that there are.
  header[8] = 1;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
