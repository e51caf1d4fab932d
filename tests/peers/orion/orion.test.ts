import path from 'node:path';
import { beforeAll, describe, test } from 'vitest';
import { type AtEnd, aFolder, afterAllTests, type Server, startServer } from '../../harness.ts';
import { tests } from './list.ts';
import { sendTo } from './rest-assured.ts';

/** Keys take a while to make, and all servers may have the first one's. */
let keys: string;
const atEnd = afterAllTests();
beforeAll(() => {
  keys = path.join(aFolder(atEnd), 'keys.json');
});

/** A server that nobody has called yet. */
const aServer = (end?: AtEnd): Promise<Server> =>
  startServer(aFolder(end), { KEYS_FILE: keys }, undefined, end);

describe('a test of orion users on a server of its own', () => {
  test.each(tests)('$name: $says', async ({ run }) => {
    await run(sendTo(await aServer()));
  });
});

/** One of the orders that those tests may come in, the same one for a seed. */
function shuffled(seed: number) {
  const rest = [...tests];
  let state = seed;
  return tests.flatMap(() => {
    // The generator of Lehmer, as Park and Miller have it.
    state = (state * 48_271) % 2_147_483_647;
    return rest.splice(state % rest.length, 1);
  });
}

const seed = 1 + Math.floor(Math.random() * 2_147_483_646);
/** Forwards and backwards, each has come after each other. */
const orders = {
  forwards: tests,
  backwards: tests.toReversed(),
  [`shuffled by ${seed}`]: shuffled(seed),
};

describe.each(Object.entries(orders))(
  'the tests of orion users on one server, %s',
  (_name, order) => {
    let server: Server;
    beforeAll(async () => {
      server = await aServer(atEnd);
    });
    test.each(order)('$name: $says', async ({ run }) => {
      await run(sendTo(server));
    });
  },
);
