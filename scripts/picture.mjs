/**
 * Makes PNG pictures with Chromium: of a terminal's screen, and of the web page.
 *
 *   picture.mjs screen OUT.png COLS ROWS [CURSOR_COL CURSOR_ROW] <CAPTURE   CAPTURE is what `tmux capture-pane -e -p` prints
 *   picture.mjs page OUT.png URL TOKEN CONTAINER                            one terminal in the web page
 *
 * Lines and blocks are drawn as shapes and not as letters, so that boxes have no seams.
 */
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const { chromium } = createRequire(new URL("../assets/web/package.json", import.meta.url))("playwright-core");
const theme = JSON.parse(readFileSync(new URL("../themes/dark.json", import.meta.url), "utf8"));
/** Ground and text of the terminal that is drawn; the theme leaves both to the terminal. */
const GROUND = "#1a1b26";
const TEXT = "#c0caf5";
const BOLD = 1;
const DIM = 2;
const ITALIC = 4;
const UNDERLINE = 8;
const INVERSE = 16;
const STRIKE = 32;

const [what, out, ...rest] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CTO_CHROMIUM ?? "/usr/bin/chromium",
  // Without WebGL, which does not follow a scale that is only emulated.
  args: ["--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  if (what === "screen") await screen(...rest.map(Number));
  else if (what === "page") await photograph(...rest);
  else throw new Error("usage: picture.mjs screen|page OUT.png …");
} finally {
  await browser.close();
}

async function screen(cols, rows, cursorCol, cursorRow) {
  const lines = cells(readFileSync(0, "utf8"), cols).slice(0, rows);
  const cursor = Number.isInteger(cursorCol) ? [cursorCol, cursorRow] : null;
  const page = await browser.newPage();
  const url = await page.evaluate(draw, { lines, cols, rows, cursor, ground: GROUND, text: TEXT, flags: { BOLD, DIM, ITALIC, UNDERLINE, STRIKE } });
  writeFileSync(out, Buffer.from(url.split(",")[1], "base64"));
}

async function photograph(url, token, container) {
  const page = await browser.newPage({ viewport: { width: 1180, height: 640 }, colorScheme: "dark", deviceScaleFactor: 1.5 });
  await page.goto(url);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Containers" }).getByRole("button", { name: container }).click();
  await page.getByRole("region", { name: `Terminal of ${container}` }).locator("[data-state=live]").waitFor();
  // The session takes the page's size, and its program draws anew.
  await page.waitForTimeout(2000);
  await page.screenshot({ path: out });
}

/** The rows of cells that a capture describes: `{ text, wide, fg, bg, flags }`. */
function cells(capture, cols) {
  let style = { fg: null, bg: null, flags: 0 };
  return capture.split("\n").map((line) => {
    const row = [];
    for (const part of line.split(/(\x1b\[[0-9;:]*m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))/)) {
      if (part.startsWith("\x1b[")) style = styled(style, part.slice(2, -1));
      else if (!part.startsWith("\x1b")) {
        for (const { segment } of new Intl.Segmenter("en").segment(part)) row.push(cell(segment, style));
      }
    }
    return row.slice(0, cols);
  });
}

function cell(text, { fg, bg, flags }) {
  const [ink, paper] = flags & INVERSE ? [bg ?? GROUND, fg ?? TEXT] : [fg ?? TEXT, bg ?? GROUND];
  const wide = /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(text);
  return { text, wide, fg: ink, bg: paper, flags };
}

/** The style after an SGR sequence. */
function styled(style, sequence) {
  const codes = sequence === "" ? [0] : sequence.split(/[;:]/).map(Number);
  let { fg, bg, flags } = style;
  const colour = (at) => {
    if (codes[at + 1] === 5) return [indexed(codes[at + 2]), at + 2];
    return [`#${codes.slice(at + 2, at + 5).map((part) => part.toString(16).padStart(2, "0")).join("")}`, at + 4];
  };
  const on = { 1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: INVERSE, 9: STRIKE };
  const off = { 22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: INVERSE, 29: STRIKE };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) [fg, bg, flags] = [null, null, 0];
    else if (on[code]) flags |= on[code];
    else if (off[code]) flags &= ~off[code];
    else if (code >= 30 && code <= 37) fg = indexed(code - 30);
    else if (code >= 90 && code <= 97) fg = indexed(code - 82);
    else if (code >= 40 && code <= 47) bg = indexed(code - 40);
    else if (code >= 100 && code <= 107) bg = indexed(code - 92);
    else if (code === 38) [fg, at] = colour(at);
    else if (code === 48) [bg, at] = colour(at);
    else if (code === 39) fg = null;
    else if (code === 49) bg = null;
  }
  return { fg, bg, flags };
}

