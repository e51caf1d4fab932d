import type { Ports } from '../ports/index.ts';
import { CreateCsrfToken } from './create-csrf-token.ts';
import { VerifyCsrfToken } from './verify-csrf-token.ts';

export const csrf = (ports: Ports) => ({
  createCsrfToken: new CreateCsrfToken(ports),
  verifyCsrfToken: new VerifyCsrfToken(ports),
});
