import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { isLockKind, type Origin, purposes } from '@rekey/domain';
import type { Told } from '@rekey/usecases';
import {
  commonWords,
  defuse,
  defuseAddress,
  deviceInWords,
  english,
  type Html,
  html,
  type Language,
  languageOf,
  lockNotices,
  notices,
  preferred,
  type Speech,
  timeInWords,
} from '@rekey/wording';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { layout, list, paragraphs, type Setting, sendPage } from './layout.ts';
import { linkCookie } from './link-cookie.ts';
import { texts } from './texts/index.ts';

const TOKEN = 'example.one-time-token';

/** The query of a mailed link. Its address is for pages of services: Rekey's own shows the one that it knows. */
const Link = Type.Object({
  type: Type.Enum(purposes, { examples: ['update_password'] }),
  token: Type.String({ examples: [TOKEN] }),
});
const GivenLinkToken = Type.Object({ token: Type.String({ examples: [TOKEN] }) }, strict);

/** The page of a mailed link, for services that have none of their own. */
export const local =
  (
    { useCases, options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
  ): FastifyPluginAsyncTypebox =>
  async (app) => {
    const cookie = linkCookie(options);
    const settingFor = ({ locale }: Told) => settingIn(languageOf(locale) ?? english);

    /**
     * Shows, and never acts: scanners and previews open links too. A browser is sent on to a page without the token in
     * its URL, which would stay in its history.
     */
    app.get('/local', { schema: { isHidden: true, querystring: Link } }, async (request, reply) => {
      const { token } = request.query;
      const told = await useCases.deliveries.readNotice.execute(actorOf(request), { token });
      if (request.headers['sec-fetch-mode'] === 'navigate') {
        return reply.header('set-cookie', cookie.write(token)).redirect('local/notice', 303);
      }
      return sendPage(reply, confirmPage(settingFor(told), token, told));
    });

    app.get('/local/notice', { schema: { isHidden: true } }, async (request, reply) => {
      const token = cookie.read(request);
      if (token === undefined) {
        const setting = settingIn(preferred(request.headers['accept-language']));
        return sendPage(reply.code(400), lostPage(below(setting)));
      }
      const told = await useCases.deliveries.readNotice.execute(actorOf(request), { token });
      return sendPage(reply, confirmPage(below(settingFor(told)), token, told));
    });

    app.post(
      '/local',
      {
        // The token is the proof, and no other site knows it.
        onRequest: refuseForeignSites(options.publicUrl, { mayHide: true }),
        schema: { isHidden: true, body: GivenLinkToken },
      },
      async (request, reply) => {
        const { token } = request.body;
        const actor = actorOf(request);
        const told = await useCases.deliveries.readNotice.execute(actor, { token });
        await useCases.passwords.revokeUpdatePassword.execute(actor, { token });
        reply.header('set-cookie', cookie.clear());
        return sendPage(reply, lockedPage(settingFor(told), told));
      },
    );
  };

/** For a page that is below `/local`, as its files are. */
const below = (setting: Setting): Setting => ({ ...setting, base: '' });

/** Asks before anything is done: mail scanners open links, people press buttons. */
function confirmPage(setting: Setting, token: string, told: Told): Html {
  const { language, locale } = setting.speech;
  const { confirm } = texts[language];
  const words = commonWords[language];
  const facts = [
    [words.account, told.email],
    [words.when, timeInWords(told.happenedAt, locale, told.timezone)],
    [words.address, defuseAddress(told.origin.address) || words.unknown],
    [words.client, deviceOf(told.origin, language)],
  ] as const;
  return layout(setting, {
    title: confirm.title,
    sign: 'question',
    body: html`<p class="lead">${notices[told.purpose][language].happened(told.serviceName)}</p>
<dl>
${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>
<p>${words.wasYou} ${confirm.close}</p>
<p class="turn">${words.wasNotYou}</p>
<form method="post" action="${setting.base === '' ? '../local' : 'local'}">
<input type="hidden" name="token" value="${token}">
<button class="danger" type="submit">${words.button}</button>
</form>
<p class="quiet">${confirm.nothingYet}</p>
<h2>${confirm.whatItDoes}</h2>
${list(confirm.effects)}`,
  });
}

/** The name of the device, and small behind it what the client said. */
function deviceOf({ client }: Origin, language: Language): Html {
  const claim = defuse(client ?? '');
  const name = html`${deviceInWords(client, language)}`;
  return claim === '' ? name : html`${name}<br><small class="quiet">${claim}</small>`;
}

/** For a browser that did not keep the cookie, or not until now. */
function lostPage(setting: Setting): Html {
  const { lost } = texts[setting.speech.language];
  return layout(setting, {
    title: lost.title,
    sign: 'info',
    body: html`${paragraphs(lost.paragraphs)}`,
  });
}

/** Says that the account is locked, and names the effects and the next steps. */
function lockedPage(setting: Setting, { purpose, serviceName }: Told): Html {
  const { language } = setting.speech;
  const { locked } = texts[language];
  const report = isLockKind(purpose)
    ? `${lockNotices[purpose][language].report(serviceName)} `
    : '';
  return layout(setting, {
    title: locked.title,
    sign: 'done',
    body: html`<p class="lead">${locked.done}</p>
<h2>${locked.next}</h2>
${list([`${report}${locked.reopen}`, ...locked.steps])}`,
  });
}
