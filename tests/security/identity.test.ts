import { expect, test } from 'vitest';
import { attack, NEW_PASSWORD, PASSWORD } from './target.ts';

const unusable = { status: 400, body: { code: 'invalid_argument', errors: [{ field: 'email' }] } };

attack('an address', (target) => {
  const user = (email: string) => ({ is_enabled: true, name: 'Eve', email });

  test.each([
    ['in capitals', 'MÜLLER@EXAMPLE.COM'],
    ['decomposed', 'mu\u0308ller@example.com'],
    ['with a domain in full width', 'müller@ｅｘａｍｐｌｅ.com'],
    ['with an ideographic full stop', 'müller@example。com'],
  ])('that is taken is taken %s', async (_how, spelling) => {
    const t = target();
    await t.json('POST', '/v1/user', user('müller@example.com'));
    const answer = await t.unchanged(() => t.json('POST', '/v1/user', user(spelling)));
    expect(answer).toMatchObject(unusable);
    const fields = { name: 'Eve', email: spelling, password: PASSWORD };
    const signUp = await t.unchanged(() => t.form('POST', '/users/create', fields));
    expect(signUp).toMatchObject(unusable);
  });

  test.each([
    ['the sign of the Kelvin', 'kelvin@example.com', '\u212Aelvin@example.com'],
    ['a domain in Punycode', 'a@bücher.example', 'a@xn--bcher-kva.example'],
    ['a long s in the domain', 'a@strasse.example', 'a@\u017Ftra\u017F\u017Fe.example'],
  ])('is one address with %s', async (_how, first, second) => {
    const t = target();
    expect(await t.json('POST', '/v1/user', user(first))).toMatchObject({ status: 200 });
    const answer = await t.unchanged(() => t.json('POST', '/v1/user', user(second)));
    expect(answer).toMatchObject(unusable);
  });

  test.each([
    ['a dotless i', 'info@example.com', '\u0131nfo@example.com'],
    ['a dotted capital I', 'iris@example.com', '\u0130ris@example.com'],
    ['a Cyrillic a', 'adam@example.com', '\u0430dam@example.com'],
    ['a ligature', 'fish@example.com', '\uFB01sh@example.com'],
    ['a dot', 'ab@example.com', 'a.b@example.com'],
    ['a tag', 'tag@example.com', 'tag+1@example.com'],
  ])('is another address with %s, and does not reach the first', async (_how, first, second) => {
    const t = target();
    const owner = await t.enrol({ email: first });
    const login = { email: second, password: owner.password };
    const refused = await t.unchanged(() => t.json('POST', '/v1/auth/provider/local/login', login));
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
  });

  test.each([
    ['two with a comma', 'owner@example.com,eve@evil.example'],
    ['two with a semicolon', 'owner@example.com;eve@evil.example'],
    ['two with a blank', 'owner@example.com eve@evil.example'],
    ['two @ signs', 'eve@evil.example@example.com'],
    ['a header behind it', 'owner@example.com\r\nBcc: eve@evil.example'],
    ['a line feed', 'owner@example.com\neve@evil.example'],
    ['a NUL', 'owner@example.com\0'],
    ['angle brackets', 'Owner <owner@example.com>'],
    ['a group', 'g:owner@example.com,eve@evil.example;'],
    ['a comment', 'owner(x)@example.com'],
    ['a quoted local part', '"owner@evil.example "@example.com'],
    ['a route', '@evil.example:owner@example.com'],
    ['a bang path', 'evil.example!owner\\@example.com'],
    ['a literal', 'owner@[127.0.0.1]'],
    ['an IP address', 'owner@127.0.0.1'],
    ['an IP address in one number', 'owner@2130706433'],
    ['a local host', 'owner@localhost'],
    ['a trailing dot', 'owner@example.com.'],
    ['a dot at the end of the local part', 'owner.@example.com'],
    ['two dots', 'ow..ner@example.com'],
    ['outer blanks', ' owner@example.com '],
    ['a zero-width space', 'ow\u200Bner@example.com'],
    ['a soft hyphen', 'ow\u00ADner@example.com'],
    ['a bidirectional override', 'ow\u202Ener@example.com'],
    ['a Hangul filler', 'ow\u3164ner@example.com'],
    ['a variation selector', 'owner\uFE0F@example.com'],
    ['a tag character', 'owner\u{E0061}@example.com'],
    ['a full-width @', 'owner＠example.com'],
    ['a lone surrogate', 'ow\uD800ner@example.com'],
    ['a percent-encoded NUL in the domain', 'owner@example.com%00.evil.example'],
    ['a path behind it', 'owner@example.com/evil'],
    ['a port', 'owner@example.com:25'],
    ['a domain that is too long', `owner@${'a'.repeat(64)}.example`],
    ['a local part that is too long', `${'a'.repeat(65)}@example.com`],
    ['nothing before the sign', '@example.com'],
    ['nothing at all', ''],
  ])('is refused everywhere, and nothing is done: %s', async (_what, email) => {
    const t = target();
    const answers = await t.unchanged(async () => [
      await t.json('POST', '/v1/user', user(email)),
      await t.json('POST', '/v1/auth/provider/local/login', { email, password: PASSWORD }),
      await t.json('POST', '/v1/auth/provider/local/update-password', {
        email,
        password: PASSWORD,
        new_password: NEW_PASSWORD,
      }),
      await t.form('POST', '/users/create', { name: 'Eve', email, password: PASSWORD }),
    ]);
    const proof = await t.unchanged(() =>
      t.form('POST', '/users/login', { email, password: PASSWORD }),
    );
    // At a proof it is as good as an address where it has an @ and something on both sides: nobody's.
    if (proof.status !== 401) answers.push(proof);
    for (const answer of answers) {
      expect(answer).toMatchObject(unusable);
      if (email !== '') expect(answer.text).not.toContain(JSON.stringify(email).slice(1, -1));
    }
  });

  test('that many sign up with at once belongs to one user', async () => {
    const t = target();
    const email = t.newEmail();
    const spellings = [email, email.toUpperCase(), email.replace('owner', 'OWNER')];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        t.json('POST', '/v1/user', user(spellings[index % 3] ?? email)),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(400)]);
    const { users = [] } = await t.database.tables();
    expect(users.filter((row) => row.email === email)).toHaveLength(1);
  });

  test('of somebody else is of no use with a session, even with the right password', async () => {
    const t = target();
    const victim = await t.signUp();
    const bearer = await t.formLogIn(await t.signUp());
    const fields = { email: victim.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    const answer = await t.unchanged(() => t.form('PUT', '/users/update/password', fields, bearer));
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

attack('a name', (target) => {
  test.each([
    ['a line break', 'Ada\r\nBcc: eve@evil.example'],
    ['a line separator', 'Ada\u2028Eve'],
    ['a NUL', 'Ada\0'],
    ['a bidirectional override', 'Ada\u202Eeve'],
    ['a lone surrogate', 'Ada\uD800'],
    ['nothing but blanks', '   '],
    ['101 characters', 'a'.repeat(101)],
  ])('is refused for users and keys, and nothing is done: %s', async (_what, name) => {
    const t = target();
    const answers = await t.unchanged(async () => [
      await t.json('POST', '/v1/user', { is_enabled: true, name, email: 'eve@example.com' }),
      await t.json('POST', '/v1/key', {
        is_enabled: true,
        type: 'KEY',
        name,
        user_id: '01900000-0000-7000-8000-000000000001',
      }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'name' }] } });
    }
  });
});
