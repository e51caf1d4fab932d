import { validate } from '@readme/openapi-parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import fastify, { type FastifySchema } from 'fastify';
import { Type } from 'typebox';
import { beforeAll, describe, expect, it } from 'vitest';
import { rig } from '../../test/harness.ts';
import { collectRoutes } from '../server/routes.ts';

type Operation = { readonly operationId: string; readonly responses: Record<string, object> };
type Document = ReturnType<typeof JSON.parse>;

let document: Document;
beforeAll(async () => {
  const { app } = await rig();
  document = (await app.inject('/openapi.json')).json();
});

const operations = (): Operation[] =>
  Object.values<Record<string, Operation>>(document.paths).flatMap((path) => Object.values(path));

describe('the description of the API', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  });

  it('is valid by a validator that looks beyond the schema', async () => {
    const result = await validate(structuredClone(document));
    expect(result).toMatchObject({ valid: true, warnings: [] });
  });

  it('names the version of the program', async () => {
    expect(document.info.version).toBe('0.1.0');
    const { app } = await rig({ version: '9.8.7' });
    expect((await app.inject('/openapi.json')).json().info.version).toBe('9.8.7');
  });

  it('names each operation once', () => {
    const names = operations().map(({ operationId }) => operationId);
    expect(names.length).toBeGreaterThan(15);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has every route that is not hidden, and no other', async () => {
    const { app, routes } = await rig();
    await app.ready();
    const told = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const open = routes()
      .filter(({ schema }) => !schema.isHidden)
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(told.toSorted()).toEqual(open.toSorted());
  });

  it('has a status of an error where its route has it', () => {
    const { signIn, login } = Object.fromEntries(
      operations().map((each) => [each.operationId, Object.keys(each.responses)]),
    );
    expect(signIn).toContain('401');
    expect(login).toContain('401');
    const statuses = document.paths['/users/login'].post.responses;
    const name = statuses['401'].$ref.split('/').at(-1);
    const examples = document.components.responses[name].content['application/problem+json'];
    expect(Object.keys(examples.examples)).toEqual(['invalid_credentials']);
  });

  it('says that a body is refused where a route reads none, and not of a GET, whose body is not looked at', async () => {
    const { app, serviceKey } = await rig();
    const url = '/v1/user/01900000-0000-7000-8000-000000000001';
    const { get, delete: remove } = document.paths['/v1/user/{id}'];
    const statusOf = async (method: 'GET' | 'DELETE') => {
      const headers = { authorization: serviceKey, 'content-type': 'text/plain' };
      return (await app.inject({ method, url, headers, payload: 'x' })).statusCode;
    };
    expect([await statusOf('GET'), await statusOf('DELETE')]).toEqual([404, 415]);
    for (const status of [413, 415]) {
      expect(remove.responses).toHaveProperty([status]);
      expect(get.responses).not.toHaveProperty([status]);
    }
  });

  it('describes a field where it stands: the password of a login is not bound by the policy', () => {
    const { Credentials, NewUser, AuditEntry, FormUser } = document.components.schemas;
    expect(Credentials.properties.password.description).not.toContain('PASSWORD_POLICY');
    expect(NewUser.properties.password.description).toContain('PASSWORD_POLICY');
    expect(AuditEntry.properties.hash.description).not.toContain('user');
    expect(FormUser.properties.hash.description).toContain('id of the user');
  });

  it('holds nothing that is no JSON Schema', () => {
    expect(JSON.stringify(document)).not.toMatch(/"(?:\$id|parse|check|~kind)":/);
  });
});

describe('a route is an error', () => {
  const answer = Type.Object({ ok: Type.Boolean({ examples: [true] }) });
  const told: FastifySchema = {
    operationId: 'test',
    tags: ['users'],
    summary: 'A test',
    security: [],
    response: { 200: answer },
  };
  const routesWith = async (schema?: FastifySchema) => {
    const app = fastify();
    app.setValidatorCompiler(() => () => ({ value: {} }));
    const routes = collectRoutes(app);
    app.post('/x', schema ? { schema } : {}, async () => ({ ok: true }));
    await app.ready();
    return routes();
  };

  it('with nothing that describes it', async () => {
    await expect(routesWith()).rejects.toThrow('POST /x does not say what it is');
  });

  it.each(['operationId', 'tags', 'summary', 'security'] as const)('without %s', async (part) => {
    const { [part]: _gone, ...rest } = told;
    await expect(routesWith(rest)).rejects.toThrow('POST /x does not say what it is');
  });

  it('with a body, or parameters, of which a field has no example', async () => {
    const field = Type.Object({ name: Type.String() });
    for (const part of ['body', 'params', 'querystring']) {
      await expect(routesWith({ ...told, [part]: field })).rejects.toThrow(
        'name of POST /x has no example',
      );
    }
    const hidden = { isHidden: true, body: field } as const;
    await expect(routesWith(hidden)).rejects.toThrow('name of POST /x has no example');
  });

  it('in no other case', async () => {
    const body = Type.Object({ name: Type.String({ examples: ['Ada'] }) });
    const [route] = await routesWith({ ...told, body });
    expect(route).toMatchObject({ method: 'POST', url: '/x', examples: { body: { name: 'Ada' } } });
    expect(await routesWith({ isHidden: true })).toHaveLength(1);
  });
});
