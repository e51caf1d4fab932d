'use client';

import { type FormEvent, type ReactNode, useState } from 'react';

/** Sends its fields to a route handler, and says what came of it. */
export function Form({
  action,
  button,
  children,
}: {
  readonly action: string;
  readonly button: string;
  readonly children: ReactNode;
}) {
  const [message, setMessage] = useState('');

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(action, { method: 'POST', headers, body: JSON.stringify(fields) });
    const { message: said } = await response.json();
    const wait = response.headers.get('retry-after');
    setMessage(wait ? `${said} (${wait} s)` : said);
  }

  return (
    <form onSubmit={(event) => void send(event)}>
      {children}
      <button type="submit">{button}</button>
      <p role="status">{message}</p>
    </form>
  );
}
