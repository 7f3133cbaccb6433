/** Months as weeks of days, and what falls on them. Days are `2026-12-24`, by the clocks that times are written in. */

/** The day of a time as it is written: `2026-12-24T18:00:00+01:00` is on the 24th, wherever it is read. */
export const dayOf = (written: string): string => written.slice(0, 10);
/** `18:00` of it. */
export const timeOf = (written: string): string => written.slice(11, 16);

const two = (number: number) => String(number).padStart(2, "0");
const day = (date: Date) => `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;

/** The weeks of a month (`2026-12`), Monday first, whole: with days of the months beside it. */
export function weeksOf(month: string): string[][] {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  const first = new Date(Date.UTC(year, number - 1, 1));
  const start = new Date(first.getTime() - ((first.getUTCDay() + 6) % 7) * 86_400_000);
  const weeks: string[][] = [];
  for (let week = 0; week < 6; week += 1) {
    const days = Array.from({ length: 7 }, (_, at) => day(new Date(start.getTime() + (week * 7 + at) * 86_400_000)));
    if (week > 0 && !days.some((one) => one.startsWith(month))) break;
    weeks.push(days);
  }
  return weeks;
}

/** Months later or earlier. */
export function monthAfter(month: string, by: number): string {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  const at = new Date(Date.UTC(year, number - 1 + by, 1));
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}`;
}

export function byDay<T>(things: T[], written: (thing: T) => string): Map<string, T[]> {
  const days = new Map<string, T[]>();
  for (const thing of things) {
    const key = dayOf(written(thing));
    days.set(key, [...(days.get(key) ?? []), thing]);
  }
  return days;
}

/** A time as it is written, for people: `Thu 24 Dec 18:00 +01:00`; the year where it is another. */
export function spoken(written: string, now = new Date()): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:\d\d)?/.exec(written);
  if (!match) return written;
  const [, year = "", month = "", date = "", time = "", seconds = "", offset = ""] = match;
  const at = new Date(`${year}-${month}-${date}T00:00:00Z`);
  const words = at.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC", ...(Number(year) === now.getFullYear() ? {} : { year: "numeric" }) }).replace(",", "");
  return `${words} ${time}${seconds === ":00" ? "" : seconds} ${offset === "Z" ? "UTC" : offset}`.trim();
}
