import Link from 'next/link';
import { Field } from './fields';
import { Form } from './form';
import { visitor } from './visitor';

export default async function Home() {
  const { user } = await visitor();
  if (user) {
    return (
      <>
        <p>Hello, {user.name}.</p>
        <p>
          <Link href="/profile">Profile</Link> <Link href="/sessions">Devices</Link>{' '}
          <Link href="/keys">API keys</Link>
        </p>
        <h2>Change the password</h2>
        <Form key="password" action="/api/password" button="Change it">
          <Password label="Now" name="password" autoComplete="current-password" />
          <Password label="New" name="new_password" autoComplete="new-password" />
        </Form>
        <Form key="logout" action="/api/logout" button="Log out" />
      </>
    );
  }
  return (
    <>
      <h2>Sign up</h2>
      <Form key="sign-up" action="/api/sign-up" button="Sign up">
        <Field label="Name" name="name" autoComplete="name" required />
        <Field label="E-mail" name="email" type="email" autoComplete="username" required />
        <Password label="Password" name="password" autoComplete="new-password" />
      </Form>
      <h2>Log in</h2>
      <Form key="login" action="/api/login" button="Log in">
        <Field label="E-mail" name="email" type="email" autoComplete="username" required />
        <Password label="Password" name="password" autoComplete="current-password" />
      </Form>
      <h2>Change the password</h2>
      <Form key="first" action="/api/password" button="Change it">
        <Field label="E-mail" name="email" type="email" autoComplete="username" required />
        <Password label="Now" name="password" autoComplete="current-password" />
        <Password label="New" name="new_password" autoComplete="new-password" />
      </Form>
    </>
  );
}

const Password = (props: {
  readonly label: string;
  readonly name: string;
  readonly autoComplete: string;
}) => <Field type="password" required {...props} />;
