import type { Ports } from '../ports/index.ts';
import { ReadThrottles } from './read-throttles.ts';
import { ResetThrottles } from './reset-throttles.ts';

export const throttling = (ports: Ports) => ({
  readThrottles: new ReadThrottles(ports),
  resetThrottles: new ResetThrottles(ports),
});
