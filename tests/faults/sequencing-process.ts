import { once } from 'node:events';
import { startSequencer } from '../../apps/server/src/sequencer.ts';
import { openDatabase } from '../../packages/adapters-db/src/index.ts';
import { places } from '../../packages/usecases/src/index.ts';
import { world } from '../../packages/usecases/testing/index.ts';

/** A process of its own that gives places as a server does, for what others commit, until it is killed. */
const { database, news } = await openDatabase({ url: process.argv[2] ?? '' });
const given = places({ ...world(database), database, news });
const sequencer = startSequencer(() => given.give({ isPatient: false }), {
  failed: (error) => console.error(error),
});
// Woken all the time: there is always a commit of somebody.
setInterval(sequencer.wake, 1);
process.send?.('ready');
await once(process, 'disconnect');
process.exit(0);
