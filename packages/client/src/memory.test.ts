import { describe, expect, it } from 'vitest';
import { Memory } from './memory.ts';

const MANY = 1_000_000;
const tokens = Array.from({ length: 1000 }, (_, n) => `token ${n}`);
const known = (memory: Memory<string>) => tokens.filter((each) => memory.get(each) === each);

describe('a memory of tokens', () => {
  it('holds no more of them than it may, and the latest half of that at least', () => {
    const memory = new Memory<string>(100, MANY);
    for (const [at, token] of tokens.entries()) {
      memory.set(token, token);
      expect(memory.size).toBeLessThanOrEqual(100);
      const latest = tokens.slice(Math.max(0, at - 49), at + 1);
      expect(known(memory)).toEqual(expect.arrayContaining(latest));
    }
  });

  it('holds no more bytes than it may, however many tokens that is', () => {
    const memory = new Memory<string>(MANY, 100_000);
    const long = (n: number) => `${n}`.padEnd(1400);
    for (let n = 0; n < 1000; n += 1) {
      memory.set(long(n), '');
      // 1400, and 600 for what stands beside a token.
      expect(memory.size).toBeLessThanOrEqual(50);
    }
    expect(memory.size).toBeGreaterThanOrEqual(25);
  });

  it('knows nothing after it was cleared', () => {
    const memory = new Memory<string>(4, MANY);
    for (const token of tokens.slice(0, 3)) memory.set(token, token);
    memory.clear();
    expect([memory.size, known(memory)]).toEqual([0, []]);
  });
});
