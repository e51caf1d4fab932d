import { handler, logIn } from '../../../lib/handler.ts';

export const POST = handler(({ email = '', password = '' }, request) =>
  logIn(request, email, password),
);
