import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { InvalidRevokeToken } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { FORM, takeForms } from '../form/urlencoded.ts';
import { logFailure } from '../log.ts';
import { originOf } from '../origin.ts';
import { answerTo, HttpError } from '../problem.ts';
import { assetsOf, sendAsset } from './assets.ts';
import { changePage } from './change-page.ts';
import type { Html } from './html.ts';
import { listen, type Speech, speak } from './language.ts';
import type { Setting } from './layout.ts';
import { brokenPage, calmPage, confirmPage, shutPage } from './link-pages.ts';

const RevokeToken = Type.Object({ token: Type.String() }, { additionalProperties: false });

/** Files from here alone, and nothing written into a page but text. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The one page with a script, which speaks to this server. */
const SCRIPT_POLICY = `${POLICY}; script-src 'self'; connect-src 'self'`;

/** The pages for people: where the link of the mail leads to, for services that have none of their own, and a new password. */
export const pages =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { readPasswordChange, revokeUpdatePassword, log, options } = deps;
    const assets = assetsOf(options);
    await takeForms(app);
    app.setErrorHandler(sendErrorPage);
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('content-security-policy', POLICY);
      done();
    });

    /** Shows, and never acts: scanners and previews open links too. */
    app.get('/local', async ({ query }, reply) => {
      const { type, token } = query as Record<string, unknown>;
      const isWhole = type === 'update_password' && typeof token === 'string';
      if (!isWhole) throw new InvalidRevokeToken();
      const change = await readPasswordChange.execute({ token });
      return sendPage(reply, confirmPage(settingIn(speak(change.locale)), token, change));
    });

    app.post(
      '/local',
      { onRequest: [refuseForeignSites, consumes(FORM)], schema: { body: RevokeToken } },
      async (request, reply) => {
        const { token } = request.body;
        const change = await readPasswordChange.execute({ token });
        const origin = originOf(request);
        await revokeUpdatePassword.execute({ token, presentedBy: 'hosted', origin });
        return sendPage(reply, shutPage(settingIn(speak(change.locale)), change));
      },
    );

    app.get('/local/change-password', async ({ headers }, reply) => {
      reply.header('content-security-policy', SCRIPT_POLICY);
      const speech = listen(headers['accept-language']);
      return sendPage(reply, changePage({ ...settingIn(speech), base: '' }));
    });

    /** W3C, A Well-Known URL for Changing Passwords: a redirect. It names no host but our own, whatever was asked for. */
    app.get('/.well-known/change-password', async (_request, reply) =>
      reply.redirect(`${options.publicUrl}/local/change-password`, 303),
    );

    for (const [name, asset] of Object.entries(assets)) {
      if (asset) app.get(`/local/${name}`, sendAsset(asset));
    }

    const settingIn = (speech: Speech): Setting => ({ speech, options, assets, base: 'local/' });
    const ownOrigin = new URL(options.publicUrl).origin;

    /**
     * Browsers say where a form was sent from. What says nothing is let through, and so is `Origin: null`,
     * which our own page sends where Sec-Fetch-Site is missing, as it tells nobody where it is:
     * the token is the proof, and no other site knows it.
     */
    async function refuseForeignSites({ headers }: FastifyRequest): Promise<void> {
      const { 'sec-fetch-site': site, origin = 'null' } = headers;
      const isOwn =
        site === undefined
          ? origin === 'null' || origin === ownOrigin
          : site === 'same-origin' || site === 'none';
      if (!isOwn) throw new HttpError('cross_site_request', 'this form is not ours');
    }

    function sendErrorPage(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
      const { problem, headers } = answerTo(error, request);
      if (problem.status >= 500) logFailure(log, request, error);
      const setting = settingIn(listen(request.headers['accept-language']));
      const page = pageFor(problem.status, setting, request.id);
      sendPage(reply.code(problem.status).headers(headers), page);
    }
  };

function pageFor(status: number, setting: Setting, requestId: string): Html {
  if (status === 403) return calmPage(setting, 'foreign');
  if (status === 503) return calmPage(setting, 'later');
  return status === 500 ? brokenPage(setting, requestId) : calmPage(setting, 'dead');
}

const sendPage = (reply: FastifyReply, page: Html) =>
  reply.type('text/html; charset=utf-8').header('vary', 'Accept-Language').send(page.html);
