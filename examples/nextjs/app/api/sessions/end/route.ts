import { say, userHandler } from '../../../../lib/handler.ts';
import { callBy, rekey, sessionsOf } from '../../../../lib/rekey.ts';

export const POST = userHandler(async (user, { id = '' }, request) => {
  const own = await sessionsOf(user, request);
  if (!own.some((session) => session.id === id)) return say('It is over.', { status: 404 });
  await rekey().endSession({ id }, callBy(request));
  return say('It is signed out.');
});
