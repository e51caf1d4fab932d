import { say, userHandler } from '../../../lib/handler.ts';
import { callBy, rekey } from '../../../lib/rekey.ts';

export const POST = userHandler(
  async (user, { name = '', locale = '', newsletter = '' }, request) => {
    // All of the attributes change together.
    const attributes = { ...user.attributes, newsletter: newsletter === 'true' };
    await rekey().updateUser({ id: user.id, name, locale, attributes }, callBy(request));
    return say('Saved.');
  },
);
