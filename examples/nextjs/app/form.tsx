'use client';

import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';

/** Sends its fields to a route handler, says what came of it, and shows the page anew. */
export function Form({
  action,
  button,
  children,
}: {
  readonly action: string;
  readonly button: string;
  readonly children?: ReactNode;
}) {
  const router = useRouter();
  const [message, setMessage] = useState('');
  // Names what is sent, until an answer comes: it is done once, however often the button is pressed.
  const once = useRef('');

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    once.current ||= crypto.randomUUID();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...fields, once: once.current });
    try {
      const response = await fetch(action, { method: 'POST', headers, body });
      const { message: said } = await response.json();
      const wait = response.headers.get('retry-after');
      setMessage(wait ? `${said} (${wait} s)` : said);
      once.current = '';
      if (response.ok) router.refresh();
    } catch {
      setMessage('No answer came. Please try again.');
    }
  }

  return (
    <form onSubmit={(event) => void send(event)}>
      {children}
      <button type="submit">{button}</button>
      <p role="status">{message}</p>
    </form>
  );
}
