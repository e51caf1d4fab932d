import { shadesOf } from '@rekey/wording';

/** The variables of the stylesheet that come from the colour. The text on buttons has the colour of the sheet. */
export function colorsOf(color: string): string {
  const { light, dark } = shadesOf(color);
  return `:root { --accent: ${light}; }
@media (prefers-color-scheme: dark) { :root { --accent: ${dark}; } }
@media print { :root { --accent: ${light}; } }
`;
}
