/** Of the two grounds that the stylesheet has for each theme, the one on which less can be read. */
const GROUNDS = { light: '#f3f4f6', dark: '#1b1e25' } as const;

/** The contrast that text must have against its ground (WCAG 2.2, 1.4.3, level AA). */
const AA = 4.5;

/** The operator's colour for each theme: as it is where it can be read there, and otherwise darker or lighter until it can. */
export function shadesOf(color: string): { readonly light: string; readonly dark: string } {
  return {
    light: readable(color, GROUNDS.light, '#000000'),
    dark: readable(color, GROUNDS.dark, '#ffffff'),
  };
}

function readable(color: string, ground: string, towards: string): string {
  for (let percent = 0; percent < 100; percent += 2) {
    const shade = mix(color, towards, percent / 100);
    if (contrast(shade, ground) >= AA) return shade;
  }
  return towards;
}

/** WCAG 2.2: the contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG 2.2: relative luminance, 0 to 1. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(color: string, towards: string, share: number): string {
  const target = channels(towards);
  const mixed = channels(color).map((value, index) =>
    Math.round(value + ((target[index] ?? 0) - value) * share),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

const channels = (color: string): number[] =>
  [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
