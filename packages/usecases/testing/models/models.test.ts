import { memoryDatabase } from '../memory/index.ts';
import { throttlingModel } from './throttling.ts';

throttlingModel(
  'memory',
  async () => ({ database: memoryDatabase(), concurrency: 1, close: async () => undefined }),
  Number(process.env.MODEL_STEPS ?? 3000),
);
