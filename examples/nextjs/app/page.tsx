import { Form } from './form';

export default function Home() {
  return (
    <>
      <h2>Sign up</h2>
      <Form action="/api/sign-up" button="Sign up">
        <Field label="Name" name="name" autoComplete="name" />
        <Field label="E-mail" name="email" type="email" autoComplete="username" />
        <Field label="Password" name="password" type="password" autoComplete="new-password" />
      </Form>
      <h2>Log in</h2>
      <Form action="/api/login" button="Log in">
        <Field label="E-mail" name="email" type="email" autoComplete="username" />
        <Field label="Password" name="password" type="password" autoComplete="current-password" />
      </Form>
      <h2>Change the password</h2>
      <Form action="/api/password" button="Change it">
        <Field label="Now" name="password" type="password" autoComplete="current-password" />
        <Field label="New" name="new_password" type="password" autoComplete="new-password" />
      </Form>
    </>
  );
}

function Field({
  label,
  ...input
}: {
  readonly label: string;
  readonly name: string;
  readonly type?: string;
  readonly autoComplete: string;
}) {
  return (
    <label>
      {label} <input required {...input} />
    </label>
  );
}
