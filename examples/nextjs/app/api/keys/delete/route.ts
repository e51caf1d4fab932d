import { say, userHandler } from '../../../../lib/handler.ts';
import { callBy, keysOf, rekey } from '../../../../lib/rekey.ts';

export const POST = userHandler(async (user, { id = '' }, request) => {
  const own = await keysOf(user, request);
  if (!own.some((key) => key.id === id)) return say('There is no such key.', { status: 404 });
  await rekey().deleteKey({ id }, callBy(request));
  return say('The key is gone.');
});
