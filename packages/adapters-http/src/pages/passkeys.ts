import { type Html, html, preferred, type Speech } from '@rekey/wording';
import type { FastifyPluginAsync } from 'fastify';
import { layout, type Setting, sendPage } from './layout.ts';
import { field } from './new-password.ts';
import { texts } from './texts/index.ts';

/** The page on which people of the built-in service see, make, try and remove their passkeys. */
export const passkeys =
  (
    settingIn: (speech: Speech) => Setting,
    /** Of a page whose scripts speak to this server. */
    scriptPolicy: string,
  ): FastifyPluginAsync =>
  async (app) => {
    app.get('/local/passkeys', { schema: { isHidden: true } }, async ({ headers }, reply) => {
      reply.header('content-security-policy', scriptPolicy);
      return sendPage(reply, page(settingIn(preferred(headers['accept-language']))));
    });
  };

/** The token of the session stays in the script: it is gone with the page. */
function page(setting: Setting): Html {
  const { speech, options } = setting;
  const { change, passkeys, script, grant } = texts[speech.language];
  const { required, offline: _, ...said } = script;
  const { lead, says } = passkeys;
  return layout(setting, {
    title: passkeys.title,
    sign: 'key',
    scripts: ['passkeys.js'],
    body: html`<p class="lead">${lead(options.brandName)}</p>
<p id="needs-script">${passkeys.needsScript}</p>
<p id="cannot" hidden>${passkeys.cannot}</p>
<div id="passkeys" hidden
  data-texts="${JSON.stringify({ ...says, required, later: said.later, wait: said.wait })}">
<form id="enter" method="post" novalidate>
<button type="button" id="with-passkey">${passkeys.withPasskey}</button>
<p class="beside">${passkeys.orPassword}</p>
${field({
  name: 'email',
  label: change.email,
  attributes: html`type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"`,
})}
${field({
  name: 'password',
  label: grant.password,
  attributes: html`type="password" autocomplete="current-password"`,
})}
<div id="second" hidden>
${field({
  name: 'code',
  label: passkeys.code,
  attributes: html`type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"`,
})}
</div>
<button type="submit">${passkeys.withPassword}</button>
</form>
<form id="own" method="post" novalidate hidden>
<p id="none">${passkeys.none}</p>
<ul id="list"></ul>
${field({
  name: 'deviceName',
  label: passkeys.name,
  attributes: html`type="text" autocomplete="off" maxlength="100"`,
})}
<button type="submit">${passkeys.add}</button>
<p class="beside"><button type="button" id="leave">${passkeys.leave}</button></p>
</form>
<p id="fault" class="fault" role="alert"></p>
<p id="news" role="status"></p>
</div>`,
  });
}
