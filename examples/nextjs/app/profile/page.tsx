import { Box, Field } from '../fields';
import { Form } from '../form';
import { loggedIn } from '../visitor';

export default async function Profile() {
  const { user } = await loggedIn();
  const { newsletter = false } = user.attributes as { newsletter?: unknown };
  return (
    <>
      <h2>Profile</h2>
      <p>{user.email}</p>
      <Form action="/api/profile" button="Save">
        <Field label="Name" name="name" defaultValue={user.name} autoComplete="name" required />
        <Field label="Language" name="locale" defaultValue={user.locale} required />
        <Box
          label="Send me the newsletter"
          name="newsletter"
          defaultChecked={newsletter === true}
        />
      </Form>
    </>
  );
}
