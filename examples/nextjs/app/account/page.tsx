import { Form } from '../form';

type Query = Promise<Readonly<Record<string, string | string[] | undefined>>>;

/** The link of the mail leads here. Opening it changes nothing: mail scanners open links too. */
export default async function Account({ searchParams }: { readonly searchParams: Query }) {
  const { type, token } = await searchParams;
  if (type !== 'update_password' || typeof token !== 'string')
    return <p>This link is not complete.</p>;
  return (
    <>
      <p>Your password was changed. If that was not you, lock your account.</p>
      <Form action="/api/account" button="It was not me: lock my account">
        <input type="hidden" name="token" value={token} />
      </Form>
    </>
  );
}
