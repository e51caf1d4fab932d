import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { canonicalEmail } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { consumes } from '../body.ts';
import type { HttpDeps } from '../deps.ts';
import { FORM, takeForms } from '../form/urlencoded.ts';
import { logFailure } from '../log.ts';
import { originOf } from '../origin.ts';
import { answerTo, HttpError } from '../problem.ts';
import type { Html } from './html.ts';
import {
  brokenPage,
  confirmPage,
  deadLinkPage,
  foreignPage,
  laterPage,
  shutPage,
} from './pages.ts';
import { STYLE } from './style.ts';

const RevokeToken = Type.Object({ token: Type.String() }, { additionalProperties: false });

/** No script at all, styles from here, and forms that go nowhere else. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The pages for services that have none of their own: where the link of the mail leads to. */
export const pages =
  ({ revokeUpdatePassword, log, options }: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await takeForms(app);
    app.setErrorHandler(sendErrorPage);
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('content-security-policy', POLICY);
      done();
    });

    app.get('/local/style.css', async (_request, reply) =>
      reply.type('text/css; charset=utf-8').send(STYLE),
    );

    /** Shows, and never acts: scanners and previews open links too. */
    app.get('/local', async ({ query }, reply) => {
      const { type, email, token } = query as Record<string, unknown>;
      if (type !== 'update_password' || typeof token !== 'string' || token === '') {
        return sendPage(reply.code(400), deadLinkPage);
      }
      // The address is only shown; what is none would be somebody else's text on our page.
      const shown = typeof email === 'string' ? canonicalEmail(email) : null;
      return sendPage(reply, confirmPage(token, shown));
    });

    app.post(
      '/local',
      { onRequest: [refuseForeignSites, consumes(FORM)], schema: { body: RevokeToken } },
      async (request, reply) => {
        const { token } = request.body;
        const origin = originOf(request);
        await revokeUpdatePassword.execute({ token, presentedBy: 'hosted', origin });
        return sendPage(reply, shutPage);
      },
    );

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
      sendPage(reply.code(problem.status).headers(headers), pageFor(problem.status, request.id));
    }
  };

function pageFor(status: number, requestId: string): Html {
  if (status === 403) return foreignPage;
  if (status === 503) return laterPage;
  return status === 500 ? brokenPage(requestId) : deadLinkPage;
}

const sendPage = (reply: FastifyReply, page: Html) =>
  reply.type('text/html; charset=utf-8').send(page.html);
