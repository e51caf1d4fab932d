/** The sender of all mails: the From header, the envelope, and the domain of every Message-ID. */
export type Sender = { readonly name: string; readonly address: string };

const FORM = /^(?:([^<>@]*)<([^<>]*)>|([^<>]*))$/;

/** ASCII only: other addresses have a punycode form. One label is enough, `localhost` for one. */
const ADDRESS =
  /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i;

/** `Name <address>`, `"Name" <address>` or a bare address; throws an Error that says what is wrong. */
export function parseMailFrom(text: string): Sender {
  const [, name = '', inBrackets, bare = ''] = FORM.exec(text.trim()) ?? [];
  const address = (inBrackets ?? bare).trim();
  if (!ADDRESS.test(address)) {
    throw new Error('MAIL_FROM must be one address, such as: Rekey <no-reply@example.com>');
  }
  const unquoted = name.trim().replace(/^"(.*)"$/, '$1');
  if (/["\\\p{C}]/u.test(unquoted)) {
    throw new Error(
      'MAIL_FROM must have a name without quotes, backslashes and control characters',
    );
  }
  return { name: unquoted, address };
}
