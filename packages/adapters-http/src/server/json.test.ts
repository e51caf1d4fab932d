import fastify from 'fastify';
import { expect, it } from 'vitest';
import { jsonBody } from './json.ts';
import { FaultyFields } from './validation.ts';

/** The keys that a body is refused for. */
async function repeatedIn(body: string): Promise<string[]> {
  const app = fastify();
  app.removeAllContentTypeParsers();
  jsonBody.addParser(app);
  app.post('/', async ({ body }) =>
    body instanceof FaultyFields ? body.violations.map(({ field }) => field) : [],
  );
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/', headers, body });
  expect(response.statusCode).toBe(200);
  return response.json();
}

it.each([
  ['{"a":1,"a":1}', 'a'],
  ['{"a" :1 , "b":2, "a"\n:1}', 'a'],
  [String.raw`{"a":1,"\u0061":1}`, 'a'],
  [String.raw`{"a":"\\","a":1}`, 'a'],
  [String.raw`{"a":"\\\"","a":1}`, 'a'],
  [String.raw`{"a":"\"","b":"\"","a":1}`, 'a'],
  [String.raw`{"\\":1,"\\":1}`, '(unnamed)'],
  ['{"a":{"b":1,"b":1}}', 'b'],
  ['{"a":[{"b":1,"b":1}]}', 'b'],
  ['{"a":{"a":[]},"b":[{}],"b":1}', 'b'],
])('a key that comes twice is found: %s', async (body, key) => {
  expect(await repeatedIn(body)).toEqual([key]);
});

it.each([
  '{"a":"a","b":"a"}',
  String.raw`{"a":"\"a\":1","b":"{\"a\":"}`,
  '{"a":"}],:","b":"[{"}',
  '{"a":{"a":{"a":1}}}',
  '{"a":[{"b":1},{"b":1}],"b":{"c":1},"c":["b","b"]}',
  String.raw`{"a":1,"a\\":1,"a\"":1,"":1}`,
])('a key that comes once in each object is none that comes twice: %s', async (body) => {
  expect(await repeatedIn(body)).toEqual([]);
});
