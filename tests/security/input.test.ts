import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bodies,
  type Example,
  FORM_TYPE,
  headersOf,
  JSON_TYPE,
  named,
  payloadOf,
  urlOf,
} from './routes.ts';
import { aTarget, attack, PASSWORD, type Target } from './target.ts';

const json = bodies.filter(({ type }) => type === JSON_TYPE);
const forms = bodies.filter(({ type }) => type === FORM_TYPE);

type Refusal = { field: string; code: string };

/** Sends a body to a route, and answers the fields that were refused, and why. */
async function refusalsOf(t: Target, example: Example, payload: string): Promise<Refusal[]> {
  const credentials = { key: t.shop.key, bearer: await bearerOf(t) };
  const headers = headersOf(example, credentials);
  const { status, body, text } = await t.send(example.method, urlOf(example), headers, payload);
  expect(status).toBe(400);
  if (isPage(example)) {
    expect(text).toMatch(/^<!doctype html>/i);
    return [];
  }
  expect(body.code, text).toBe('invalid_argument');
  return body.errors.map(({ field, code }: Refusal) => ({ field, code }));
}

const bearers = new WeakMap<Target, Promise<string>>();
function bearerOf(t: Target): Promise<string> {
  const bearer = bearers.get(t) ?? t.signUp().then(t.formLogIn);
  bearers.set(t, bearer);
  return bearer;
}

/** Whether the route answers people, with a page that names no field. */
const isPage = ({ route }: Example) => /^\/local(?:\/|$)/.test(route);

/** A JSON object with one more member, before its own. */
const withMember = (object: string, member: string) =>
  object.replace('{', object === '{}' ? `{${member}` : `{${member},`);

/** Whether the route passes over what nobody asked for, as clients of orion users expect; nothing comes of it either. */
const isLenient = ({ route }: Example) => route.startsWith('/users/');
const strict = bodies.filter((example) => !isLenient(example));
const lenient = bodies.filter(isLenient);

/** Fields that somebody would like to set who may not. */
const foreign = [
  'id',
  'created_at',
  'created_by',
  'createdBy',
  'service_id',
  'serviceId',
  'is_admin',
  'is_locked',
  'is_revoked',
  'password_hash',
  'passwordHash',
  'credential_version',
  'value',
  'digest',
  '__proto__',
  'constructor',
];

