import { factorKinds } from '@rekey/domain';
import { expect, it } from 'vitest';
import { factorInWords } from './factor.ts';
import { languages } from './languages.ts';

it('says of every factor in every language what became of it', () => {
  expect(factorInWords({ kind: 'passkey', change: 'added' }, 'en')).toBe('added: a passkey');
  const all = languages.flatMap((language) =>
    factorKinds.flatMap((kind) =>
      (['added', 'removed'] as const).map((change) => factorInWords({ kind, change }, language)),
    ),
  );
  expect(new Set(all).size).toBe(all.length);
  for (const text of all) expect(text).toMatch(/^\S(?:.*\S)?$/);
});
