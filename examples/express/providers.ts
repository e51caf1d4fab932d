import { randomUUID } from 'node:crypto';
import type { Client } from '@rekey/client';
import type { Express, Request, Response } from 'express';
import * as http from './http.ts';
import { messagePage } from './pages.ts';
import type { Sessions } from './session.ts';

/** The providers that the shop offers, by the names that Rekey has for them. */
const providers = ['google', 'github'];

/** The way to a provider and back. */
export function signInWithProviders(
  app: Express,
  rekey: Client,
  { cookies, enter }: Pick<Sessions, 'cookies' | 'enter'>,
) {
  app.get('/sign-in/:provider', async (request, response) => {
    const provider = providerOf(request);
    if (provider === undefined) return notThere(response);
    // Ties what comes back to this browser: without it, somebody could sign a stranger in to an account of their own.
    const binding = randomUUID();
    const { url } = await rekey.beginProviderSignIn({ provider, binding }, http.callFor(request));
    cookies.set(response, 'sign-in', binding, { maxAge: 600_000 });
    response.redirect(303, url);
  });

  // The page that the operator registered, with Rekey and with the provider.
  app.get('/back/:provider', async (request, response) => {
    const provider = providerOf(request);
    if (provider === undefined) return notThere(response);
    const { code, state } = request.query;
    const binding = cookies.read(request, 'sign-in');
    cookies.clear(response, 'sign-in');
    if (typeof code !== 'string' || typeof state !== 'string' || binding === '') {
      // The person said no at the provider, or came from somewhere else.
      response.status(400).send(messagePage('Nobody was signed in. Please begin anew.'));
      return;
    }
    const came = { provider, code, state, binding };
    enter(response, await rekey.signInWithProvider(came, http.callFor(request)));
  });
}

const providerOf = ({ params }: Request): string | undefined =>
  providers.find((each) => each === params.provider);

function notThere(response: Response): void {
  response.status(404).send(messagePage('There is no such page.'));
}
