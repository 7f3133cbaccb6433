/**
 * Where panes lie: the same tree of splits as in the terminal client (`src/tui/layout.rs`, `src/tui/parts/saved.rs`), so that an
 * arrangement that is kept in one opens in the other. Places are parts of the whole, from 0 to 1.
 */

/** A whole share; what a split gives its first child is a part of it. */
export const WHOLE = 1 << 16;
/** The least part that a border can be moved to. */
const LEAST = 0.05;
const NEAR = 1e-6;

/** `right`: side by side. `down`: one above the other. */
export type Axis = "right" | "down";
export type Direction = "left" | "down" | "up" | "right";

/** An arrangement of panes; `P` names one. */
export type Tree<P> = { pane: P } | { split: Split<P> };
export interface Split<P> {
  axis: Axis;
  /** What the first gets, of 65,536. */
  share: number;
  first: Tree<P>;
  second: Tree<P>;
}

export interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A border between two arrangements. */
export interface Border extends Frame {
  /** Which split's: 0 for the first child, 1 for the second, from the root on. */
  path: (0 | 1)[];
  axis: Axis;
  share: number;
  /** What the split divides. */
  of: Frame;
}

export const axisOf = (direction: Direction): Axis => (direction === "left" || direction === "right" ? "right" : "down");
const forward = (direction: Direction) => direction === "right" || direction === "down";
const clamp = (share: number) => Math.min(WHOLE - 1, Math.max(1, Math.round(share)));

const pair = <P>(axis: Axis, share: number, first: Tree<P>, second: Tree<P>): Tree<P> => ({ split: { axis, share: clamp(share), first, second } });

/** The panes, from the upper left to the lower right. */
export const panesOf = <P>(tree: Tree<P>): P[] => ("pane" in tree ? [tree.pane] : [...panesOf(tree.split.first), ...panesOf(tree.split.second)]);

/** Halves a pane and gives its right or lower half to another. */
export function split<P>(tree: Tree<P>, pane: P, axis: Axis, other: P): Tree<P> {
  if ("pane" in tree) return tree.pane === pane ? pair(axis, WHOLE / 2, tree, { pane: other }) : tree;
  const { first, second } = tree.split;
  return { split: { ...tree.split, first: split(first, pane, axis, other), second: split(second, pane, axis, other) } };
}

/** The arrangement of what `keep` makes of each pane; the place of one that it drops goes to its neighbour. */
export function filterMap<P, Q>(tree: Tree<P>, keep: (pane: P) => Q | undefined): Tree<Q> | undefined {
  if ("pane" in tree) {
    const kept = keep(tree.pane);
    return kept === undefined ? undefined : { pane: kept };
  }
  const first = filterMap(tree.split.first, keep);
  const second = filterMap(tree.split.second, keep);
  return first && second ? pair(tree.split.axis, tree.split.share, first, second) : (first ?? second);
}

export const without = <P>(tree: Tree<P>, pane: P): Tree<P> | undefined => filterMap(tree, (own) => (own === pane ? undefined : own));

/** Exchanges two panes. */
export const swap = <P>(tree: Tree<P>, a: P, b: P): Tree<P> => filterMap(tree, (own) => (own === a ? b : own === b ? a : own)) ?? tree;

/** The pane `steps` places after this one, around the end. */
export function nthAfter<P>(panes: P[], pane: P, steps: number): P | undefined {
  const at = panes.indexOf(pane);
  return at < 0 ? undefined : panes[(((at + steps) % panes.length) + panes.length) % panes.length];
}

/** How many panes lie one after the other along an axis. */
const lanes = <P>(tree: Tree<P>, along: Axis): number => ("split" in tree && tree.split.axis === along ? lanes(tree.split.first, along) + lanes(tree.split.second, along) : 1);

/** Makes the panes of each row and each column equally large. */
export function even<P>(tree: Tree<P>): Tree<P> {
  if ("pane" in tree) return tree;
  const { axis, first, second } = tree.split;
  const a = lanes(first, axis);
  return pair(axis, (WHOLE * a) / (a + lanes(second, axis)), even(first), even(second));
}

/** The ready arrangements, in the order in which they follow each other. */
export const READY = ["even-right", "even-down", "main-above", "main-left", "tiled"] as const;
export type Ready = (typeof READY)[number];

/** All of these after each other, equally large. */
function row<P>(axis: Axis, parts: Tree<P>[]): Tree<P> | undefined {
  return parts.reduceRight<Tree<P> | undefined>((rest, part, at) => (rest ? pair(axis, WHOLE / (parts.length - at), part, rest) : part), undefined);
}

