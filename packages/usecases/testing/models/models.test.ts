import { memoryDatabase } from '../memory/index.ts';
import { throttlingModel } from './throttling.ts';

const close = async () => undefined;
throttlingModel(
  'memory',
  async () => ({ database: memoryDatabase(), concurrency: 1, close }),
  3000,
);
