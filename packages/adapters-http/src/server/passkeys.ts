import { parsePasskeyName, parseWebOrigin } from '@rekey/domain';
import { Type } from 'typebox';

/** What a browser and its authenticator say to each other: a JSON object that Rekey passes on as it is. */
const webAuthnJson = (description: string, example: object) =>
  Type.Unsafe<object>({
    type: 'object',
    description,
    additionalProperties: true,
    examples: [example],
  });

export const passkeyOrigin = Type.Optional(
  Type.String({
    description:
      'The origin of the page that asks, one of `WEBAUTHN_ORIGINS`: an answer of another page is refused then. Where it is left out, the first one at the start, and any of them at the end.',
    examples: ['http://localhost:8042'],
    parse: parseWebOrigin,
  }),
);

export const passkeyName = Type.Optional(
  Type.String({
    description: 'What the owner calls the passkey: 1 to 100 characters on one line.',
    examples: ['Phone'],
    parse: parsePasskeyName,
  }),
);

/** The answer of a browser, in a body of JSON. */
export const passkeyAnswer = webAuthnJson(
  'The credential that the browser answered, as its `toJSON()` writes it (WebAuthn, 5.1).',
  { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: { clientDataJSON: 'AAAA' } },
);

/** The answer of a browser, as JSON in a field of a form. */
export const passkeyAnswerText = Type.String({
  description:
    'The credential that the browser answered, as JSON: `JSON.stringify(credential)` (WebAuthn, 5.1).',
  examples: ['{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}'],
  minLength: 1,
});

/** The answer in a field; null for what is no JSON: it is refused like any other answer that fits nothing. */
export function passkeyAnswerIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const PasskeyQuestion = Type.Object(
  {
    options: webAuthnJson(
      'For `navigator.credentials`, as `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` read it.',
      { challenge: 'AAAA', timeout: 300_000 },
    ),
    challenge: Type.String({
      description: 'The challenge in the options. It is good once, for five minutes.',
      examples: ['AZ2bqk4Ar3FZ8hRr2dmVdJ0Vb3rQm1yC5fPp1i0kq0M'],
    }),
  },
  { $id: 'PasskeyQuestion' },
);
