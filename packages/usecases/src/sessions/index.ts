import type { Ports } from '../ports/index.ts';
import { EndAllSessions } from './end-all-sessions.ts';
import { EndSession } from './end-session.ts';
import { ListSessions } from './list-sessions.ts';
import { LogInWithFactor } from './log-in-with-factor.ts';
import { LogInWithPasskey } from './log-in-with-passkey.ts';
import { LogOut } from './log-out.ts';
import { Login } from './login.ts';
import { ProveAgain } from './prove-again.ts';
import { RefreshToken } from './refresh-token.ts';
import { RevokeToken } from './revoke-token.ts';
import { VerifyToken } from './verify-token.ts';

export const sessions = (ports: Ports) => ({
  endAllSessions: new EndAllSessions(ports),
  endSession: new EndSession(ports),
  listSessions: new ListSessions(ports),
  logInWithPasskey: new LogInWithPasskey(ports),
  logOut: new LogOut(ports),
  login: new Login(ports),
  logInWithFactor: new LogInWithFactor(ports),
  proveAgain: new ProveAgain(ports),
  refreshToken: new RefreshToken(ports),
  revokeToken: new RevokeToken(ports),
  verifyToken: new VerifyToken(ports),
});
