import { minPasswordLength } from '@rekey/domain';
import { type Html, html, preferred, type Speech } from '@rekey/wording';
import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import { layout, paragraphs, type Setting, sendPage, urlOf } from './layout.ts';
import { texts } from './texts/index.ts';

/** The page for a new password, and the way there. */
export const changePassword =
  (
    { options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
    policy: string,
  ): FastifyPluginAsync =>
  async (app) => {
    /** The one page with a script, which speaks to this server. */
    const scriptPolicy = `${policy}; script-src 'self'; connect-src 'self'`;

    app.get(
      '/local/change-password',
      { schema: { isHidden: true } },
      async ({ headers }, reply) => {
        reply.header('content-security-policy', scriptPolicy);
        return sendPage(reply, page(settingIn(preferred(headers['accept-language']))));
      },
    );

    /** W3C, A Well-Known URL for Changing Passwords: a redirect. It names no host but our own, whatever was asked for. */
    app.get(
      '/.well-known/change-password',
      { schema: { isHidden: true } },
      async (_request, reply) => reply.redirect(`${options.publicUrl}/local/change-password`, 303),
    );
  };

/**
 * A form that only its script can send. It is hidden until the script runs: sent without it, the passwords
 * would be a query in the address bar, or a body that nobody reads.
 */
function page(setting: Setting): Html {
  const { speech, options } = setting;
  const { change, script } = texts[speech.language];
  const min = String(minPasswordLength[options.passwordPolicy]);
  const rule = change.rule.replace('{min}', min);
  return layout(setting, {
    title: change.title,
    sign: 'key',
    script: 'change-password.js',
    body: html`<p class="lead">${change.lead(options.brandName)}</p>
<p id="needs-script">${change.needsScript}</p>
<form id="change" method="post" novalidate hidden
  data-min="${min}"
  data-name="${options.brandName}"
  data-meter="${urlOf(setting, 'zxcvbn-core.js')} ${urlOf(setting, 'zxcvbn-common.js')}"
  data-texts="${JSON.stringify(script)}">
${field('email', change.email, html`type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"`)}
${field('password', change.password, html`type="password" autocomplete="current-password"`)}
${field('newPassword', change.newPassword, html`type="password" autocomplete="new-password" passwordrules="minlength: ${min};"`, rule)}
<div id="strength" class="strength" hidden><span aria-hidden="true"></span><p role="status"></p></div>
<label class="show"><input type="checkbox" id="show"> ${change.show}</label>
<p id="fault" class="fault" role="alert"></p>
<button type="submit">${change.button}</button>
</form>
<template id="done"><h1 tabindex="-1">${change.done.title}</h1>
${paragraphs(change.done.paragraphs)}</template>`,
  });
}

function field(name: string, label: string, attributes: Html, hint?: string): Html {
  const ids = hint === undefined ? `${name}-fault` : `${name}-hint ${name}-fault`;
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" required ${attributes} aria-describedby="${ids}">
${hint === undefined ? '' : html`<p id="${name}-hint" class="quiet">${hint}</p>\n`}<p id="${name}-fault" class="fault"></p>
</div>`;
}
