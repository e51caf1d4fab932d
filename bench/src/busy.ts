import { constants, setPriority } from 'node:os';

/** Keeps a core busy at the lowest priority: what answers beside it gets the core at once, as far as the system can. */
setPriority(constants.priority.PRIORITY_LOW);
process.once('disconnect', () => process.exit());
process.send?.('ready');

function spin(): void {
  const end = performance.now() + 20;
  while (performance.now() < end);
  setImmediate(spin);
}
spin();
