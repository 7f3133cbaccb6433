/** Reads a tile: cursor positions, SGR and text on an empty grid (`term/picture.rs` writes it). Whatever else is met is left out. */
export interface Run {
  row: number;
  col: number;
  text: string;
  /** Cells that it takes. */
  width: number;
  /** Index of the palette, `#rrggbb`, or the theme's own. */
  fg: number | string | undefined;
  bg: number | string | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

type Style = Omit<Run, "row" | "col" | "text" | "width"> & { inverse: boolean };

const PLAIN: Style = { fg: undefined, bg: undefined, bold: false, dim: false, italic: false, underline: false, inverse: false };

const hex = (...parts: number[]) => `#${parts.map((part) => Math.min(255, Math.max(0, part)).toString(16).padStart(2, "0")).join("")}`;

/** One of the 256 colours beyond the first 16. */
function fixed(index: number): string {
  if (index >= 232) return hex(...Array<number>(3).fill(8 + (index - 232) * 10));
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function extended(codes: number[], at: number): { color: number | string | undefined; used: number } {
  if (codes[at + 1] === 5) {
    const index = codes[at + 2] ?? 0;
    return { color: index < 16 ? index : fixed(index), used: 2 };
  }
  if (codes[at + 1] === 2) return { color: hex(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0), used: 4 };
  return { color: undefined, used: codes.length };
}

function styled(before: Style, params: string): Style {
  const style = { ...before };
  const codes = params === "" ? [0] : params.split(/[;:]/).map((code) => Number(code) || 0);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) Object.assign(style, PLAIN);
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.inverse = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 27) style.inverse = false;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 82;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 92;
    else if (code === 39) style.fg = undefined;
    else if (code === 49) style.bg = undefined;
    else if (code === 38 || code === 48) {
      const { color, used } = extended(codes, at);
      style[code === 38 ? "fg" : "bg"] = color;
      at += used;
    }
  }
  return style;
}

/** East Asian wide and emoji; the cursor is placed anew after what was misjudged, at the latest in the next row. */
function cells(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/\p{Mark}/u.test(char)) return 0;
  const wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) || (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** The inverse is already turned around, with the colours `-1` (text) and `-2` (background) for what the theme says. */
export function runs(ansi: string): Run[] {
  const found: Run[] = [];
  let style = PLAIN;
  let row = 0;
  let col = 0;
  // eslint-disable-next-line no-control-regex
  for (const [piece] of ansi.matchAll(/\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b.|[^\u001b]+/gs)) {
    if (piece.startsWith("\u001b")) {
      const params = piece.slice(2, -1);
      if (piece.endsWith("H")) {
        const [down, right] = params.split(";").map((part) => Number(part) || 1);
        row = (down ?? 1) - 1;
        col = (right ?? 1) - 1;
      } else if (piece.endsWith("m")) style = styled(style, params);
      continue;
    }
    let width = 0;
    for (const char of piece) width += cells(char);
    const { inverse, ...plain } = style;
    found.push({ row, col, text: piece, width, ...plain, ...(inverse ? { fg: style.bg ?? -2, bg: style.fg ?? -1 } : {}) });
    col += width;
  }
  return found;
}

/** A part of a log line that looks one way. */
export type Span = Omit<Run, "row" | "col" | "width">;

// What is no text: strings for the terminal (titles, links, pictures), other sequences, control characters but the tab.
// eslint-disable-next-line no-control-regex
const PIECES = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b[\s\S]?|[\0-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f]+|[^\0-\u0008\u000a-\u001f\u007f-\u009f]+/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\0-\u0008\u000a-\u001f\u007f-\u009f]/;

/** A log line by its looks: colours are kept, whatever else a terminal would obey is left out. */
export function spans(line: string): Span[] {
  const { inverse: _, ...usual } = PLAIN;
  if (!CONTROLS.test(line)) return [{ text: line, ...usual }];
  const found: Span[] = [];
  let style = PLAIN;
  for (const [piece] of line.matchAll(PIECES)) {
    if (piece.startsWith("\u001b")) {
      if (/^\u001b\[[0-9;:]*m$/.test(piece)) style = styled(style, piece.slice(2, -1));
      continue;
    }
    if (CONTROLS.test(piece)) continue;
    const { inverse, ...plain } = style;
    found.push({ text: piece, ...plain, ...(inverse ? { fg: style.bg ?? -2, bg: style.fg ?? -1 } : {}) });
  }
  return found;
}

/** A line's text alone. */
export const plainText = (line: string): string => (CONTROLS.test(line) ? spans(line).map((span) => span.text).join("") : line);

/** Base64 as text. */
export const unpacked = (base64: string): string => new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
