import { linkRacesContract } from '@rekey/usecases/testing';
import { onEachDatabase } from '../test/open.ts';

const isLong = process.env.LINK_RACES === 'all';

onEachDatabase((name, open) => {
  // With one writer at a time nothing races that does not in memory: a few show that its SQL is as good.
  const stripes = name === 'SQLite' ? 12 : 8;
  linkRacesContract(name, open, isLong ? 1 : stripes);
});
