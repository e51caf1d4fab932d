import { type Html, html } from './html.ts';

function page(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="local/style.css">
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Asks before anything is done: mail scanners open links, people press buttons. */
export function confirmPage(token: string, email: string | null): Html {
  const whose =
    email === null ? html`your account` : html`the account of <strong>${email}</strong>`;
  return page(
    'Was it you?',
    html`<p>The password of ${whose} was changed.</p>
<p>If you did that, close this page: all is well.</p>
<p>If you did not, shut the account now:</p>
<ul>
<li>Whoever is signed in is signed out, everywhere.</li>
<li>The new password stops working, and so does every key.</li>
<li>The account stays shut until the service opens it for you again.</li>
</ul>
<form method="post" action="local">
<input type="hidden" name="token" value="${token}">
<button type="submit">This wasn’t me: shut the account</button>
</form>
<p class="quiet">Nothing has happened yet. Only the button shuts the account.</p>`,
  );
}

export const shutPage: Html = page(
  'The account is shut',
  html`<p>Everybody is signed out, the password no longer works, and every key of the account is revoked.</p>
<p>What to do now:</p>
<ul>
<li>Tell the service that somebody else changed your password; it can open the account for you again.</li>
<li>Change the password of your mailbox, if somebody may know it.</li>
<li>Where else you used the same password, change it there too.</li>
</ul>`,
);

/** Used, expired, unknown and incomplete links end here alike. */
export const deadLinkPage: Html = page(
  'This link does not work',
  html`<p>It was used already, it has expired, or a part of it is missing.</p>
<p>If you have pressed the button before, the account is shut and there is nothing left to do here.</p>
<p>If you have not, open the link from the mail once more, in full. If that does not help, ask the service to shut the account.</p>`,
);

export const foreignPage: Html = page(
  'Please use the link in the mail',
  html`<p>This request came from another website, so nothing was done.</p>
<p>Open the link in the mail, and press the button on the page that it leads to.</p>`,
);

export const laterPage: Html = page(
  'Please try again in a moment',
  html`<p>This did not work now, and nothing was done. The link stays good.</p>
<p>Go back and press the button once more in a minute.</p>`,
);

/** For what nobody foresaw; `requestId` finds it in the log. */
export const brokenPage = (requestId: string): Html =>
  page(
    'Something went wrong',
    html`<p>This is our fault. Go back and try once more in a minute.</p>
<p class="quiet">If it happens again, give the operator this number: ${requestId}</p>`,
  );
