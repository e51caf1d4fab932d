import { expect, test } from 'vitest';
import { diffOf } from './diff.ts';

test('a difference has each field that differs, old and new, under the names of the wire', () => {
  const text = null as string | null;
  const before = { id: '1', name: 'Ada', isEnabled: true, userEmailText: text, updatedAt: 1 };
  const after = { ...before, name: 'Eve', isEnabled: false, userEmailText: 'Hi', updatedAt: 2 };
  expect(diffOf(before, after)).toEqual({
    type: 'diff',
    data: [
      ['name', 'Ada', 'Eve'],
      ['is_enabled', true, false],
      ['user_email_text', null, 'Hi'],
    ],
  });
});

test('a field that only one of them has is null in the other', () => {
  const [one, other]: { a?: number }[] = [{ a: 1 }, {}];
  expect(diffOf(one!, other!)).toEqual({ type: 'diff', data: [['a', 1, null]] });
  expect(diffOf(other!, one!)).toEqual({ type: 'diff', data: [['a', null, 1]] });
});

test('lists and objects differ by what is in them, and instants are written as on the wire', () => {
  const before = { scopes: ['a', 'b'], attributes: { x: 1 }, expiresAt: null as number | null };
  const same = { scopes: ['a', 'b'], attributes: { x: 1 }, expiresAt: null };
  expect(diffOf<typeof before>(before, same)).toBeNull();
  const after = { scopes: ['a'], attributes: { x: 2 }, expiresAt: 0 };
  expect(diffOf<typeof before>(before, after)).toEqual({
    type: 'diff',
    data: [
      ['scopes', ['a', 'b'], ['a']],
      ['attributes', { x: 1 }, { x: 2 }],
      ['expires_at', null, '1970-01-01T00:00:00.000Z'],
    ],
  });
});

test('nothing but the instant of the change is no difference', () => {
  expect(diffOf({ name: 'Ada', updatedAt: 1 }, { name: 'Ada', updatedAt: 2 })).toBeNull();
});
