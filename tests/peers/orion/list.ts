import { expect } from 'vitest';
import { codeAt } from '../../harness.ts';
import type { Send } from './rest-assured.ts';

type Test = { readonly name: string; readonly says: string; run(send: Send): Promise<void> };

const CREATE = 'POST /users/create';
const LOGIN = 'POST /users/login';
const AUTHENTICATE = 'POST /users/authenticate';
const UPDATE_EMAIL = 'PUT /users/update/email';
const UPDATE_PASSWORD = 'PUT /users/update/password';
const RECOVER = 'POST /users/recoverPassword';
const QR_CODE = 'POST /users/google/2FAuth/qrCode';
const VALIDATE = 'POST /users/google/2FAuth/validate';

/** The person of most tests: whoever needs her signs her up, whether or not another test has. */
const orion = 'name=Orion&email=orion%40test.com&password=12345678';
const signUp = async (send: Send) =>
  expect(await send(CREATE, orion)).toMatchObject({ status: 200 });

/** A test that sends one form, and looks at the status alone. */
const one = (
  name: string,
  says: string,
  status: number,
  call: Parameters<Send>[0],
  body: string,
): Test => ({
  name,
  says,
  run: async (send) => expect(await send(call, body)).toMatchObject({ status }),
});

/** The tests of orion users over HTTP, those of its present version first. */
export const tests: readonly Test[] = [
  {
    name: 'createUser',
    says: 'a person signs up',
    run: async (send) =>
      expect(await send(CREATE, orion)).toMatchObject({
        status: 200,
        body: { name: 'Orion', email: 'orion@test.com' },
      }),
  },
  one(
    'createUserWithWrongPassword',
    'a password of three characters is refused',
    400,
    CREATE,
    'name=Orion&email=orion%40test.com&password=123',
  ),
  {
    name: 'login',
    says: 'a person signs up again and logs in',
    run: async (send) => {
      await signUp(send);
      const user = { name: 'Orion' };
      expect(await send(LOGIN, 'email=orion%40test.com&password=12345678')).toMatchObject({
        status: 200,
        body: { user, authentication: { user } },
      });
    },
  },
  {
    name: 'loginWithWrongPassword',
    says: 'a wrong password does not log in',
    run: async (send) => {
      await signUp(send);
      expect(await send(LOGIN, 'email=orion%40test.com&password=123')).toMatchObject({
        status: 401,
      });
    },
  },
  {
    name: 'loginWithoutPassword',
    says: 'a login that lacks a field is refused',
    run: async (send) => {
      await signUp(send);
      expect(await send(LOGIN, 'password=12345678')).toMatchObject({ status: 400 });
    },
  },
  one(
    'loginWithNonexistentUser',
    'a login with a field that is named like an address is refused',
    400,
    LOGIN,
    'orion%40test.com=nonexistent%40orion-services.dev&password=12345678',
  ),
  one(
    'createUserWithEmptyName',
    'an empty name is refused',
    400,
    CREATE,
    'name=&email=orion%40test.com&password=12345678',
  ),
  one(
    'createUserWithWrongEmail',
    'an address without an @ is refused',
    400,
    CREATE,
    'name=Orion&email=orionteste.com&password=12345678',
  ),
  one(
    'createUserWithEmptyEmail',
    'an empty address is refused',
    400,
    CREATE,
    'name=Orion&email=&password=12345678',
  ),
  one(
    'createUserWithEmptyPassword',
    'an empty password is refused',
    400,
    CREATE,
    'name=Orion&email=orion%40test.com&password=',
  ),
  {
    name: 'authenticate',
    says: 'a right password is answered with a token',
    run: async (send) => {
      await signUp(send);
      const answer = await send(AUTHENTICATE, 'email=orion%40test.com&password=12345678');
      expect(answer).toEqual({ status: 200, body: expect.stringMatching(/^\S+$/) });
    },
  },
  one(
    'authenticateWithWrongEmail',
    'an unknown address is not authenticated',
    401,
    AUTHENTICATE,
    'email=orion%40test&password=1234',
  ),
  one(
    'authenticateWithInvalidEmail',
    'an authentication with an address without an @ is refused',
    400,
    AUTHENTICATE,
    'email=orion%23test.com&password=1234',
  ),
  one(
    'authenticateWrongPassword',
    'a wrong password is not authenticated',
    401,
    AUTHENTICATE,
    'email=orion%40test&password=123456789',
  ),
  one(
    'authenticateEmptyName',
    'an authentication without an address is refused',
    400,
    AUTHENTICATE,
    'password=1234',
  ),
  one(
    'authenticateEmptyPassword',
    'an authentication without a password is refused',
    400,
    AUTHENTICATE,
    'email=orion%40test.com',
  ),
  {
    name: 'createAuthenticate',
    says: 'a person signs up, and changes address and password with the token of that',
    run: async (send) => {
      const created = await send(
        'POST /users/createAuthenticate',
        'name=OrionOrion&email=orionOrion%40test.com&password=12345678',
      );
      expect(created).toMatchObject({ status: 200, body: { user: { name: 'OrionOrion' } } });
      const bearer: string = created.body.token;
      const email = 'email=orionOrion%40test.com&newEmail=newOrion%40test.com';
      expect(await send(UPDATE_EMAIL, email, { bearer })).toMatchObject({ status: 200 });
      const password = 'email=newOrion%40test.com&password=12345678&newPassword=87654321';
      expect(await send(UPDATE_PASSWORD, password, { bearer })).toMatchObject({ status: 200 });
    },
  },
  one(
    'changeEmailFromNonExistingUser',
    'nobody changes an address without a token',
    401,
    UPDATE_EMAIL,
    'email=orionnnn%40test.com&newEmail=newOrion%40test.com',
  ),
  one(
    'changePasswordWithWrongPassword',
    'nobody changes a password without a token',
    401,
    UPDATE_PASSWORD,
    'email=orionOrion%40test.com&password=12345678&newPassword=87654321',
  ),
  {
    name: 'recoverPassword',
    says: 'a person asks for a new password',
    run: async (send) => {
      await signUp(send);
      expect(await send(RECOVER, 'email=orion%40test.com')).toMatchObject({ status: 204 });
    },
  },
  // Refused there: here nobody learns which addresses have a user.
  one(
    'recoverPasswordFromNonExistingUser',
    'asking for a new password does not tell that an address has no user',
    204,
    RECOVER,
    'email=notExist%40test.com',
  ),
  {
    name: 'twoFactorAuthentication',
    says: 'a code is confirmed with the right password alone',
    run: async (send) => {
      const person = 'email=orion2%40test.com&password=orion123';
      expect(await send(CREATE, `name=Orion2&${person}`)).toMatchObject({ status: 200 });
      expect(await send(QR_CODE, person)).toMatchObject({ status: 200 });
      // That test takes the seed from its database.
      const seed = (await send(QR_CODE, person, { accept: 'application/json' })).body.secret;
      const code = codeAt(seed, Date.now());
      for (const [fields, status] of [
        [`${person}&code=12345678`, 401],
        [`email=orion2%40test.com&password=123&code=${code}`, 401],
        ['email=orion2%40test.com&password=12345678&code=12345678', 401],
        [`${person}&code=${code}`, 200],
      ] as const) {
        expect(await send(VALIDATE, fields)).toMatchObject({ status });
      }
    },
  },
];
