import { linkRacesContract } from '@rekey/usecases/testing';
import { onEachDatabase } from '../test/open.ts';

onEachDatabase(linkRacesContract);
