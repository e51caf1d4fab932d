import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  FactorDemanded,
  IllegalArgument,
  InvalidCredentials,
  Overloaded,
  TooManyRequests,
  Unavailable,
} from '@rekey/domain';
import { type Html, html, preferred, type Speech, waitInWords } from '@rekey/wording';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { strict } from '../server/fields.ts';
import { answerTo } from '../server/problem.ts';
import { calmPage, layout, paragraphs, type Setting, sendPage } from './layout.ts';
import { field, meterOf, minLength, newPasswordField, reasonOf } from './new-password.ts';
import { texts } from './texts/index.ts';

/** An empty code is none: browsers send every field of a form. */
const GivenChange = Type.Object(
  {
    email: Type.String({ examples: ['orion@example.com'] }),
    password: Type.String({ examples: ['not-a-real-password'] }),
    newPassword: Type.String({ examples: ['another-unreal-password'] }),
    code: Type.Optional(Type.String({ examples: ['000000'] })),
  },
  strict,
);

/** What is wrong, beside the field that it is about; `form`: above the button. */
type Faults = { readonly [name in keyof Static<typeof GivenChange> | 'form']?: string };

/**
 * The page for a new password, and the way there. Its script makes the change where it runs; without it the form is sent
 * here, with the code of a second factor in the same request: nothing waits anywhere between two steps.
 */
export const changePassword =
  (
    { useCases, options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
    /** Of a page whose scripts speak to this server. */
    scriptPolicy: string,
  ): FastifyPluginAsyncTypebox =>
  async (app) => {
    const settingOf = (acceptLanguage: string | undefined) => settingIn(preferred(acceptLanguage));
    const url = '/local/change-password';
    const cookie = deviceCookie(options);
    const send = (reply: FastifyReply, setting: Setting, faults?: Faults) =>
      sendPage(reply.header('content-security-policy', scriptPolicy), page(setting, faults));

    app.get(url, { schema: { isHidden: true } }, async ({ headers }, reply) =>
      send(reply, settingOf(headers['accept-language'])),
    );

    app.post(
      url,
      {
        // A page of somebody else must not guess in the name of those who look at it.
        onRequest: refuseForeignSites(options.publicUrl, { mayHide: true }),
        schema: { isHidden: true, errors: ['invalid_credentials'], body: GivenChange },
      },
      async (request, reply) => {
        const setting = settingOf(request.headers['accept-language']);
        const { change, script } = texts[setting.speech.language];
        const { email, password, newPassword, code = '' } = request.body;
        const empty = Object.entries({ email, password, newPassword }).filter(
          ([, is]) => is === '',
        );
        if (empty.length > 0) {
          const faults = Object.fromEntries(empty.map(([name]) => [name, script.required]));
          return send(reply.code(400), setting, faults);
        }
        const asked = { email, password, newPassword, device: cookie.read(request) };
        const proven = code === '' ? asked : { ...asked, code };
        try {
          const changed = await useCases.passwords.updatePassword.execute(actorOf(request), proven);
          cookie.keep(changed.device, request, reply);
          return sendPage(reply, calmPage(setting, change.done, { sign: 'done' }));
        } catch (error) {
          const faults = faultsOf(error, setting, { hasCode: code !== '' });
          if (faults === null) throw error;
          const { problem, headers } = answerTo(error, request);
          return send(reply.code(problem.status).headers(headers), setting, faults);
        }
      },
    );

    /** W3C, A Well-Known URL for Changing Passwords: a redirect. It names no host but our own, whatever was asked for. */
    app.get(
      '/.well-known/change-password',
      { schema: { isHidden: true } },
      async (_request, reply) => reply.redirect(`${options.publicUrl}${url}`, 303),
    );
  };

/** Null for a failure that is no refusal. It goes by what was sent, and tells no wrong code from a wrong password. */
function faultsOf(
  error: unknown,
  setting: Setting,
  { hasCode }: { hasCode: boolean },
): Faults | null {
  const { language } = setting.speech;
  const { script } = texts[language];
  if (error instanceof FactorDemanded) return { code: script.factor };
  if (error instanceof InvalidCredentials) {
    return { form: hasCode ? script.credentialsOrCode : script.credentials };
  }
  if (error instanceof TooManyRequests) {
    return { form: script.wait.replace('{time}', waitInWords(error.retryAfterS, language)) };
  }
  if (error instanceof Overloaded || error instanceof Unavailable) return { form: script.later };
  if (!(error instanceof IllegalArgument)) return null;
  const of = (name: string) => error.violations.filter(({ field }) => field === name);
  const [email, password, newPassword] = ['email', 'password', 'newPassword'].map(of);
  return {
    ...(email?.length && { email: script.email }),
    ...(password?.length && { password: script.credentials }),
    ...(newPassword?.length && { newPassword: reasonOf(newPassword, setting) }),
  };
}

/** No page sends back what was sent to it: the fields are empty again after a fault. */
function page(setting: Setting, faults: Faults = {}): Html {
  const { speech, options } = setting;
  const { change, script, forgot } = texts[speech.language];
  const { strengths: _, ...said } = script;
  return layout(setting, {
    title: change.title,
    sign: 'key',
    scripts: ['change-password.js', 'new-password.js'],
    body: html`<p class="lead">${change.lead(options.brandName)}</p>
<form id="change" method="post" novalidate
  data-min="${minLength(setting)}"
  ${meterOf(setting)}
  data-texts="${JSON.stringify(said)}">
${field({
  name: 'email',
  label: change.email,
  attributes: html`type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"`,
  fault: faults.email ?? '',
})}
${field({
  name: 'password',
  label: change.password,
  attributes: html`type="password" autocomplete="current-password"`,
  fault: faults.password ?? '',
})}
${newPasswordField(setting, 'newPassword', change.newPassword, faults.newPassword)}
${field({
  name: 'code',
  label: change.code,
  hint: change.codeHint,
  attributes: html`type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"`,
  isOptional: true,
  fault: faults.code ?? '',
})}
<p id="fault" class="fault" role="alert">${faults.form ?? ''}</p>
<button type="submit">${change.button}</button>
</form>
<p class="beside"><a href="forgot-password">${forgot.title}</a></p>
<template id="done"><h1 tabindex="-1">${change.done.title}</h1>
${paragraphs(change.done.paragraphs)}</template>`,
  });
}
