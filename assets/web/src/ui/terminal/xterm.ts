/** xterm.js as the page uses it. */
import { type IClipboardProvider, ClipboardAddon } from "@xterm/addon-clipboard";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { SerializeAddon } from "@xterm/addon-serialize";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { preferences, token } from "../../lib/preferences";

/** The sixteen colours, as xterm.js calls them. */
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan", "brightWhite"] as const;

/** The page's theme as a terminal's colours. */
export function colors(): ITheme {
  return {
    ...Object.fromEntries(NAMES.map((name, index) => [name, token(`--ansi-${index}`)])),
    background: token("--term-back"),
    foreground: token("--text"),
    cursor: token("--text"),
    selectionBackground: token("--selection-bg"),
    selectionForeground: token("--selection-fg"),
    scrollbarSliderBackground: token("--line"),
  };
}

/** Browsers give a page few WebGL contexts: the terminals that were made last have them, the others draw with the DOM. */
const MOST_WEBGL = 8;
const contexts: WebglAddon[] = [];

function accelerate(terminal: Terminal): () => void {
  // Small screens are drawn by the DOM as fast; and where the page is scaled, as phones do, WebGL can miss the size and draw nothing.
  if (matchMedia("(pointer: coarse)").matches) return () => {};
  let webgl: WebglAddon | undefined;
  const drop = () => {
    const at = webgl ? contexts.indexOf(webgl) : -1;
    if (at >= 0) contexts.splice(at, 1);
    webgl?.dispose();
    webgl = undefined;
  };
  try {
    webgl = new WebglAddon();
    webgl.onContextLoss(drop);
    terminal.loadAddon(webgl);
    contexts.push(webgl);
    if (contexts.length > MOST_WEBGL) contexts.shift()?.dispose();
  } catch {
    // No WebGL here: xterm.js draws with the DOM instead.
    webgl = undefined;
  }
  return drop;
}

export interface Wiring {
  /** The program wants to write to the clipboard (OSC 52). Reading is never allowed. */
  copies(text: string): void;
  /** A link was followed; `hidden` when its text may be another than its target. */
  follows(uri: string, hidden: boolean): void;
}

export interface Made {
  terminal: Terminal;
  fit: FitAddon;
  search: SearchAddon;
  serialize: SerializeAddon;
  dispose(): void;
}

export function make(element: HTMLElement, wiring: Wiring): Made {
  const wish = preferences.get();
  const terminal = new Terminal({
    allowProposedApi: true,
    scrollback: 10_000,
    fontFamily: token("--mono"),
    fontSize: wish.fontSize,
    minimumContrastRatio: 4.5,
    screenReaderMode: wish.screenReader,
    theme: colors(),
    linkHandler: { activate: (_, uri) => wiring.follows(uri, true), allowNonHttpProtocols: true },
  });
  const fit = new FitAddon();
  const search = new SearchAddon({ highlightLimit: 1_000 });
  const serialize = new SerializeAddon();
  const clipboard: IClipboardProvider = { readText: () => "", writeText: (_, text) => wiring.copies(text) };
  for (const addon of [fit, search, serialize, new UnicodeGraphemesAddon(), new ClipboardAddon(undefined, clipboard), new WebLinksAddon((_, uri) => wiring.follows(uri, false))]) terminal.loadAddon(addon);
  terminal.open(element);
  const slow = accelerate(terminal);
  // The server's own screen answers queries; a second answer from here would be typed into the program.
  for (const final of ["c", "n"]) {
    terminal.parser.registerCsiHandler({ final }, () => true);
    terminal.parser.registerCsiHandler({ prefix: "?", final }, () => true);
    terminal.parser.registerCsiHandler({ prefix: ">", final }, () => true);
  }
  terminal.parser.registerCsiHandler({ prefix: ">", final: "q" }, () => true);
  terminal.parser.registerCsiHandler({ intermediates: "$", final: "p" }, () => true);
  terminal.parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, () => true);
  terminal.parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true);
  // Colours may be set, not asked for.
  for (const kind of [4, 10, 11, 12]) terminal.parser.registerOscHandler(kind, (said) => said.includes("?"));
  for (const [name, value] of [["autocapitalize", "off"], ["autocorrect", "off"], ["spellcheck", "false"]] as const) terminal.textarea?.setAttribute(name, value);
  return {
    terminal,
    fit,
    search,
    serialize,
    dispose() {
      slow();
      terminal.dispose();
    },
  };
}

/** Columns and rows that `made` has room for; none while it is hidden. */
export function room(element: HTMLElement, made: Made): { cols: number; rows: number } | undefined {
  // A hidden element has no size: fitting to it would make the program redraw at 2 columns.
  const wish = element.offsetWidth > 0 ? made.fit.proposeDimensions() : undefined;
  return wish && Number.isFinite(wish.cols) && wish.cols >= 2 && wish.rows >= 2 ? wish : undefined;
}
