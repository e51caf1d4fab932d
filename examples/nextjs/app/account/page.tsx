import { redirect } from 'next/navigation';
import { Form } from '../form';
import { WithoutToken } from './without-token';

type Query = Promise<Readonly<Record<string, string | string[] | undefined>>>;

/** What the mails report whose links lead here, by the `type` of the link. */
const events = new Map([
  ['update_password', 'Your password was changed.'],
  ['factor_change', 'A key for your account was created.'],
]);

/** The link of the mail leads here. Opening it changes nothing: mail scanners open links too. */
export default async function Account({ searchParams }: { readonly searchParams: Query }) {
  const query = await searchParams;
  const { type, token } = query;
  if (typeof type !== 'string' || typeof token !== 'string') {
    return <p>This link is not complete.</p>;
  }
  const event = events.get(type);
  if (event === undefined) {
    // The shop has no page of its own for it: Rekey hosts one for every kind of link, below its `PUBLIC_URL`.
    const { REKEY_PAGE: hostedPage = 'http://localhost:8042/local' } = process.env;
    redirect(`${hostedPage}?${new URLSearchParams(query as Record<string, string>)}`);
  }
  return (
    <>
      <WithoutToken />
      <p>{event} If that was not you, lock your account.</p>
      <Form action="/api/account" button="It was not me: lock my account">
        <input type="hidden" name="token" value={token} />
      </Form>
    </>
  );
}
