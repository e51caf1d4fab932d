import type { Client, Token, User } from '@rekey/client';
import type { Request, Response } from 'express';
import * as http from './http.ts';
import { messagePage } from './pages.ts';

const DAY_MS = 86_400_000;

/** What Rekey answers to whoever gets in, by whatever way. */
type Entered = { readonly access: Token; readonly device: string };

type Work = (user: User, request: Request, response: Response) => Promise<void>;

/** What is asked of a session beyond being good: how many seconds ago the user proved something, at most. */
type Asked = { readonly max_age?: number };

export type Sessions = ReturnType<typeof sessions>;

/** The sessions of the shop: Rekey's, whose access token is in a cookie. */
export function sessions(rekey: Client, { secure }: { readonly secure: boolean }) {
  const cookies = http.cookies({ secure });

  const tokenOf = (request: Request): string => cookies.read(request, 'access');

  /** Null where nobody is logged in. */
  async function userOf(request: Request, asked: Asked = {}): Promise<User | null> {
    const token = tokenOf(request);
    if (token === '') return null;
    try {
      return (await rekey.verifyToken({ token, ...asked }, http.callFor(request))).user;
    } catch (error) {
      // Expired, or its session ended.
      if (http.isCode(error, 'invalid_token')) return null;
      throw error;
    }
  }

  /** Keeps the token in the browser, for as long as it is good. */
  function keep(response: Response, { token, token_expires }: Token): void {
    cookies.set(response, 'access', token, { expires: new Date(token_expires * 1000) });
  }

  return {
    cookies,
    tokenOf,
    userOf,
    keep,

    enter(response: Response, { access, device }: Entered): void {
      keep(response, access);
      // It outlives the logout: with it, strangers who guess do not keep the user out.
      cookies.set(response, 'device', device, { maxAge: 90 * DAY_MS });
      response.redirect(303, '/');
    },

    deviceOf(request: Request) {
      const device = cookies.read(request, 'device');
      return device === '' ? {} : { device };
    },

    /** A route for people who are logged in. */
    forUser(work: Work, asked: Asked = {}) {
      return async (request: Request, response: Response): Promise<void> => {
        const user = await userOf(request, asked);
        if (user) await work(user, request, response);
        else response.status(401).send(messagePage('Please log in first.'));
      };
    },

    /** A call that the user is proven with as well: Rekey's audit then names the user, and not only the shop. */
    callBy: (request: Request) => ({
      ...http.callFor(request),
      user: `token ${tokenOf(request)}`,
    }),
  };
}
