import { ledgersContract } from '@rekey/usecases/testing';
import { ledgers } from './ledgers.ts';

ledgersContract('a file', ledgers);
