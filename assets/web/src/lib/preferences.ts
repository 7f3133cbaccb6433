/** What a person likes, kept in this browser. `public/boot.js` reads the same entry before the first drawing. */
import { Store, useStore } from "./store";

export const THEMES = ["system", "dark", "light", "high-contrast", "high-contrast-light"] as const;
export type ThemeName = (typeof THEMES)[number];

export interface Preferences {
  theme: ThemeName;
  /** Of terminals, in CSS pixels. */
  fontSize: number;
  /** The terminal is also written for screen readers. */
  screenReader: boolean;
  copyOnSelect: boolean;
  /** The key before the keys of the wall. */
  leader: Leader;
  /** Keys that a person chose for a shortcut, by its name (`keyboard.ts`). */
  keys: Record<string, string>;
}

/** Keys that browsers leave to pages. */
export const LEADERS = ["Ctrl+B", "Ctrl+A", "Ctrl+G", "Ctrl+Space"] as const;
export type Leader = (typeof LEADERS)[number];

const KEPT = "cto.preferences";
const DEFAULTS: Preferences = { theme: "system", fontSize: 14, screenReader: false, copyOnSelect: false, leader: "Ctrl+B", keys: {} };
export const FONT_SIZES = { least: 8, most: 32 };

function read(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Preferences>;
    return {
      theme: THEMES.find((name) => name === kept.theme) ?? DEFAULTS.theme,
      fontSize: clampFont(kept.fontSize),
      screenReader: kept.screenReader === true,
      copyOnSelect: kept.copyOnSelect === true,
      leader: LEADERS.find((key) => key === kept.leader) ?? DEFAULTS.leader,
      keys: readKeys(kept.keys),
    };
  } catch {
    return DEFAULTS;
  }
}

/** What is kept is anybody's to change: only what looks like keys is taken. */
function readKeys(kept: unknown): Record<string, string> {
  if (typeof kept !== "object" || kept === null) return {};
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "" && entry[1].length <= 24).slice(0, 200));
}

export const clampFont = (size: unknown): number => (typeof size === "number" && Number.isFinite(size) ? Math.min(FONT_SIZES.most, Math.max(FONT_SIZES.least, Math.round(size))) : DEFAULTS.fontSize);

export const preferences = new Store<Preferences>(typeof localStorage === "undefined" ? DEFAULTS : read());
export const usePreferences = () => useStore(preferences);

export function prefer(change: Partial<Preferences>): void {
  preferences.update((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(KEPT, JSON.stringify(preferences.get()));
  } catch {
    // No storage: it holds for this page.
  }
}

/** The theme that is shown now; changes with the system's wish. */
export const shownTheme = new Store<string>("dark");

/** Keeps the page in its theme. */
export function paint(): void {
  const light = matchMedia("(prefers-color-scheme: light)");
  const more = matchMedia("(prefers-contrast: more)");
  const apply = () => {
    const { theme } = preferences.get();
    const system = `${more.matches ? "high-contrast" : ""}${light.matches ? (more.matches ? "-light" : "light") : more.matches ? "" : "dark"}`;
    const name = theme === "system" ? system : theme;
    document.documentElement.dataset["theme"] = name;
    shownTheme.set(name);
  };
  apply();
  light.addEventListener("change", apply);
  more.addEventListener("change", apply);
  preferences.watch(apply);
}

const tokens = new Map<string, string>();
shownTheme.watch(() => tokens.clear());

/** A token's value now, such as `--accent`'s. */
export function token(name: string): string {
  let value = tokens.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    tokens.set(name, value);
  }
  return value;
}
