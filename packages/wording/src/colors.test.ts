import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contrast, shadesOf } from './colors.ts';

const LIGHT = '#f3f4f6';
const DARK = '#1b1e25';

describe('contrast', () => {
  it.each([
    ['#000000', '#ffffff', 21],
    ['#777777', '#ffffff', 4.48],
    ['#ff0000', '#ffffff', 4],
    ['#123456', '#123456', 1],
  ])('of %s and %s is what WCAG says: %d', (one, other, ratio) => {
    expect(contrast(one, other)).toBeCloseTo(ratio, 2);
    expect(contrast(other, one)).toBeCloseTo(ratio, 2);
  });
});

describe('the operator’s colour', () => {
  it('is readable on both themes, whichever it is', () => {
    const color = fc.integer({ min: 0, max: 0xffffff });
    fc.assert(
      fc.property(color, (number) => {
        const { light, dark } = shadesOf(`#${number.toString(16).padStart(6, '0')}`);
        expect(contrast(light, LIGHT)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(dark, DARK)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it('stays as it is where it can be read', () => {
    expect(shadesOf('#0b5c46').light).toBe('#0b5c46');
    expect(shadesOf('#8fd6bf').dark).toBe('#8fd6bf');
  });
});
