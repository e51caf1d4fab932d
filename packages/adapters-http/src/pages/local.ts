import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type GrantKind,
  hasLink,
  IllegalArgument,
  InvalidOneTimeToken,
  isLockKind,
  purposes,
  WrongState,
} from '@rekey/domain';
import type { Told, UsedLink } from '@rekey/usecases';
import {
  english,
  type Html,
  html,
  languageOf,
  newsNotices,
  preferred,
  type Speech,
} from '@rekey/wording';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import { refuseForeignSites } from '../server/cross-site.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { factsOf } from './facts.ts';
import { grantedPage, grantPage, setsPassword } from './grant-page.ts';
import { grantsOf } from './grants.ts';
import { calmPage, layout, type Setting, sendPage } from './layout.ts';
import { linkCookie } from './link-cookie.ts';
import { lockedPage, lockPage } from './lock-page.ts';
import { reasonOf } from './new-password.ts';
import { texts } from './texts/index.ts';
import { usedPage } from './used-page.ts';

const TOKEN = 'example.one-time-token';

/** The query of a mailed link. Its address is for pages of services: Rekey's own shows the one that it knows. */
const Link = Type.Object({
  type: Type.Enum(purposes, { examples: ['update_password'] }),
  token: Type.String({ examples: [TOKEN] }),
});
const GivenLinkToken = Type.Object({ token: Type.String({ examples: [TOKEN] }) }, strict);
const GivenLink = Type.Object(
  {
    token: Type.String({ examples: [TOKEN] }),
    /** The second button of a link that can do two things. */
    act: Type.Optional(Type.Enum(['lock'], { examples: ['lock'] })),
    password: Type.Optional(Type.String({ examples: ['correct horse'] })),
  },
  strict,
);

/** What a link is about, or what became of it. */
type Seen = { readonly told: Told } | { readonly used: UsedLink };

