import { handler, say } from '../../../lib/handler.ts';
import { callFor, cookie, rekey } from '../../../lib/rekey.ts';

/** The act of the button on the page /account: the link in the mail leads to that page, and opening it changes nothing. */
export const POST = handler(async ({ token = '' }, request) => {
  await rekey().revokeUpdatePassword({ token }, callFor(request));
  return say('Your account is locked. Please call us.', { cookies: [cookie('access', '')] });
});
