import { parentPort } from 'node:worker_threads';
import { rankKnownWords } from './known-words.ts';

// The thread ends with that, and the lists go with it.
parentPort?.postMessage(rankKnownWords());
