import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Answer, Server } from '../../harness.ts';

export type Send = (
  call: `${'POST' | 'PUT'} ${string}`,
  body: string,
  more?: { readonly bearer?: string; readonly accept?: string },
) => Promise<Answer>;

/** Sends a form as REST-assured does with Apache's client: these headers, in this order and case, and nothing else. */
export const sendTo =
  (server: Server): Send =>
  async (call, body, { bearer, accept = '*/*' } = {}) => {
    const [method, path = ''] = call.split(' ');
    const { hostname, port } = new URL(server.url);
    const authorization = bearer === undefined ? [] : ['Authorization', `Bearer ${bearer}`];
    const sent = request({
      hostname,
      port,
      method,
      path,
      agent: false,
      setDefaultHeaders: false,
      headers: [
        ...authorization,
        ...['Accept', accept],
        ...['Content-Type', 'application/x-www-form-urlencoded; charset=ISO-8859-1'],
        ...['Content-Length', String(body.length)],
        ...['Host', `localhost:${port}`],
        ...['Connection', 'Keep-Alive'],
        ...['User-Agent', 'Apache-HttpClient/4.5.14 (Java/21.0.2)'],
        ...['Accept-Encoding', 'gzip,deflate'],
      ],
    });
    sent.end(body, 'latin1');
    const [response]: IncomingMessage[] = await once(sent, 'response');
    if (response === undefined) throw new Error('there is no answer');
    const answer = await text(response);
    const isJson = /json/.test(response.headers['content-type'] ?? '');
    return { status: response.statusCode ?? 0, body: isJson ? JSON.parse(answer) : answer };
  };
