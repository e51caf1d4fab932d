import { logIn, userHandler } from '../../../lib/handler.ts';
import { callFor, deviceOf, rekey } from '../../../lib/rekey.ts';

export const POST = userHandler(async (user, { password = '', new_password = '' }, request) => {
  const { email } = user;
  const change = { email, password, new_password, ...deviceOf(request) };
  await rekey().updatePassword(change, callFor(request));
  // Every session ended with the old password, this one too.
  return logIn(request, email, new_password);
});
