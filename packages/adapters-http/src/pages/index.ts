import { preferred, type Speech } from '@rekey/wording';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from '../server/deps.ts';
import { formBody } from '../server/form.ts';
import { logFailure } from '../server/log.ts';
import { answerTo } from '../server/problem.ts';
import { speak } from '../server/routes.ts';
import { assetsOf, sendAsset } from './assets.ts';
import { changePassword } from './change-password.ts';
import { errorPage } from './errors.ts';
import { forgotPassword } from './forgot-password.ts';
import { type Setting, sendPage } from './layout.ts';
import { local } from './local.ts';
import { passkeys } from './passkeys.ts';
import { start } from './start.ts';

/** Files from here alone, and nothing written into a page but text. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The pages for people: of mailed links, for services that have none of their own, and for a new password. */
export const pages =
  (deps: HttpDeps): FastifyPluginAsync =>
  async (app) => {
    const { log, options } = deps;
    const assets = assetsOf(options);
    const settingIn = (speech: Speech): Setting => ({ speech, options, assets, base: 'local/' });

    speak(app, deps, { body: formBody, sendError: sendErrorPage });
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('content-security-policy', POLICY);
      done();
    });

    const settingBelow = (speech: Speech): Setting => ({ ...settingIn(speech), base: '' });
    app.register(start(deps, settingIn));
    app.register(local(deps, settingIn, `${POLICY}; script-src 'self'`));
    app.register(forgotPassword(deps, settingBelow));
    const talking = `${POLICY}; script-src 'self'; connect-src 'self'`;
    app.register(changePassword(deps, settingBelow, talking));
    app.register(passkeys(settingBelow, talking));
    // Where browsers look whatever a page says.
    app.get('/favicon.ico', { schema: { isHidden: true } }, sendAsset(assets['icon.svg']));
    for (const [name, asset] of Object.entries(assets)) {
      if (asset) app.get(`/local/${name}`, { schema: { isHidden: true } }, sendAsset(asset));
    }

    function sendErrorPage(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
      const { problem, headers } = answerTo(error, request);
      if (problem.status >= 500) logFailure(log, request, error);
      const setting = settingIn(preferred(request.headers['accept-language']));
      const isBelow = request.routeOptions.url?.startsWith('/local/') ?? false;
      const base = isBelow ? '' : setting.base;
      const page = errorPage(error, problem.status, { ...setting, base }, request.id);
      sendPage(reply.code(problem.status).headers(headers), page);
    }
  };