/** The same panes in a ready arrangement. */
export function arranged<P>(tree: Tree<P>, ready: Ready): Tree<P> {
  const panes = panesOf(tree).map((pane): Tree<P> => ({ pane }));
  const [main, ...rest] = panes;
  const beside = (axis: Axis) => {
    const others = row(axis === "right" ? "down" : "right", rest);
    return main && others ? pair(axis, (WHOLE * 3) / 5, main, others) : main;
  };
  const columns = Math.ceil(Math.sqrt(panes.length));
  const lines = Array.from({ length: Math.ceil(panes.length / columns) }, (_, line) => row("right", panes.slice(line * columns, (line + 1) * columns)));
  const made = { "even-right": () => row("right", panes), "even-down": () => row("down", panes), "main-above": () => beside("down"), "main-left": () => beside("right"), tiled: () => row("down", lines.filter((line) => line !== undefined)) }[ready]();
  return made ?? tree;
}

const ALL: Frame = { x: 0, y: 0, width: 1, height: 1 };

function halves(of: Frame, axis: Axis, share: number): [Frame, Frame] {
  const part = share / WHOLE;
  return axis === "right"
    ? [
        { ...of, width: of.width * part },
        { ...of, x: of.x + of.width * part, width: of.width * (1 - part) },
      ]
    : [
        { ...of, height: of.height * part },
        { ...of, y: of.y + of.height * part, height: of.height * (1 - part) },
      ];
}

/** Where each pane lies. */
export function frames<P>(tree: Tree<P>, of: Frame = ALL): (Frame & { pane: P })[] {
  if ("pane" in tree) return [{ ...of, pane: tree.pane }];
  const [a, b] = halves(of, tree.split.axis, tree.split.share);
  return [...frames(tree.split.first, a), ...frames(tree.split.second, b)];
}

/** The borders that can be moved. */
export function borders<P>(tree: Tree<P>, of: Frame = ALL, path: (0 | 1)[] = []): Border[] {
  if ("pane" in tree) return [];
  const { axis, share, first, second } = tree.split;
  const [a, b] = halves(of, axis, share);
  const own = axis === "right" ? { x: b.x, y: of.y, width: 0, height: of.height } : { x: of.x, y: b.y, width: of.width, height: 0 };
  return [{ ...own, path, axis, share, of }, ...borders(first, a, [...path, 0]), ...borders(second, b, [...path, 1])];
}

/** Gives the first child of a split another share. */
export function setShare<P>(tree: Tree<P>, path: (0 | 1)[], share: number): Tree<P> {
  if ("pane" in tree) return tree;
  const [next, ...rest] = path;
  if (next === undefined) return { split: { ...tree.split, share: clamp(Math.min(1 - LEAST, Math.max(LEAST, share / WHOLE)) * WHOLE) } };
  return { split: next === 0 ? { ...tree.split, first: setShare(tree.split.first, rest, share) } : { ...tree.split, second: setShare(tree.split.second, rest, share) } };
}

/** The pane next to this one in a direction: the one that lies beside its middle. */
export function neighbour<P>(tree: Tree<P>, pane: P, direction: Direction): P | undefined {
  const all = frames(tree);
  const own = all.find((frame) => frame.pane === pane);
  if (!own) return undefined;
  const beside = (frame: Frame) =>
    Math.abs({ left: frame.x + frame.width - own.x, right: frame.x - own.x - own.width, up: frame.y + frame.height - own.y, down: frame.y - own.y - own.height }[direction]) < NEAR;
  const off = (frame: Frame) => {
    const [middle, from, to] = axisOf(direction) === "right" ? [own.y + own.height / 2, frame.y, frame.y + frame.height] : [own.x + own.width / 2, frame.x, frame.x + frame.width];
    return Math.max(0, from - middle, middle - to);
  };
  return all.filter(beside).sort((a, b) => off(a) - off(b))[0]?.pane;
}

/** Moves the border on the far side of a pane, or else the one on its near side, by a part of the whole. */
export function resize<P>(tree: Tree<P>, pane: P, direction: Direction, by: number): Tree<P> {
  return moveBorder(tree, pane, direction, by, ALL, true) ?? moveBorder(tree, pane, direction, by, ALL, false) ?? tree;
}

function moveBorder<P>(tree: Tree<P>, pane: P, direction: Direction, by: number, of: Frame, far: boolean): Tree<P> | undefined {
  if ("pane" in tree) return undefined;
  const { axis, share, first, second } = tree.split;
  const inFirst = panesOf(first).includes(pane);
  if (!inFirst && !panesOf(second).includes(pane)) return undefined;
  const [a, b] = halves(of, axis, share);
  const inner = inFirst ? moveBorder(first, pane, direction, by, a, far) : moveBorder(second, pane, direction, by, b, far);
  if (inner) return { split: { ...tree.split, ...(inFirst ? { first: inner } : { second: inner }) } };
  if (axis !== axisOf(direction) || inFirst !== far) return undefined;
  const whole = axis === "right" ? of.width : of.height;
  return setShare(tree, [], share + ((forward(direction) ? by : -by) / whole) * WHOLE);
}

