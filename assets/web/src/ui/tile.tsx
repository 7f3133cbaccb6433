/** A small live picture of a terminal, drawn on a canvas: cheap enough for dozens. */
import { memo, useEffect, useRef } from "react";
import type { Tile } from "../lib/api";
import { type Run, runs, unpacked } from "../lib/ansi";
import { LEAST_CONTRAST, contrast, luminance } from "../lib/contrast";
import { shownTheme, token } from "../lib/preferences";
import { useStore } from "../lib/store";

export interface TilePictureProps {
  tile: Tile | undefined;
  /** Cells that were asked for: the picture's shape stays, also before there is one. */
  cols: number;
  rows: number;
  label: string;
}

const CELL = { width: 6, height: 12 };

export const TilePicture = memo(function TilePicture({ tile, cols, rows, label }: TilePictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useStore(shownTheme);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const scale = Math.max(1, Math.min(3, window.devicePixelRatio || 1)) * 1.5;
    element.width = Math.round(cols * CELL.width * scale);
    element.height = Math.round(rows * CELL.height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(element);
    const palette = { text: style.color, back: token("--term-back") };
    context.fillStyle = palette.back;
    context.fillRect(0, 0, cols * CELL.width, rows * CELL.height);
    if (!tile) return;
    context.textBaseline = "alphabetic";
    const shrink = Math.min(1, cols / Math.max(1, tile.size.cols));
    context.scale(shrink, shrink);
    for (const run of runs(unpacked(tile.base64))) draw(context, run, palette);
  }, [tile, cols, rows, theme]);
  return <canvas ref={canvas} className="tile-picture" role="img" aria-label={label} style={{ aspectRatio: `${cols * CELL.width} / ${rows * CELL.height}` }} />;
});

const shades = new Map<string, string>();

/** The colour, or black or white where it can hardly be told from what is behind it: programs choose pairs for other palettes. */
function readable(front: string, back: string): string {
  const key = `${front} ${back}`;
  let shade = shades.get(key);
  if (shade === undefined) {
    const [one, other] = [luminance(front), luminance(back)];
    shade = one === undefined || other === undefined || contrast(one, other) >= LEAST_CONTRAST ? front : contrast(1, other) > contrast(0, other) ? "#ffffff" : "#000000";
    if (shades.size > 1_000) shades.clear();
    shades.set(key, shade);
  }
  return shade;
}

function draw(context: CanvasRenderingContext2D, run: Run, palette: { text: string; back: string }): void {
  const color = (wish: number | string | undefined, usual: string) => {
    if (wish === undefined) return usual;
    if (typeof wish === "string") return wish;
    if (wish === -1) return palette.text;
    if (wish === -2) return palette.back;
    return token(`--ansi-${wish}`) || usual;
  };
  const left = run.col * CELL.width;
  const top = run.row * CELL.height;
  if (run.bg !== undefined) {
    context.fillStyle = color(run.bg, palette.back);
    context.fillRect(left, top, run.width * CELL.width, CELL.height);
  }
  const back = run.bg === undefined ? palette.back : color(run.bg, palette.back);
  context.fillStyle = readable(color(run.fg, palette.text), back);
  context.globalAlpha = run.dim ? 0.6 : 1;
  context.font = `${run.italic ? "italic " : ""}${run.bold ? "bold " : ""}10px ${token("--mono")}`;
  const natural = context.measureText(run.text).width;
  const wanted = run.width * CELL.width;
  // Set letter by letter only where the font's own width is not the grid's.
  if (natural > 0 && wanted > 0) {
    context.save();
    context.translate(left, top + CELL.height - 3);
    context.scale(wanted / natural, 1);
    context.fillText(run.text, 0, 0);
    context.restore();
  }
  if (run.underline) context.fillRect(left, top + CELL.height - 1, wanted, 1);
  context.globalAlpha = 1;
}
