import { databaseContract, racesContract } from '@rekey/usecases/testing';
import { onEachDatabase } from '../test/open.ts';

onEachDatabase((name, open) => {
  databaseContract(name, open);
  racesContract(name, open);
});
