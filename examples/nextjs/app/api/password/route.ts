import { handler, logIn, say } from '../../../lib/handler.ts';
import { callFor, deviceOf, rekey, userOf } from '../../../lib/rekey.ts';

/** The current password proves the user. Who has to change it first has no session yet, and names the account. */
export const POST = handler(async ({ password = '', new_password = '', ...fields }, request) => {
  const email = (await userOf(request))?.email ?? fields.email ?? '';
  if (email === '') return say('Please log in first.', { status: 401 });
  const change = { email, password, new_password, ...deviceOf(request) };
  await rekey().updatePassword(change, callFor(request));
  // Every session ended with the old password, this one too.
  return logIn(request, email, new_password);
});