/** The page of a mailed link. */
export const local =
  (
    { useCases, options }: HttpDeps,
    settingIn: (speech: Speech) => Setting,
    /** Of a page whose scripts speak to nobody. */
    scriptPolicy: string,
  ): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { deliveries, recovery } = useCases;
    const cookie = linkCookie(options);
    const grants = grantsOf(useCases);
    const settingFor = ({ locale }: Pick<Told, 'locale'>) =>
      settingIn(languageOf(locale) ?? english);
    // The token is the proof, and no other site knows it.
    const onRequest = refuseForeignSites(options.publicUrl, { mayHide: true });

    /**
     * Shows, and never acts: scanners and previews open links too. A browser is sent on to a page without the token in
     * its URL, which would stay in its history.
     */
    app.get('/local', { schema: { isHidden: true, querystring: Link } }, async (request, reply) => {
      const { token } = request.query;
      const seen = await look(request, token);
      if (request.headers['sec-fetch-mode'] === 'navigate') {
        return reply.header('set-cookie', cookie.write(token)).redirect('local/notice', 303);
      }
      return show(reply, settingFor, token, seen);
    });

    app.get('/local/notice', { schema: { isHidden: true } }, async (request, reply) => {
      const token = cookie.read(request);
      if (token === undefined) {
        const setting = settingIn(preferred(request.headers['accept-language']));
        const { lost } = texts[setting.speech.language];
        return sendPage(reply.code(400), calmPage(below(setting), lost));
      }
      const seen = await look(request, token);
      return show(reply, (told) => below(settingFor(told)), token, seen);
    });

    app.post(
      '/local',
      { onRequest, schema: { isHidden: true, body: GivenLink } },
      async (request, reply) => {
        const { token, act, password } = request.body;
        const seen = await look(request, token);
        if ('used' in seen) return show(reply, settingFor, token, seen);
        const { told } = seen;
        const setting = settingFor(told);
        const page =
          isLockKind(told.purpose) || (told.purpose === 'validate_email' && act === 'lock')
            ? await lock(request, setting, token, told)
            : await grant(request, setting, { token, password }, told);
        if (page === null) {
          const since = await look(request, token);
          if ('told' in since) throw new InvalidOneTimeToken();
          return show(reply, settingFor, token, since);
        }
        if ('refused' in page) return send(reply.code(400), page.refused);
        reply.header('set-cookie', cookie.clear());
        return sendPage(reply, page.done);
      },
    );

    app.post(
      '/local/recover',
      { onRequest, schema: { isHidden: true, body: GivenLinkToken } },
      async (request, reply) => {
        const { token } = request.body;
        const used = await deliveries.readUsedLink.execute(actorOf(request), { token });
        if (used === null) throw new InvalidOneTimeToken();
        const setting = below(settingFor(used));
        const { done } = texts[setting.speech.language].locked.recover;
        try {
          await recovery.recoverByOwner.execute(actorOf(request), { token });
        } catch (error) {
          // Somebody was quicker, and the account is open.
          if (!(error instanceof WrongState)) throw error;
          throw new InvalidOneTimeToken();
        }
        return sendPage(reply, calmPage(setting, done, { supportUrl: used.supportUrl }));
      },
    );

    /** What whoever holds the token may know. Throws `InvalidOneTimeToken` where that is nothing. */
    async function look(request: FastifyRequest, token: string): Promise<Seen> {
      const actor = actorOf(request);
      try {
        return { told: await deliveries.readNotice.execute(actor, { token }) };
      } catch (error) {
        if (!(error instanceof InvalidOneTimeToken)) throw error;
        const used = await deliveries.readUsedLink.execute(actor, { token });
        if (used === null) throw error;
        return { used };
      }
    }

    function show(
      reply: FastifyReply,
      settingOf: (person: Pick<Told, 'locale'>) => Setting,
      token: string,
      seen: Seen,
    ): FastifyReply {
      if ('used' in seen) {
        return sendPage(reply.code(400), usedPage(settingOf(seen.used), token, seen.used));
      }
      return send(reply, pageOf(settingOf(seen.told), token, seen.told));
    }

    /** A page that may have a script. */
    const send = (reply: FastifyReply, page: Html): FastifyReply => {
      if (page.html.includes('<script ')) reply.header('content-security-policy', scriptPolicy);
      return sendPage(reply, page);
    };

    /** Null where the token is not good any more. */
    async function lock(request: FastifyRequest, setting: Setting, token: string, told: Told) {
      try {
        await recovery.lockAccount.execute(actorOf(request), { token });
        return { done: lockedPage(setting, token, told) };
      } catch (error) {
        if (error instanceof InvalidOneTimeToken) return null;
        throw error;
      }
    }

    /** Null where the token is not good any more. */
    async function grant(
      request: FastifyRequest,
      setting: Setting,
      { token, password = '' }: { readonly token: string; readonly password?: string | undefined },
      told: Told,
    ) {
      const kind = grantKindOf(told);
      if (kind === null) throw new InvalidOneTimeToken();
      const refusedFor = (fault: string) => ({
        refused: grantPage(setting, token, told, { kind, fault }),
      });
      const { script } = texts[setting.speech.language];
      if (setsPassword(kind) && password === '') return refusedFor(script.required);
      try {
        await grants[kind](actorOf(request), { token, password });
        return { done: grantedPage(setting, told, kind) };
      } catch (error) {
        if (error instanceof InvalidOneTimeToken) return null;
        if (!(error instanceof IllegalArgument)) throw error;
        return refusedFor(reasonOf(error.violations, setting));
      }
    }
  };

/** The kind of a grant, which differs from its purpose where the words do; null for other links. */
function grantKindOf({ purpose, isJoining }: Told): GrantKind | null {
  if (isLockKind(purpose) || !hasLink(purpose)) return null;
  return isJoining ? 'register_known' : purpose;
}

function pageOf(setting: Setting, token: string, told: Told): Html {
  const { purpose } = told;
  if (isLockKind(purpose)) return lockPage(setting, token, { ...told, purpose });
  const kind = grantKindOf(told);
  return kind === null ? newsPage(setting, told) : grantPage(setting, token, told, { kind });
}

/** Tells what happened, where there is nothing to press. */
function newsPage(setting: Setting, told: Told): Html {
  const { subject, happened, next } = newsNotices.key_expiring[setting.speech.language];
  const { serviceName, supportUrl } = told;
  return layout(setting, {
    title: subject(serviceName),
    sign: 'info',
    supportUrl,
    body: html`<p class="lead">${happened(serviceName)}</p>
<p>${next(serviceName)}</p>
${factsOf(setting, told)}`,
  });
}

/** For a page that is below `/local`, as its files are. */
const below = (setting: Setting): Setting => ({ ...setting, base: '' });
