/** A message of a stream of events (HTML Living Standard, 9.2.6); a field that is missing is empty. */
export type Message = { readonly id: string; readonly event: string; readonly data: string };

/** Longer than any message of Rekey: a stream that is none must not fill the memory. */
const MAX_LENGTH = 1024 * 1024;

/** The messages of a stream of events, as they come. */
export async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      for (;;) {
        const end = /\r\n\r\n|\n\n|\r\r/.exec(text);
        if (end === null) break;
        yield messageOf(text.slice(0, end.index));
        text = text.slice(end.index + end[0].length);
      }
      if (text.length > MAX_LENGTH) throw new Error('a message is too long');
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function messageOf(text: string): Message {
  const fields = { id: '', event: '', data: '' };
  const data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const at = line.indexOf(':');
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id' || name === 'event') fields[name] = value;
  }
  return { ...fields, data: data.join('\n') };
}
