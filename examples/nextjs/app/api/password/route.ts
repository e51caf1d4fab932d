import { callFor, handler, logIn, rekey, say, tokenOf } from '../../../lib/rekey.ts';

export const POST = handler(async ({ password = '', new_password = '' }, request) => {
  const token = tokenOf(request);
  if (token === '') return say('Please log in first.', 401);
  const { user } = await rekey().verifyToken({ token }, callFor(request));
  const { email } = user;
  await rekey().updatePassword({ email, password, new_password }, callFor(request));
  // Every session ended with the old password, this one too.
  return logIn(request, email, new_password);
});
