import { describe, expect, test } from 'vitest';
import {
  type DomainError,
  Forbidden,
  IllegalArgument,
  InvalidCredentials,
  InvalidOneTimeToken,
  InvalidToken,
  isRefusal,
  NotFound,
  Overloaded,
  TooManyRequests,
  Unauthorized,
  Unavailable,
} from './errors.ts';

const refusals: DomainError[] = [
  new IllegalArgument([{ field: 'name', message: 'must be a name', code: 'malformed' }]),
  new InvalidCredentials(),
  new InvalidOneTimeToken(),
  new InvalidToken(),
  new Unauthorized(),
  new Forbidden('password_update_required'),
  new Forbidden('registration_closed'),
  new NotFound(),
  new TooManyRequests({ name: 'client', quota: 1, windowMs: 1000 }, 1),
];
const outages: DomainError[] = [new Overloaded(1), new Unavailable(1)];

describe('a domain error', () => {
  test.each([...refusals, ...outages])('has the name of its class: $name', (error) => {
    expect(error.name).toBe(error.constructor.name);
    expect(String(error)).toContain(error.name);
  });

  test('has a code of its own', () => {
    const codes = [...refusals, ...outages].map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('is a refusal, unless something is out of order', () => {
    for (const error of refusals) expect(isRefusal(error)).toBe(true);
    for (const error of [...outages, new TypeError('a bug'), 'text', null]) {
      expect(isRefusal(error)).toBe(false);
    }
  });
});
