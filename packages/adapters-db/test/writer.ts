import { once } from 'node:events';
import { aService } from '@rekey/usecases/testing';
import { openDatabase } from '../src/index.ts';

/** A process of its own that writes services into the file it is given, when it is told to, and answers their ids. */
const { database, close } = await openDatabase({ url: `sqlite:${process.argv[2]}` });
const told = once(process, 'message');
process.send?.('ready');
await told;

const ids: string[] = [];
for (let i = 0; i < 50; i += 1) {
  const service = { ...aService(), id: `${process.pid}-${i}` };
  await database.transact(({ services }) => services.insert(service));
  ids.push(service.id);
}
await close();
process.send?.(ids, () => process.disconnect());
