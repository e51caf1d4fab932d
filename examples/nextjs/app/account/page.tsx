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
  const { type, token } = await searchParams;
  const event = events.get(String(type));
  if (event === undefined || typeof token !== 'string') return <p>This link is not complete.</p>;
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
