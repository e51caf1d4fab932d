import { describe, expect, test } from 'vitest';
import { faults, faultsOfRequest } from './check.ts';
import { definitions, operations } from './swagger.ts';

const key = {
  id: 'an id',
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00Z',
  is_enabled: true,
  is_revoked: false,
  type: 'KEY',
  name: 'web',
  service_id: null,
};

describe('an answer', () => {
  test('may have additional members, and lack those that are wrappers', () => {
    expect(faults({ ...key, prefix: 'abcdefgh' }, 'Key')).toEqual([]);
  });

  test.each([
    ['a member that is missing', { ...key, name: undefined }, 'Key.name is no string'],
    ['null for a plain member', { ...key, is_enabled: null }, 'Key.is_enabled is no boolean'],
    ['a wrapper of another type', { ...key, user_id: 7 }, 'Key.user_id is no string'],
    ['an unknown type of key', { ...key, type: 'SESSION' }, 'Key.type is no KeyType'],
    [
      'a time that is no time',
      { ...key, created_at: 1_769_851_800 },
      'Key.created_at is no date-time',
    ],
  ])('is caught with %s', (_what, value, fault) => {
    expect(faults({ data: [key, value] }, 'KeyListReply')).toEqual([
      'KeyListReply.meta is no object',
      fault,
    ]);
  });

  test('has the types that the table of differences gives it', () => {
    expect(faults({ token: 'a', token_expires: 1_769_855_400 }, 'AuthToken')).toEqual([]);
    expect(faults({ token: 'a', token_expires: '1769855400' }, 'AuthToken')).toEqual([
      'AuthToken.token_expires is no integer',
    ]);
    expect(faults({ code: 'not_found' }, 'ErrorReply')).toEqual([]);
    expect(faults({ code: 5 }, 'ErrorReply')).toEqual(['ErrorReply.code is no string']);
  });
});

describe('a message', () => {
  test('is caught with an additional member', () => {
    expect(
      faultsOfRequest({ email: 'a@b', password: 'c', device: 'd' }, 'AuthLoginRequest'),
    ).toEqual(['AuthLoginRequest has no device']);
  });
});

test('every definition that is named is there', () => {
  const types = [...definitions.values()].flatMap((members) => [...members.values()]);
  const named = Object.values(operations).flatMap(([, , request, reply]) => [request, reply]);
  const scalars = ['boolean', 'date-time', 'int64', 'integer', 'KeyType', 'object', 'string'];
  const wanted = [...types.map((type) => type.replaceAll(/\[\]|\?/g, '')), ...named];
  const unknown = wanted.filter((type) => !definitions.has(type) && !scalars.includes(type));
  expect(unknown).toEqual([]);
});
