import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Flow } from '@rekey/usecases';

/** Follows a request by Node's own means. All promises and ticks come before the next turn of the event loop. */
export function flow(): Flow {
  const units = new AsyncLocalStorage<object>();
  return {
    run: (unit, call) => units.run(unit, call),
    current: () => units.getStore(),
    settled: () => setImmediate(),
  };
}
