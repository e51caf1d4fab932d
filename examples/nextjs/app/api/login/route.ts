import { handler, logIn } from '../../../lib/rekey.ts';

export const POST = handler(({ email = '', password = '' }, request) =>
  logIn(request, email, password),
);
