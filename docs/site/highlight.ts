import highlighter from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import go from 'highlight.js/lib/languages/go';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import nginx from 'highlight.js/lib/languages/nginx';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = { bash, go, javascript, json, nginx, php, python, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) {
  highlighter.registerLanguage(name, language);
}

/** Whether code in that language gets colours; code that names none gets none. */
export const isKnown = (language: string): boolean =>
  language === '' || highlighter.getLanguage(language) !== undefined;

/** The code as HTML, with a class for each kind of word in it. */
export function highlighted(code: string, language: string): string {
  if (language === '' || !isKnown(language)) return escaped(code);
  return highlighter.highlight(code, { language }).value;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
