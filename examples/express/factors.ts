import { type Client, RekeyError } from '@rekey/client';
import type { Express, NextFunction, Request, Response } from 'express';
import * as http from './http.ts';
import {
  confirmPage,
  factorPage,
  proofPage,
  recoveryCodesPage,
  securityPage,
  seedPage,
} from './pages.ts';
import type { Sessions } from './session.ts';

/** Whoever changes how it signs in has proven something in the last ten minutes: a session that was left open is not enough. */
export const fresh = { max_age: 600 };

/** The second factor: one-time codes of an app, and recovery codes. */
export function secondFactors(app: Express, rekey: Client, session: Sessions) {
  const { forUser, callBy } = session;

  // Where a login was refused with `second_factor_required`, see `askForMore`.
  app.post('/login/factor', async (request, response) => {
    const challenge = http.field(request, 'challenge');
    const shown = { challenge, ...codeIn(request), ...session.deviceOf(request) };
    const login = await unlessWrong(rekey.loginFactor(shown, http.callFor(request)));
    if (login) session.enter(response, login);
    else response.status(400).send(factorPage(challenge, { isAgain: true }));
  });

  // Where a session is not fresh enough.
  app.post('/prove', async (request, response) => {
    const password = http.field(request, 'password');
    const proof = { ...(password !== '' && { password }), ...codeIn(request) };
    const token = session.tokenOf(request);
    const { access } = await rekey.stepUp({ token, ...proof }, http.callFor(request));
    session.keep(response, access);
    response.redirect(303, '/security');
  });

  app.get(
    '/security',
    forUser(async (user, request, response) => {
      const { data } = await rekey.listPasskeys(undefined, callBy(request));
      response.send(securityPage(user, data));
    }, fresh),
  );

  // An app that is there already stays until the new one is confirmed; a code of it is needed here.
  app.post(
    '/authenticator',
    forUser(async ({ id: user_id }, request, response) => {
      const seed = await rekey.enrolTotp({ user_id, ...codeIn(request) }, callBy(request));
      response.send(seedPage(seed));
    }, fresh),
  );

  app.post(
    '/authenticator/confirm',
    forUser(async ({ id: user_id }, request, response) => {
      const confirmation = { user_id, totp: http.field(request, 'code') };
      const confirmed = await unlessWrong(rekey.confirmTotp(confirmation, callBy(request)));
      if (confirmed) response.send(recoveryCodesPage(confirmed.recovery_codes));
      else response.status(400).send(confirmPage());
    }, fresh),
  );

  app.post(
    '/authenticator/recovery-codes',
    forUser(async ({ id: user_id }, request, response) => {
      const proof = { user_id, ...codeIn(request) };
      const { recovery_codes } = await rekey.renewRecoveryCodes(proof, callBy(request));
      response.send(recoveryCodesPage(recovery_codes));
    }, fresh),
  );

  app.post(
    '/authenticator/remove',
    forUser(async ({ id: user_id }, request, response) => {
      await rekey.removeTotp({ user_id, ...codeIn(request) }, callBy(request));
      response.redirect(303, '/security');
    }, fresh),
  );
}

/** Asks for what Rekey wants to see as well, whatever was asked for: a login with a password, a passkey or a provider. */
export function askForMore(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
) {
  const { code, problem } = error instanceof RekeyError ? error : { code: null, problem: null };
  if (code === 'second_factor_required') {
    response.status(403).send(factorPage(problem?.challenge ?? ''));
  } else if (code === 'insufficient_user_authentication') {
    response.status(403).send(proofPage());
  } else next(error);
}

/** One field for both: an app shows six digits, and everything else is a recovery code. */
function codeIn(request: Request) {
  const code = http.field(request, 'code').trim();
  if (code === '') return {};
  return /^\d{3} ?\d{3}$/.test(code) ? { totp: code } : { recovery_code: code };
}

/** Null where a code is wrong: it spent nothing, so the person tries again. */
async function unlessWrong<Done>(work: Promise<Done>): Promise<Done | null> {
  try {
    return await work;
  } catch (error) {
    if (http.isCode(error, 'invalid_credentials')) return null;
    throw error;
  }
}
