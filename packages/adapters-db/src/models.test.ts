import { throttlingModel } from '@rekey/usecases/testing';
import { onEachDatabase } from '../test/open.ts';

onEachDatabase((name, open) => throttlingModel(name, open, 200));
