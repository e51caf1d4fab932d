import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server on loopback. Whatever stands in for a provider answers, unless a test takes its place. */
export async function standIn(answerOf: (url: string) => Answer) {
  /** What was asked, as `GET /path`. */
  const asked: string[] = [];
  /** Answers in the place of the stand-in: for requests whose path holds that text. */
  const instead = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const { method = '', url: path = '' } = request;
    asked.push(`${method} ${path.replace(/\?.*/, '')}`);
    const [, answer = answerOf(url)] = [...instead].find(([part]) => path.includes(part)) ?? [];
    void answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  return { url, asked, instead, close };
}

export async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What a person comes back with from the pages of a provider. */
export type CameBack = { readonly code: string; readonly state: string };

/** Goes where a browser is sent, with its cookies, until it leaves the origin of the provider. */
export async function browse(start: string): Promise<URL> {
  const { origin } = new URL(start);
  const cookies = new Map<string, string>();
  for (let url = new URL(start); ; ) {
    if (url.origin !== origin) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${await response.text()}`);
    url = new URL(location, url);
  }
}

export function cameBack({ searchParams }: URL): CameBack {
  const [code, state] = [searchParams.get('code'), searchParams.get('state')];
  if (code === null || state === null) throw new Error(`nobody signed in: ${searchParams}`);
  return { code, state };
}
