import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { userOf } from '../lib/rekey.ts';

/** Who looks at the page: `user` is null where nobody is logged in. */
export async function visitor() {
  const asked = { headers: await headers() };
  return { asked, user: await userOf(asked) };
}

/** The user who looks at the page; everybody else is sent to log in. */
export async function loggedIn() {
  const { asked, user } = await visitor();
  return { asked, user: user ?? redirect('/') };
}
