import { handler, logIn } from '../../../lib/handler.ts';
import { callFor, rekey } from '../../../lib/rekey.ts';

export const POST = handler(async ({ name = '', email = '', password = '' }, request) => {
  // Without a TOKEN key a user cannot log in to this service.
  await rekey().createUser({ name, email, password, token_key: true }, callFor(request));
  return logIn(request, email, password);
});
