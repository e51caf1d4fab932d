import type { FastifyRequest } from 'fastify';
import type { HttpOptions } from '../server/deps.ts';

/** As long as reading the page takes; a reload finds it. */
const LIFE_S = 600;

/**
 * The cookie that carries the token of a link from the link to its page. `Lax`: the way there begins in a mail, so a
 * browser sends it no `Strict` one. Nothing is done by the cookie: the form of the page has the token.
 */
export function linkCookie({ publicUrl }: Pick<HttpOptions, 'publicUrl'>) {
  const { protocol, pathname } = new URL(publicUrl);
  const path = `${pathname.replace(/\/$/, '')}/local/notice`;
  const attributes = `Path=${path}; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`;

  return {
    read: ({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined =>
      /(?:^|; )rekey-link=([\w.-]{1,300})(?:;|$)/.exec(headers.cookie ?? '')?.[1],
    write: (token: string) => `rekey-link=${token}; Max-Age=${LIFE_S}; ${attributes}`,
    clear: () => `rekey-link=; Max-Age=0; ${attributes}`,
  };
}
