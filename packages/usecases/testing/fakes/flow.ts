import { AsyncLocalStorage } from 'node:async_hooks';
import type { Flow } from '../../src/ports/index.ts';

/** As in production: nothing else follows a call through all that is awaited. */
export function realFlow(): Flow {
  const units = new AsyncLocalStorage<object>();
  return {
    run: (unit, call) => units.run(unit, call),
    current: () => units.getStore(),
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
