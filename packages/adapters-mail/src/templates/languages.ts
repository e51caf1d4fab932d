import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { ja } from './ja.ts';
import type { Phrases } from './phrases.ts';
import { pt } from './pt.ts';

/** Every language that mails are written in. */
export const languages: ReadonlyMap<string, Phrases> = new Map([
  ['en', en],
  ['de', de],
  ['es', es],
  ['pt', pt],
  ['ja', ja],
]);
