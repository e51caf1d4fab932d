/** The text with the first character of each of its parts replaced. */
export function forgeries(text: string): string[] {
  const parts = [0, ...[...text.matchAll(/[.:$]/g)].map(({ index }) => index + 1)];
  return parts.filter((at) => at < text.length).map((at) => replaceAt(text, at));
}

/** The text with one character replaced by another of the same kind. */
export function replaceAt(text: string, at: number): string {
  const char = text[at] === 'b' ? 'c' : 'b';
  return text.slice(0, at) + char + text.slice(at + 1);
}
