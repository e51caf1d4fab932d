import { say, userHandler } from '../../../../lib/handler.ts';
import { callOnce, keysOf, rekey } from '../../../../lib/rekey.ts';

export const POST = userHandler(async (user, { id = '', once = '' }, request) => {
  const own = await keysOf(user, request);
  if (!own.some((key) => key.id === id)) return say('There is no such key.', { status: 404 });
  // Programs that have the old value get a day to change it.
  const { data } = await rekey().rotateKey({ id, overlap_s: 86_400 }, callOnce(request, once));
  return say(`Your key, which is not shown again: ${data.value}`);
});
