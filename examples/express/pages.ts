import type { Key, Passkey, Session, ShownSeed, User } from '@rekey/client';

const escaped = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title>
<h1>Shop</h1>
${body}
`;

const hidden = (name: string, value: string) =>
  `<input type="hidden" name="${name}" value="${escaped(value)}">`;

const home = '<p><a href="/">Home</a></p>';

export const messagePage = (message: string) => page(`<p>${escaped(message)}</p>\n${home}`);

/** The page behind the link of a mail, which says what the mail reports. */
export const accountPage = (event: string, token: string) =>
  page(`<p>${escaped(event)} If that was not you, lock your account.</p>
<form method="post" action="/account">
<input type="hidden" name="token" value="${escaped(token)}">
<button>It was not me: lock my account</button>
</form>`);

const newPassword = `<label>Now <input name="password" type="password" autocomplete="current-password" required></label>
<label>New <input name="new_password" type="password" autocomplete="new-password" required></label>
<button>Change it</button>`;

/** A form that shows itself once its script finds that the browser has passkeys. */
const passkeyForm = (act: 'create' | 'get', action: string, inside: string) =>
  `<form method="post" action="${action}" data-passkey="${act}" hidden>
${hidden('response', '')}
${inside}
<output></output>
</form>
<script src="/passkeys.js" defer></script>`;

const passkeySignIn = passkeyForm(
  'get',
  '/login/passkey',
  '<button>Sign in with a passkey</button>',
);

export const homePage = (user: User | null) =>
  page(
    user === null
      ? `<h2>Sign up</h2>
<form method="post" action="/sign-up">
<label>Name <input name="name" autocomplete="name" required></label>
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="new-password" required></label>
<button>Sign up</button>
</form>
<h2>Log in</h2>
<form method="post" action="/login">
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
${passkeySignIn}
<p><a href="/sign-in/google">Sign in with Google</a> <a href="/sign-in/github">Sign in with GitHub</a></p>
<h2>Change the password</h2>
<form method="post" action="/password">
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
${newPassword}
</form>`
      : `<p>Hello, ${escaped(user.name)}.</p>
<p><a href="/profile">Profile</a> <a href="/sessions">Devices</a> <a href="/keys">API keys</a> <a href="/security">Security</a></p>
<h2>Change the password</h2>
<form method="post" action="/password">
${newPassword}
</form>
<form method="post" action="/logout"><button>Log out</button></form>`,
  );

export const profilePage = ({ name, email, locale, attributes }: User) =>
  page(`<h2>Profile</h2>
<p>${escaped(email)}</p>
<form method="post" action="/profile">
<label>Name <input name="name" value="${escaped(name)}" autocomplete="name" required></label>
<label>Language <input name="locale" value="${escaped(locale)}" required></label>
<label><input name="newsletter" type="checkbox" value="true"${'newsletter' in attributes && attributes.newsletter === true ? ' checked' : ''}> Send me the newsletter</label>
<button>Save</button>
</form>
${home}`);

export const sessionsPage = (user: User, sessions: readonly Session[], currentId: string) =>
  page(`<h2>Devices</h2>
<table>
<tr><th>Device</th><th>Address</th><th>Logged in</th><th>Last used</th><th></th></tr>
${sessions.map((session) => sessionRow(user, session, session.id === currentId)).join('\n')}
</table>
<form method="post" action="/logout">
<button name="all" value="true">Sign out everywhere</button>
</form>
${home}`);

const sessionRow = (user: User, session: Session, isCurrent: boolean) => `<tr>
<td>${escaped(session.user_agent ?? 'unknown')}${isCurrent ? ' (this one)' : ''}</td>
<td>${escaped(session.remote)}</td>
<td>${timeFor(user, session.created_at)}</td>
<td>${timeFor(user, session.last_used_at)}</td>
<td><form method="post" action="/sessions/end">${hidden('id', session.id)}<button>Sign out</button></form></td>
</tr>`;

export const keysPage = (user: User, keys: readonly Key[], scopes: readonly string[]) =>
  page(`<h2>API keys</h2>
