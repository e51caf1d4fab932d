import { type Html, html, preferred, type Speech } from '@rekey/wording';
import type { FastifyPluginAsync } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import { layout, paragraphs, type Setting, sendPage } from './layout.ts';
import { field, meterOf, minLength, newPasswordField } from './new-password.ts';
import { texts } from './texts/index.ts';

/** The page for a new password, and the way there. */
export const changePassword =
  (
    { options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
    /** Of a page whose scripts speak to this server. */
    scriptPolicy: string,
  ): FastifyPluginAsync =>
  async (app) => {
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
  const { change, script, forgot } = texts[speech.language];
  const { strengths: _, ...said } = script;
  return layout(setting, {
    title: change.title,
    sign: 'key',
    scripts: ['change-password.js', 'new-password.js'],
    body: html`<p class="lead">${change.lead(options.brandName)}</p>
<p id="needs-script">${change.needsScript}</p>
<form id="change" method="post" novalidate hidden
  data-min="${minLength(setting)}"
  ${meterOf(setting)}
  data-texts="${JSON.stringify(said)}">
${field({
  name: 'email',
  label: change.email,
  attributes: html`type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"`,
})}
${field({
  name: 'password',
  label: change.password,
  attributes: html`type="password" autocomplete="current-password"`,
})}
${newPasswordField(setting, 'newPassword', change.newPassword)}
${field({
  name: 'code',
  label: change.code,
  hint: change.codeHint,
  attributes: html`type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"`,
})}
<p id="fault" class="fault" role="alert"></p>
<button type="submit">${change.button}</button>
</form>
<p class="beside"><a href="forgot-password">${forgot.title}</a></p>
<template id="done"><h1 tabindex="-1">${change.done.title}</h1>
${paragraphs(change.done.paragraphs)}</template>`,
  });
}
