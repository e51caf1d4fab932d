import type { Ports } from '../ports/index.ts';
import { Prune } from './prune.ts';

export const maintenance = (ports: Ports) => ({ prune: new Prune(ports) });