/** One of the 256 colours: the theme's sixteen, the cube, the greys. */
function indexed(index) {
  if (index < 16) return theme.palette[index];
  const hex = (...parts) => `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  if (index >= 232) return hex(...Array(3).fill(8 + (index - 232) * 10));
  const step = (value) => (value === 0 ? 0 : 55 + value * 40);
  const at = index - 16;
  return hex(step(Math.floor(at / 36)), step(Math.floor(at / 6) % 6), step(at % 6));
}

/** Draws the cells on a canvas; runs in the browser. Returns a data URL. */
async function draw({ lines, cols, rows, cursor, ground, text, flags }) {
  const [width, height, size, margin] = [12, 24, 19.9, 16];
  const canvas = document.createElement("canvas");
  canvas.width = cols * width + 2 * margin;
  canvas.height = rows * height + 2 * margin;
  const pen = canvas.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = "alphabetic";
  const face = (bits) => `${bits & flags.ITALIC ? "italic " : ""}${bits & flags.BOLD ? "bold " : ""}${size}px "DejaVu Sans Mono", monospace`;

  /** Arms of a box character: left, right, up, down; 1 light, 2 heavy, 3 double. */
  const arms = {};
  const box = (weight, letters) => {
    const shapes = ["1100", "0011", "0101", "1001", "0110", "1010", "0111", "1011", "1101", "1110", "1111", "1000", "0010", "0100", "0001"];
    [...letters].forEach((letter, at) => (arms[letter] = [...shapes[at]].map((arm) => Number(arm) * weight)));
  };
  box(1, "─│┌┐└┘├┤┬┴┼╴╵╶╷");
  box(2, "━┃┏┓┗┛┣┫┳┻╋╸╹╺╻");
  box(3, "═║╔╗╚╝╠╣╦╩╬");
  const round = { "╭": [1, 1], "╮": [-1, 1], "╰": [1, -1], "╯": [-1, -1] };
  const shades = { "░": 0.25, "▒": 0.5, "▓": 0.75 };
  /** Quarters filled, of upper left, upper right, lower left, lower right. */
  const quarters = { "▖": "0010", "▗": "0001", "▘": "1000", "▙": "1011", "▚": "1001", "▛": "1110", "▜": "1101", "▝": "0100", "▞": "0110", "▟": "0111" };

  const shape = (letter, x, y) => {
    const [midX, midY, w] = [x + width / 2, y + height / 2, width];
    const code = letter.codePointAt(0);
    if (arms[letter]) {
      const [left, right, up, down] = arms[letter];
      for (const [weight, along, from, to] of [[left, 0, x, midX], [right, 0, midX, x + w], [up, 1, y, midY], [down, 1, midY, y + height]]) {
        if (weight === 0) continue;
        const thick = weight === 2 ? 4 : 2;
        for (const shift of weight === 3 ? [-2, 2] : [0]) {
          const across = (along ? midX : midY) + shift - thick / 2;
          const [start, end] = [Math.min(from, to) - (from > x && from > y ? thick / 2 : 0), to + thick / 2];
          const [a, b] = along ? [Math.max(start, y), Math.min(end, y + height)] : [Math.max(start, x), Math.min(end, x + w)];
          if (along) pen.fillRect(across, a, thick, b - a);
          else pen.fillRect(a, across, b - a, thick);
        }
      }
    } else if (round[letter]) {
      const [right, down] = round[letter];
      pen.lineWidth = 2;
      pen.strokeStyle = pen.fillStyle;
      pen.beginPath();
      pen.moveTo(midX + (right * w) / 2, midY);
      pen.arcTo(midX, midY, midX, midY + (down * height) / 2, w / 2);
      pen.lineTo(midX, midY + (down * height) / 2);
      pen.stroke();
    } else if (shades[letter]) {
      const before = pen.globalAlpha;
      pen.globalAlpha = before * shades[letter];
      pen.fillRect(x, y, w, height);
      pen.globalAlpha = before;
    } else if (code >= 0x2581 && code <= 0x2588) {
      const tall = Math.round((height * (code - 0x2580)) / 8);
      pen.fillRect(x, y + height - tall, w, tall);
    } else if (code >= 0x2589 && code <= 0x258f) {
      pen.fillRect(x, y, Math.round((w * (0x2590 - code)) / 8), height);
    } else if (letter === "▀") pen.fillRect(x, y, w, height / 2);
    else if (letter === "▐") pen.fillRect(midX, y, w / 2, height);
    else if (quarters[letter]) {
      [...quarters[letter]].forEach((full, at) => full === "1" && pen.fillRect(at % 2 ? midX : x, at > 1 ? midY : y, w / 2, height / 2));
    } else return false;
    return true;
  };

  lines.forEach((line, row) => {
    const y = margin + row * height;
    let col = 0;
    for (const cell of line) {
      const x = margin + col * width;
      const here = cursor && cursor[0] === col && cursor[1] === row;
      const cols = cell.wide ? 2 : 1;
      const [ink, paper] = here ? [ground, text] : [cell.fg, cell.bg];
      if (paper !== ground) {
        pen.fillStyle = paper;
        pen.fillRect(x, y, cols * width, height);
      }
      pen.fillStyle = ink;
      pen.globalAlpha = cell.flags & flags.DIM ? 0.6 : 1;
      if (cell.text !== " " && !shape(cell.text, x, y)) {
        pen.save();
        pen.beginPath();
        pen.rect(x - 2, y, cols * width + 4, height);
        pen.clip();
        pen.font = face(cell.flags);
        pen.fillText(cell.text, x, y + 18.5);
        pen.restore();
      }
      if (cell.flags & flags.UNDERLINE) pen.fillRect(x, y + 21, cols * width, 2);
      if (cell.flags & flags.STRIKE) pen.fillRect(x, y + 12, cols * width, 2);
      pen.globalAlpha = 1;
      col += cols;
    }
    if (cursor && cursor[1] === row && cursor[0] >= col) {
      pen.fillStyle = text;
      pen.fillRect(margin + cursor[0] * width, y, width, height);
    }
  });
  return canvas.toDataURL("image/png");
}