attack('a body', (target) => {
  test.each(named(strict))(
    'of %s sets nothing that it is not asked for',
    async (_name, example) => {
      const t = target();
      const good = payloadOf(example, example.body);
      await bearerOf(t);
      await t.unchanged(async () => {
        for (const field of foreign.filter((each) => !Object.hasOwn(example.body, each))) {
          // As text: an object literal would swallow `__proto__`.
          const payload =
            example.type === JSON_TYPE
              ? withMember(good, `"${field}":"${t.other.id}"`)
              : `${field}=${t.other.id}&${good}`;
          const refusals = await refusalsOf(t, example, payload);
          if (!isPage(example)) expect(refusals).toEqual([{ field, code: 'unknown' }]);
        }
      });
    },
  );

  test.each(named(lenient))(
    'of %s does not even say that it passes over what it is not asked for',
    async (_name, example) => {
      const t = target();
      const good = payloadOf(example, example.body);
      const more = foreign.map((field) => `${field}=${t.other.id}`).join('&');
      await bearerOf(t);
      await t.unchanged(async () => {
        const refusals = await refusalsOf(t, example, `${more}&${good}&last=%`);
        expect(refusals).toEqual([{ field: 'last', code: 'malformed' }]);
      });
    },
  );

  test('of a sign-up sets nothing that it is not asked for', async () => {
    const t = target();
    const row = async (more: Record<string, string>) => {
      const email = t.newEmail();
      const fields = { name: 'Orion', email, password: PASSWORD, ...more };
      expect(await t.form('POST', '/users/create', fields)).toMatchObject({ status: 200 });
      const { users = [] } = await t.database.tables();
      const found = users.find((each) => each.email === email);
      const { id: _id, email: _email, password_hash: _hash, ...rest } = found ?? {};
      return Object.fromEntries(Object.entries(rest).filter(([name]) => !/_at$|^idle_/.test(name)));
    };
    const values = ['1', 'true', t.other.id];
    const plain = await row({});
    for (const value of values) {
      const wished = Object.keys(plain).filter((column) => column !== 'name');
      const more = [...foreign, ...wished, 'isAdmin', 'isEnabled', 'emailValid', 'createdBy'];
      expect(await row(Object.fromEntries(more.map((field) => [field, value])))).toEqual(plain);
    }
  });

  test.each(named(bodies))('of %s lacks nothing that is required', async (_name, example) => {
    const t = target();
    await bearerOf(t);
    await t.unchanged(async () => {
      for (const field of example.required) {
        const { [field]: _left, ...rest } = example.body;
        const refusals = await refusalsOf(t, example, payloadOf(example, rest));
        if (!isPage(example)) expect(refusals).toEqual([{ field, code: 'required' }]);
      }
      if (example.required.length === 0) return;
      // All at once, so that nobody has to find out one after the other.
      const refusals = await refusalsOf(t, example, payloadOf(example, {}));
      const missing = example.required.map((field) => ({ field, code: 'required' }));
      if (!isPage(example)) expect(refusals).toEqual(missing);
    });
  });

  test.each(named(bodies))('of %s has every field once', async (_name, example) => {
    const t = target();
    await bearerOf(t);
    const good = payloadOf(example, example.body);
    await t.unchanged(async () => {
      for (const [field, value] of Object.entries(example.body)) {
        const again = payloadOf(example, { [field]: value });
        const payload =
          example.type === JSON_TYPE ? withMember(good, again.slice(1, -1)) : `${good}&${again}`;
        const refusals = await refusalsOf(t, example, payload);
        if (!isPage(example)) expect(refusals).toEqual([{ field, code: 'repeated' }]);
      }
    });
  });

  test.each(named(forms))(
    'of %s is percent-encoded, and its fields have names',
    async (_name, example) => {
      const t = target();
      await bearerOf(t);
      const good = payloadOf(example, example.body);
      await t.unchanged(async () => {
        const malformed = ['Planted', '%=x', 'x=%ff', '%C0%AF=x', 'x=%'];
        for (const more of isLenient(example) ? malformed : [...malformed, '[]=x']) {
          await refusalsOf(t, example, `${good}&${more}`);
        }
      });
    },
  );
});

describe('a value of another type than its field’s', () => {
  const withFields = json.filter(({ body }) => Object.keys(body).length > 0);
  const withNone = json.filter((example) => !withFields.includes(example));
  const kindOf = (value: unknown) =>
    value === null ? 'nothing' : Array.isArray(value) ? 'list' : typeof value;
  const anything = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string()),
    fc.dictionary(fc.string(), fc.string()),
  );
  /** A field of a body, and a value of another type; `null` is none for a field that can be left out. */
  const misplaced = ({ body, required }: Example & { body: object }) =>
    fc
      .tuple(fc.constantFrom(...Object.entries(body)), anything)
      .filter(
        ([[field, example], value]) =>
          kindOf(value) !== kindOf(example) && (value !== null || required.includes(field)),
      );

  // The parsers work alike on every database.
  let t: Target;
  beforeAll(async () => {
    t = await aTarget();
    return t.close;
  });

  test.each(named(withFields))('is named and not repeated, at %s', async (_name, example) => {
    await fc.assert(
      fc.asyncProperty(misplaced(example), async ([[field], value]) => {
        const wrong = payloadOf(example, { ...example.body, [field]: value });
        expect(await refusalsOf(t, example, wrong)).toEqual([{ field, code: 'malformed' }]);
      }),
      { numRuns: 50 },
    );
  });

  test.each(named(withFields))(
    'is named for every field at once, at %s',
    async (_name, example) => {
      const fields = Object.keys(example.body);
      const wrong = Object.fromEntries(
        fields.map((field) => [field, kindOf(example.body[field]) === 'number' ? 'x' : 7]),
      );
      expect(await refusalsOf(t, example, payloadOf(example, wrong))).toEqual(
        fields.map((field) => ({ field, code: 'malformed' })),
      );
    },
  );

  test.each(named(withNone))(
    'is the whole of a body without fields, at %s',
    async (_name, example) => {
      for (const payload of ['[]', '[{}]', '"x"', '7', 'true']) {
        const refusals = await refusalsOf(t, example, payload);
        expect(refusals).toEqual([{ field: 'body', code: 'malformed' }]);
      }
    },
  );
});
