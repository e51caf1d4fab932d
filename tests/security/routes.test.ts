import { describe, expect, test } from 'vitest';
import { aServer, bodies, examples, examplesOf, guarded } from './routes.ts';

/** A server with one more route, and what it says of its routes. */
async function withRoute(schema: object) {
  const { app, routes } = aServer();
  const response = { 200: { type: 'null' } };
  app.post('/planted', { schema: { response, ...schema } as object }, async () => null);
  await app.ready();
  return routes;
}

const described = {
  operationId: 'plant',
  summary: 'Plant a route',
  tags: ['operation'],
  security: [],
};
const bodyOf = (token: object) => ({
  type: 'object',
  properties: { token },
  required: ['token'],
});

describe('the routes that are attacked', () => {
  test('are all that there are, with a body, a path and a query that can be sent', async () => {
    expect(examples.length).toBeGreaterThan(30);
    expect(bodies.length).toBeGreaterThan(12);
    expect(guarded.length).toBeGreaterThan(12);
    const routes = await withRoute({
      ...described,
      body: bodyOf({ type: 'string', examples: ['example.token'] }),
    });
    const planted = examplesOf(routes()).find(({ name }) => name === 'POST /planted');
    expect(planted).toMatchObject({ body: { token: 'example.token' }, required: ['token'] });
  });

  test('have an example of every field', async () => {
    const routes = await withRoute({ ...described, body: bodyOf({ type: 'string' }) });
    expect(() => examplesOf(routes())).toThrow('token of POST /planted has no example');
  });

  test('say how a caller proves who it is, even where nobody has to', async () => {
    const routes = await withRoute({ ...described, security: undefined });
    expect(() => examplesOf(routes())).toThrow('POST /planted does not say what it is');
  });
});
