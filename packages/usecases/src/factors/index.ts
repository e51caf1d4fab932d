import type { Ports } from '../ports/index.ts';
import { VerifyTotp } from './verify-totp.ts';

export const factors = (ports: Ports) => ({ verifyTotp: new VerifyTotp(ports) });