/* What is kept. */

/** What a pane shows: a container's main program, a further program, or its log. */
export type Shows = "main" | "shell" | "log";

export interface SavedPane {
  container: string;
  name: string;
  shows: Shows;
  /** Further containers whose logs are shown with its own, with their names. */
  more?: [container: string, name: string][];
  /** The name it was given. */
  called?: string;
  session?: string;
}

export interface Floating<P> {
  pane: P;
  /** Shares of the area, of 65,536 each. */
  x: number;
  y: number;
  width: number;
  height: number;
  shown: boolean;
  full?: boolean;
}

export interface SavedTab {
  name?: string;
  tree: Tree<SavedPane>;
  floating?: Floating<SavedPane>;
  /** Which has the focus, counted from the upper left; the one that floats comes last. */
  focus: number;
  zoomed: boolean;
}

export interface SavedWork {
  tabs: SavedTab[];
  active: number;
}

/** In the middle: four fifths of the columns, seven tenths of the rows. */
export const FLOAT_PLACE = { x: Math.floor(WHOLE / 10), y: Math.floor((WHOLE * 3) / 20), width: Math.floor((WHOLE * 4) / 5), height: Math.floor((WHOLE * 7) / 10) };

const record = (value: unknown): Record<string, unknown> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it holds nothing that this page can open");
  return value as Record<string, unknown>;
};
const text = (value: unknown): string => {
  if (typeof value !== "string") throw new Error("it holds nothing that this page can open");
  return value;
};
const number = (value: unknown, usual: number): number => (typeof value === "number" && Number.isFinite(value) ? value : usual);

function readPane(value: unknown): SavedPane {
  const pane = record(value);
  const shows = pane["shows"];
  if (shows !== "main" && shows !== "shell" && shows !== "log") throw new Error("it holds nothing that this page can open");
  const more = Array.isArray(pane["more"]) ? (pane["more"] as [string, string][]) : [];
  return {
    container: text(pane["container"]),
    name: text(pane["name"]),
    shows,
    ...(more.length > 0 ? { more } : {}),
    ...(typeof pane["called"] === "string" ? { called: pane["called"] } : {}),
    ...(typeof pane["session"] === "string" ? { session: pane["session"] } : {}),
  };
}

/** Deeper than any person splits; a tree that was made to be deep opens nothing. */
const DEEPEST = 64;

function readTree(value: unknown, depth = 0): Tree<SavedPane> {
  const tree = record(value);
  if ("pane" in tree) return { pane: readPane(tree["pane"]) };
  const said = record(tree["split"]);
  const axis = said["axis"];
  if ((axis !== "right" && axis !== "down") || depth > DEEPEST) throw new Error("it holds nothing that this page can open");
  return pair(axis, number(said["share"], WHOLE / 2), readTree(said["first"], depth + 1), readTree(said["second"], depth + 1));
}

function readFloating(value: unknown): Floating<SavedPane> {
  const said = record(value);
  const share = (name: "x" | "y" | "width" | "height") => Math.min(WHOLE, Math.max(0, number(said[name], FLOAT_PLACE[name])));
  return { pane: readPane(said["pane"]), x: share("x"), y: share("y"), width: share("width"), height: share("height"), shown: said["shown"] === true, full: said["full"] === true };
}

/** Reads a layout's data; throws where it is none. */
export function readWork(data: unknown): SavedWork {
  const work = record(record(data)["work"]);
  if (!Array.isArray(work["tabs"])) throw new Error("it holds nothing that this page can open");
  const tabs = work["tabs"].map((value: unknown): SavedTab => {
    const tab = record(value);
    return {
      ...(typeof tab["name"] === "string" ? { name: tab["name"] } : {}),
      tree: readTree(tab["tree"]),
      ...(tab["floating"] === undefined || tab["floating"] === null ? {} : { floating: readFloating(tab["floating"]) }),
      focus: number(tab["focus"], 0),
      zoomed: tab["zoomed"] === true,
    };
  });
  return { tabs, active: Math.max(0, Math.min(tabs.length - 1, number(work["active"], 0))) };
}

/** A layout's data. */
export const writeWork = (work: SavedWork) => ({ v: 1, work });

/** All panes of it. */
export const savedPanes = (work: SavedWork): SavedPane[] => work.tabs.flatMap((tab) => [...panesOf(tab.tree), ...(tab.floating ? [tab.floating.pane] : [])]);