<table>
<tr><th>Name</th><th>Key</th><th>May</th><th>Expires</th><th>Last used</th><th></th></tr>
${keys.map((key) => keyRow(user, key)).join('\n')}
</table>
<h3>A new key</h3>
<form method="post" action="/keys">
${once()}
<label>Name <input name="name" required></label>
${scopes.map((scope) => `<label><input name="scopes" type="checkbox" value="${scope}"> ${scope}</label>`).join('\n')}
<label>Expires <input name="expires" type="date"></label>
<button>Make it</button>
</form>
${home}`);

const keyRow = (user: User, key: Key) => `<tr>
<td>${escaped(key.name)}</td>
<td>rku_${key.prefix}…</td>
<td>${escaped(key.scopes.join(', '))}</td>
<td>${timeFor(user, key.expires_at)}</td>
<td>${timeFor(user, key.last_used_at)}</td>
<td>
<form method="post" action="/keys/rotate">${hidden('id', key.id)}${once()}<button>Replace</button></form>
<form method="post" action="/keys/delete">${hidden('id', key.id)}<button>Delete</button></form>
</td>
</tr>`;

/** Rekey shows the value of a key once, and so does the shop. */
export const newKeyPage = (value: string) =>
  page(`<p>Your key, which is not shown again: <code>${escaped(value)}</code></p>
<p><a href="/keys">API keys</a></p>`);

const code = (label: string) =>
  `<label>${label} <input name="code" autocomplete="one-time-code" required></label>`;

const wrongCode =
  '<p role="alert">This code is not right, or was used before. Please try the next one.</p>';

/** Asks for the second factor of a login. Whoever takes longer than five minutes logs in anew. */
export const factorPage = (challenge: string, { isAgain = false } = {}) =>
  page(`<h2>Log in</h2>
${isAgain ? wrongCode : ''}
<form method="post" action="/login/factor">
${hidden('challenge', challenge)}
${code('The code that your app shows, or a recovery code')}
<button>Log in</button>
</form>
${passkeySignIn}
${home}`);

/** Asks somebody who is logged in once more. */
export const proofPage = () =>
  page(`<p>Please prove that it is you. With an authenticator app, a code of it is enough.</p>
<form method="post" action="/prove">
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<label>Code <input name="code" autocomplete="one-time-code"></label>
<button>Go on</button>
</form>
${passkeySignIn}
${home}`);

export const securityPage = (user: User, passkeys: readonly Passkey[]) =>
  page(`<h2>Passkeys</h2>
<table>
<tr><th>Name</th><th>Added</th><th>Last used</th><th></th></tr>
${passkeys.map((passkey) => passkeyRow(user, passkey)).join('\n')}
</table>
${passkeyForm('create', '/passkeys', '<label>Name <input name="name"></label>\n<button>Add a passkey</button>')}
<h2>Authenticator app</h2>
<form method="post" action="/authenticator">
<label>A code, if you have an app already <input name="code" autocomplete="one-time-code"></label>
<button>Set up an app</button>
<button formaction="/authenticator/recovery-codes">New recovery codes</button>
<button formaction="/authenticator/remove">Remove the app</button>
</form>
${home}`);

const passkeyRow = (user: User, passkey: Passkey) => `<tr>
<td>${escaped(passkey.name)}</td>
<td>${timeFor(user, passkey.created_at)}</td>
<td>${timeFor(user, passkey.last_used_at)}</td>
<td><form method="post" action="/passkeys/remove">${hidden('id', passkey.id)}<button>Remove</button></form></td>
</tr>`;

const confirmForm = `<form method="post" action="/authenticator/confirm">
${code('The code that the app shows')}
<button>Confirm</button>
</form>`;

export const seedPage = ({ secret, png }: ShownSeed) =>
  page(`<h2>Set up an app</h2>
<p>Scan this with the app, or type the text.</p>
<p><img src="data:image/png;base64,${png}" alt="QR code"></p>
<p><code>${secret}</code></p>
${confirmForm}
${home}`);

/** Rekey shows a seed once: the app has it by now. */
export const confirmPage = () => page(`${wrongCode}\n${confirmForm}\n${home}`);

/** Rekey shows recovery codes once, and so does the shop. */
export const recoveryCodesPage = (codes: readonly string[]) =>
  page(`<p>Your recovery codes, which are not shown again. Each works once, in the place of a code.</p>
<pre>${codes.join('\n')}</pre>
<p><a href="/security">Security</a></p>`);

/** Names the form that is sent: Rekey does it once, however often it comes. */
const once = () => hidden('once', crypto.randomUUID());

/** In the language and on the clock of the user. */
const timeFor = ({ locale, timezone: timeZone }: User, time: string | null) =>
  time === null
    ? 'never'
    : escaped(
        new Intl.DateTimeFormat(locale, {
          dateStyle: 'medium',
          timeStyle: 'short',
          timeZone,
        }).format(new Date(time)),
      );
