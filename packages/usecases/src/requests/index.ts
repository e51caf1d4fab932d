import type { Ports } from '../ports/index.ts';
import { BeginRequest } from './begin-request.ts';

export const requests = (ports: Ports) => ({ beginRequest: new BeginRequest(ports) });
