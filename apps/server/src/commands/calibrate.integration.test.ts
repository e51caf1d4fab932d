import { describe, expect, test } from 'vitest';
import { outputOf } from '../../test/run.ts';
import { costFor } from './calibrate.ts';

describe('the cost for a time', () => {
  const msOf = (cost: number) => 50 * 2 ** (cost - 10);

  test.each([
    [49, null],
    [50, 10],
    [99, 10],
    [200, 12],
    [250, 12],
    [800, 14],
    [99_999, 14],
  ])('of %i ms is %s where cost 10 takes 50 ms', (time, cost) => {
    expect(costFor(time, msOf)).toBe(cost);
  });
});

describe('rekey calibrate', () => {
  test('prints as JSON which cost to set', async () => {
    const found = JSON.parse(await outputOf('calibrate', '--json', '--time', '99999'));
    expect(found).toMatchObject({ time: 99_999, bcrypt_cost: 14 });
    expect(found.costs.map(({ cost }: { cost: number }) => cost)).toEqual([10, 11, 12, 13, 14]);
    const [first, second] = found.costs;
    expect(second.ms / first.ms).toBeCloseTo(2, 0);
    expect(first.logins_per_second).toBeGreaterThan(0);
  });

  test('tells people the lowest cost where none is low enough', async () => {
    const text = await outputOf('calibrate', '--time', '1');
    expect(text).toMatch(/^COST +MS +LOGINS\/S$/m);
    expect(text).toContain('No cost keeps a hash within 1 ms here: BCRYPT_COST=10 is the least');
  });

  test.each(['0', '-1', '1.5', 'x', '100000', ''])('refuses the time %j', async (time) => {
    await expect(outputOf('calibrate', `--time=${time}`)).rejects.toThrow('must be a whole number');
  });
});
