import type { Language } from '@rekey/wording';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { ja } from './ja.ts';
import { pt } from './pt.ts';
import type { Texts } from './texts.ts';

export const texts: Readonly<Record<Language, Texts>> = { en, de, es, pt, ja };
