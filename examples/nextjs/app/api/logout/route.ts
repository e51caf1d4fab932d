import { handler, say } from '../../../lib/handler.ts';
import { callFor, cookie, isCode, rekey, tokenOf } from '../../../lib/rekey.ts';

/** A cookie that is gone ends no session: whoever has a copy of the token goes on. So Rekey ends it. */
export const POST = handler(async ({ all = '' }, request) => {
  const token = tokenOf(request);
  if (token !== '') {
    const ending = rekey().logOut({ token, all: all === 'true' }, callFor(request));
    await ending.catch((error: unknown) => {
      // Whoever has no session any more is logged out already.
      if (!isCode(error, 'invalid_token')) throw error;
    });
  }
  return say('You are logged out.', { cookies: [cookie('access', '')] });
});
