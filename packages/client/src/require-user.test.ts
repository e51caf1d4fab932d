import { expect, it } from 'vitest';
import { userOf } from './index.ts';

it('a route that requireUser does not guard has no user, and serves nobody', () => {
  expect(() => userOf({ headers: {} })).toThrow('requireUser() does not guard this route');
});
