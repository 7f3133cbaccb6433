/** Colours: the same files as the terminal client's, dark or light as the system is. */
import dark from "../../../themes/dark.json";
import light from "../../../themes/light.json";

type Theme = typeof dark;

/** The page's own variables, and the roles that they are. */
const VARIABLES: [string, keyof Theme][] = [
  ["--bar", "bar_bg"],
  ["--muted", "muted"],
  ["--accent", "accent"],
  ["--ok", "ok"],
  ["--warn", "warn"],
  ["--bad", "error"],
  ["--back", "background"],
  ["--text", "text"],
];

/** The sixteen colours of a terminal, as xterm.js calls them. */
const NAMES = [
  "black",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
  "brightBlack",
  "brightRed",
  "brightGreen",
  "brightYellow",
  "brightBlue",
  "brightMagenta",
  "brightCyan",
  "brightWhite",
] as const;

const wish = matchMedia("(prefers-color-scheme: light)");

/** The theme that is shown now. */
const shown = (): Theme => (wish.matches ? light : dark);

/** Gives the page the theme's colours, now and when the system changes between dark and light. What a theme leaves to the terminal, the style sheet says. */
export function paint(): void {
  const apply = () => {
    const style = document.documentElement.style;
    for (const [variable, role] of VARIABLES) {
      const color = shown()[role];
      if (typeof color === "string" && color.startsWith("#")) style.setProperty(variable, color);
      else style.removeProperty(variable);
    }
  };
  apply();
  wish.addEventListener("change", apply);
}

/** The colours of a terminal in the page. */
export function terminalColors(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const page = (variable: string) => style.getPropertyValue(variable).trim();
  const named = Object.fromEntries(NAMES.map((name, index) => [name, shown().palette[index] ?? ""]));
  return { ...named, background: page("--back"), foreground: page("--text"), cursor: page("--text") };
}
