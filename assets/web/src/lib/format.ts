/** Numbers and times as people read them: the same words as in the terminal client. */
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 MiB`, `1.9 GiB`. */
export function bytes(count: number): string {
  if (!Number.isFinite(count)) return "–";
  let value = Math.abs(count);
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1);
  return `${count < 0 ? "-" : ""}${text} ${UNITS[unit] ?? ""}`;
}

/** Reads what `bytes` writes, and `512m`, `1.5GiB`, `2048`; `undefined` when it is neither. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text);
  if (!match) return undefined;
  const power = "kmgtp".indexOf((match[2] ?? "").toLowerCase()) + 1;
  return Math.round(Number(match[1]) * 1024 ** (match[2] ? power : 0));
}

const SPANS: [seconds: number, unit: string][] = [
  [86_400 * 365, "y"],
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
];

/** A span as its two greatest units: `2h 5m`, `3d`, `45s`, `0s`; below ten seconds with a tenth when `fine`. */
export function duration(milliseconds: number, fine = false): string {
  const total = Math.max(0, milliseconds) / 1000;
  if (fine && total < 10) return `${total.toFixed(1)}s`;
  let rest = Math.floor(total);
  const parts: string[] = [];
  for (const [seconds, unit] of SPANS) {
    const count = Math.floor(rest / seconds);
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    rest -= count * seconds;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}

/** `2h ago`, `in 5m`, `now`. */
export function ago(time: number, now: number): string {
  const span = now - time;
  if (Math.abs(span) < 1_000) return "now";
  const text = duration(Math.abs(span)).split(" ")[0] ?? "";
  return span > 0 ? `${text} ago` : `in ${text}`;
}

export const percent = (value: number): string => `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}%`;

const number = new Intl.NumberFormat("en");
export const count = (value: number): string => number.format(value);

/** `1 container`, `3 containers`. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** An id short enough to read. */
export const shortId = (id: string): string => (id.includes("_") ? id : id.slice(0, 12));
