import { readFileSync } from 'node:fs';
import { shadesOf } from '@rekey/wording';
import { describe, expect, it } from 'vitest';
import { colorsOf } from './colors.ts';

const LIGHT = '#f3f4f6';
const DARK = '#1b1e25';

describe('the operator’s colour', () => {
  it('is measured on the grounds of the stylesheet', () => {
    const style = readFileSync(new URL('static/style.css', import.meta.url), 'utf8');
    const values = (name: string) =>
      [...style.matchAll(new RegExp(`--${name}: (#\\w+)`, 'g'))].map(([, value]) => value);
    expect(values('ground').slice(0, 2)).toEqual([LIGHT, '#121419']);
    expect(values('sheet').slice(0, 2)).toEqual(['#ffffff', DARK]);
  });

  it('is a variable of the stylesheet, for each theme', () => {
    expect(colorsOf('#000000').match(/--accent: #\w{6}/g)).toEqual([
      '--accent: #000000',
      `--accent: ${shadesOf('#000000').dark}`,
      '--accent: #000000',
    ]);
  });
});
