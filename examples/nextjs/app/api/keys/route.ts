import { say, userHandler } from '../../../lib/handler.ts';
import { callOnce, rekey, scopes } from '../../../lib/rekey.ts';

export const POST = userHandler(async (user, fields, request) => {
  const { name = '', expires = '', once = '' } = fields;
  const key = {
    name,
    user_id: user.id,
    scopes: scopes.filter((scope) => fields[scope] === 'true'),
    ...(expires !== '' && { expires_at: `${expires}T00:00:00Z` }),
  };
  const { data } = await rekey().createKey(key, callOnce(request, once));
  return say(`Your key, which is not shown again: ${data.value}`);
});
