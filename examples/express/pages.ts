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

export const messagePage = (message: string) =>
  page(`<p>${escaped(message)}</p>\n<p><a href="/">Home</a></p>`);

/** The page behind the link of a mail, which says what the mail reports. */
export const accountPage = (event: string, token: string) =>
  page(`<p>${escaped(event)} If that was not you, lock your account.</p>
<form method="post" action="/account">
<input type="hidden" name="token" value="${escaped(token)}">
<button>It was not me: lock my account</button>
</form>`);

export const homePage = (name: string | null) =>
  page(
    name === null
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
</form>`
      : `<p>Hello, ${escaped(name)}.</p>
<h2>Change the password</h2>
<form method="post" action="/password">
<label>Now <input name="password" type="password" autocomplete="current-password" required></label>
<label>New <input name="new_password" type="password" autocomplete="new-password" required></label>
<button>Change it</button>
</form>
<form method="post" action="/logout"><button>Log out on all devices</button></form>`,
  );
