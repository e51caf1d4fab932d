import type { Client } from '@rekey/client';
import type { Express, Request } from 'express';
import { fresh } from './factors.ts';
import * as http from './http.ts';
import type { Sessions } from './session.ts';

/** Passkeys: the shop relays between the script of its pages and Rekey. `origin`: that of the pages. */
export function passkeys(app: Express, rekey: Client, session: Sessions, origin: string) {
  const { forUser, callBy } = session;

  app.get('/passkeys.js', (_request, response) => {
    response.sendFile('passkeys.js', { root: import.meta.dirname });
  });

  // Without an address: the browser offers the passkeys that it has.
  app.post('/login/passkey/options', async (request, response) => {
    const { options } = await rekey.askForPasskey({ origin }, http.callFor(request));
    response.json(options);
  });

  app.post('/login/passkey', async (request, response) => {
    const shown = { origin, response: answerIn(request), ...session.deviceOf(request) };
    session.enter(response, await rekey.logInWithPasskey(shown, http.callFor(request)));
  });

  app.post(
    '/passkeys/options',
    forUser(async ({ email }, request, response) => {
      const { options } = await rekey.startPasskey({ email, origin }, callBy(request));
      response.json(options);
    }, fresh),
  );

  app.post(
    '/passkeys',
    forUser(async ({ email }, request, response) => {
      const device_name = http.field(request, 'name');
      const made = { email, origin, device_name, response: answerIn(request) };
      await rekey.addPasskey(made, callBy(request));
      response.redirect(303, '/security');
    }, fresh),
  );

  app.post(
    '/passkeys/remove',
    forUser(async (_user, request, response) => {
      await rekey.removePasskey({ id: http.field(request, 'id') }, callBy(request));
      response.redirect(303, '/security');
    }, fresh),
  );
}

/** What the browser answered, as its script put it into the form; Rekey refuses whatever is something else. */
function answerIn(request: Request): object {
  try {
    return JSON.parse(http.field(request, 'response'));
  } catch {
    return {};
  }
}
