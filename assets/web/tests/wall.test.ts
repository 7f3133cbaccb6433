/** The wall's arrangements: the same as in the terminal client, and the same objects. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type SavedPane, type Tree, WHOLE, arranged, borders, even, frames, neighbour, panesOf, readWork, resize, savedPanes, setShare, split, without, writeWork } from "../src/lib/layout";
import * as wall from "../src/lib/wall";

/** What the terminal client kept: two tabs, five panes, one of them floating and hidden, one a log. */
const kept = JSON.parse(readFileSync(new URL("layout-tui.json", import.meta.url), "utf8")) as unknown;
const everything: wall.Facts = { live: () => true, find: ({ container, name }) => ({ id: container, name, runs: true }) };
const pane = (name: string, more: Partial<SavedPane> = {}): SavedPane => ({ container: `id-${name}`, name, shows: "shell", ...more });
const abc = (): Tree<string> => split(split({ pane: "a" }, "a", "right", "b"), "b", "down", "c");

describe("layouts of the terminal client", () => {
  test("open here, and are kept as they were", () => {
    const { wall: opened, gone } = wall.open(wall.EMPTY, readWork(kept), everything);
    expect(gone).toEqual([]);
    expect(opened.tabs.map((tab) => wall.allPanes(tab).length)).toEqual([3, 3]);
    expect(writeWork(wall.save(opened))).toEqual(kept);
  });

  test("leave out what no longer runs, and begin the rest anew", () => {
    const work = readWork(kept);
    const { wall: opened, gone } = wall.open(wall.EMPTY, work, { live: () => false, find: () => undefined });
    expect([opened.tabs, gone]).toEqual([[], ["pw-one"]]);
    const again = wall.open(wall.EMPTY, work, { live: () => false, find: ({ name }) => ({ id: "other", name, runs: true }) });
    expect(Object.values(again.wall.panes).every((one) => one.container === "other" && one.session === undefined)).toBe(true);
  });

  test("show a session once: where it was seen before it is no longer", () => {
    const work = readWork(kept);
    const first = wall.open(wall.EMPTY, work, everything).wall;
    const second = wall.open(first, work, everything).wall;
    const sessions = Object.values(second.panes).flatMap((one) => one.session ?? []);
    expect(new Set(sessions).size).toBe(sessions.length);
    expect(sessions.length).toBe(savedPanes(work).filter((one) => one.session).length);
  });

  test.each([null, {}, { work: {} }, { work: { tabs: [{ tree: {} }] } }, { work: { tabs: [{ tree: { pane: { name: 1 } } }] } }, { work: { tabs: [{ tree: { split: { axis: "left" } } }] } }])("that are none are refused: %j", (data) => {
    expect(() => readWork(data)).toThrow("nothing that this page can open");
  });
});

describe("arrangements", () => {
  test("panes halve each other and give their place back", () => {
    expect(frames(abc()).map(({ pane, x, y, width, height }) => [pane, x, y, width, height])).toEqual([
      ["a", 0, 0, 0.5, 1],
      ["b", 0.5, 0, 0.5, 0.5],
      ["c", 0.5, 0.5, 0.5, 0.5],
    ]);
    expect(frames(without(abc(), "b")!).map((one) => [one.pane, one.height])).toEqual([
      ["a", 1],
      ["c", 1],
    ]);
    expect(without({ pane: "a" }, "a")).toBeUndefined();
  });

  test("neighbours lie beside a pane's middle", () => {
    expect(neighbour(abc(), "a", "right")).toBe("b");
    expect(neighbour(abc(), "c", "up")).toBe("b");
    expect(neighbour(abc(), "c", "left")).toBe("a");
    expect(neighbour(abc(), "a", "left")).toBeUndefined();
  });

  test("a border moves by as much as was said, and never over a pane", () => {
    const wide = resize(abc(), "a", "right", 0.1);
    expect(frames(wide)[0]!.width).toBeCloseTo(0.6, 3);
    // The last in its row moves the border before it.
    expect(frames(resize(abc(), "b", "left", 0.1))[0]!.width).toBeCloseTo(0.4, 3);
    expect(frames(setShare(abc(), [], 0))[0]!.width).toBeGreaterThan(0.04);
    expect(borders(abc()).map((one) => [one.path.join(""), one.axis])).toEqual([
      ["", "right"],
      ["1", "down"],
    ]);
  });

  test("ready ones keep panes and their order, and rows are equally large", () => {
    const four = split(abc(), "c", "right", "d");
    for (const ready of ["even-right", "even-down", "main-above", "main-left", "tiled"] as const) expect(panesOf(arranged(four, ready))).toEqual(["a", "b", "c", "d"]);
    expect(frames(arranged(four, "even-right")).map((one) => Math.round(one.width * 100))).toEqual([25, 25, 25, 25]);
    expect(frames(arranged(four, "tiled")).every((one) => one.width === 0.5 && one.height === 0.5)).toBe(true);
    const row = split(split({ pane: "a" }, "a", "right", "b"), "b", "right", "c");
    expect(frames(even(row)).map((one) => Math.round(one.width * WHOLE))).toEqual([21845, 21846, 21846]);
  });
});

describe("the wall", () => {
  const three = () => wall.add(wall.add(wall.add(wall.EMPTY, pane("a"), "tab"), pane("b"), "right"), pane("c"), "down");

  test("a new pane has the focus, and a closed one gives it to who had it before", () => {
    const made = three();
    expect(wall.tabOf(made)!.focus).toBe(3);
    const closed = wall.close(made, 3);
    expect(wall.tabOf(closed)!.focus).toBe(2);
    expect(Object.keys(closed.panes)).toEqual(["1", "2"]);
    expect(wall.close(wall.close(closed, 2), 1)).toMatchObject({ tabs: [], panes: {} });
  });

  test("the focus moves over borders and through tabs, and zooming ends where it leaves", () => {
    const zoomed = wall.zoom(three());
    expect(wall.fills(wall.tabOf(zoomed)!)).toBe(true);
    const left = wall.move(zoomed, "left");
    expect(wall.tabOf(left)).toMatchObject({ focus: 1, zoomed: false });
    expect(wall.tabOf(wall.back(left))!.focus).toBe(3);
    expect(wall.tabOf(wall.cycle(left, -1))!.focus).toBe(3);
    const apart = wall.breakOut(left);
    expect(apart.tabs.map((tab) => wall.allPanes(tab).length)).toEqual([2, 1]);
    expect(wall.turn(apart, 1).active).toBe(0);
  });

  test("one pane floats, hides and comes into the arrangement", () => {
    const above = wall.float(three(), pane("f"));
    expect(wall.tabOf(above)).toMatchObject({ focus: 4, floating: { pane: 4, shown: true } });
    const hidden = wall.float(above, undefined);
    expect(wall.tabOf(hidden)).toMatchObject({ focus: 3, floating: { shown: false } });
    expect(panesOf(wall.tabOf(wall.floatOrTile(hidden))!.tree)).toContain(4);
    expect(wall.tabOf(wall.close(wall.close(wall.close(above, 1), 2), 3))).toMatchObject({ tree: { pane: 4 }, focus: 4 });
  });
});
