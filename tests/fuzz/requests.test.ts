import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nasty, worst } from './corpus.ts';
import { costOf } from './cost.ts';
import { fuzz } from './fuzz.ts';
import { aServer } from './requests.ts';

type Server = Awaited<ReturnType<typeof aServer>>;
type Attack = Server['attacks'][number];

const server = await aServer();
const broken = await aServer(new Error(`no database, and a stack: ${'x'.repeat(4000)}`));

/** Fails where a request costs more than 5 ms, or where the server has no other answer than that it failed. */
async function expectCheap(
  { send }: Server,
  { route, place, requestWith }: Attack,
  text: string,
  name = 'it',
): Promise<void> {
  const request = requestWith(text);
  let status = 0;
  const cost = await costOf(async () => {
    status = await send(request);
  });
  const isAnswered = send === broken.send || status < 500;
  const told = `${route}, ${place}: ${name} cost ${cost.toFixed(2)}, ${status}`;
  expect(cost < 1 && isAnswered, told).toBe(true);
}

/** Places of one name have one parser: the first route that has it stands for all of them. */
const placesOf = ({ attacks }: Server) => [
  ...new Map(attacks.toReversed().map((attack) => [attack.place, attack])),
];

describe('a request with a text of 16 KiB costs 5 ms at most', () => {
  test.each(placesOf(server))('in %s', async (_place, attack) => {
    for (const [name, text] of Object.entries(worst)) await expectCheap(server, attack, text, name);
  });

  // All that was sent is removed from the line that is logged then.
  test.each(placesOf(broken))('in %s, where the server fails', async (_place, attack) => {
    for (const [name, text] of Object.entries(worst)) await expectCheap(broken, attack, text, name);
  });

  test('in any place of any route, by chance', async () => {
    const texts = fc.oneof(fc.constantFrom(...Object.values(worst)), nasty);
    const attacks = fc.constantFrom(...server.attacks);
    await fuzz('requests', fc.tuple(attacks, texts), ([attack, text]) =>
      expectCheap(server, attack, text),
    );
  });
});
