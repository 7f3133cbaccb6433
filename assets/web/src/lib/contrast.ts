/** How well one colour is told from another, as the WCAG count it. */
export const LEAST_CONTRAST = 3;

/** Of `#rgb` and `#rrggbb`, from 0 to 1; none of what is written otherwise. */
export function luminance(color: string): number | undefined {
  const match = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color.trim());
  if (!match) return undefined;
  const digits = match[1] ?? "";
  const size = digits.length / 3;
  const [red = 0, green = 0, blue = 0] = [0, 1, 2].map((at) => {
    const part = digits.slice(at * size, at * size + size);
    const value = Number.parseInt(size === 1 ? part + part : part, 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** From 1 to 21. */
export const contrast = (one: number, other: number): number => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
