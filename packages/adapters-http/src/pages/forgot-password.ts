import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IllegalArgument } from '@rekey/domain';
import { type Html, html, preferred, type Speech } from '@rekey/wording';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { strict } from '../server/fields.ts';
import { calmPage, layout, type Setting, sendPage } from './layout.ts';
import { field } from './new-password.ts';
import { texts } from './texts/index.ts';

const GivenEmail = Type.Object({ email: Type.String({ examples: ['orion@example.com'] }) }, strict);

/** "Forgot it?": the page that asks for a mail with a link. It answers alike, whether or not there is an account. */
export const forgotPassword =
  (
    { useCases, options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
  ): FastifyPluginAsyncTypebox =>
  async (app) => {
    const settingOf = (acceptLanguage: string | undefined) => settingIn(preferred(acceptLanguage));
    const url = '/local/forgot-password';
    const cookie = deviceCookie(options);

    app.get(url, { schema: { isHidden: true } }, async ({ headers }, reply) =>
      sendPage(reply, page(settingOf(headers['accept-language']))),
    );

    app.post(
      url,
      {
        // A page of somebody else must not start mails in the name of those who look at it.
        onRequest: refuseForeignSites(options.publicUrl, { mayHide: true }),
        schema: { isHidden: true, body: GivenEmail },
      },
      async (request, reply) => {
        const setting = settingOf(request.headers['accept-language']);
        const { script, forgot } = texts[setting.speech.language];
        const { email } = request.body;
        const device = cookie.read(request);
        try {
          await useCases.passwords.requestReset.execute(actorOf(request), { email, device });
        } catch (error) {
          if (!(error instanceof IllegalArgument)) throw error;
          return sendPage(reply.code(400), page(setting, script.email));
        }
        return sendPage(reply, calmPage(setting, forgot.done, { sign: 'done' }));
      },
    );
  };

/** The field is empty again after a fault: no page sends back what was sent to it. */
function page(setting: Setting, fault = ''): Html {
  const { speech, options } = setting;
  const { forgot, change } = texts[speech.language];
  return layout(setting, {
    title: forgot.title,
    sign: 'key',
    body: html`<p class="lead">${forgot.lead(options.brandName)}</p>
<form method="post">
${field({
  name: 'email',
  label: change.email,
  attributes: html`type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"`,
  fault,
})}
<button type="submit">${forgot.button}</button>
</form>`,
  });
}
