import type { Ports } from '../ports/index.ts';
import { Login } from './login.ts';
import { RefreshToken } from './refresh-token.ts';
import { RevokeToken } from './revoke-token.ts';
import { VerifyToken } from './verify-token.ts';

export const sessions = (ports: Ports) => ({
  login: new Login(ports),
  refreshToken: new RefreshToken(ports),
  revokeToken: new RevokeToken(ports),
  verifyToken: new VerifyToken(ports),
});
