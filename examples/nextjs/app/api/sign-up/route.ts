import { callFor, handler, logIn, rekey } from '../../../lib/rekey.ts';

export const POST = handler(async ({ name = '', email = '', password = '' }, request) => {
  const call = callFor(request);
  const { data } = await rekey().createUser({ is_enabled: true, name, email, password }, call);
  // Without it the user could not log in to this service.
  await rekey().createKey(
    { is_enabled: true, type: 'TOKEN', name: 'shop', user_id: data.id },
    call,
  );
  return logIn(request, email, password);
});
