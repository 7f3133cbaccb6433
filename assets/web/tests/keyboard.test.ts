import { afterEach, describe, expect, it } from "vitest";
import { type Shortcut, keysOf, pressed, shortcutName, taken } from "../src/lib/keyboard";
import { prefer } from "../src/lib/preferences";

const containers: Shortcut = { keys: "g c", label: "containers", group: "Go to" };
const logs: Shortcut = { keys: "g y", label: "logs", group: "Go to" };
const view: Shortcut = { keys: "v", label: "tiles or table", group: "Containers" };
const all = [containers, logs, view];
const event = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

afterEach(() => prefer({ keys: {} }));

describe("keys of one's own", () => {
  it("go before those that are usual, for the one shortcut", () => {
    prefer({ keys: { [shortcutName(view)]: "V" } });
    expect(keysOf(view)).toBe("V");
    expect(keysOf(logs)).toBe("g y");
  });

  it("are taken where another has them, begins with them, or is their beginning", () => {
    expect(taken("g y", containers, all)).toEqual([logs]);
    expect(taken("g", view, all)).toEqual([containers, logs]);
    expect(taken("v x", logs, all)).toEqual([view]);
    expect(taken("g c", containers, all)).toEqual([]);
    expect(taken("z", containers, all)).toEqual([]);
  });

  it("are free where the other has keys of its own", () => {
    prefer({ keys: { [shortcutName(logs)]: "L" } });
    expect(taken("g y", containers, all)).toEqual([]);
    expect(taken("L", containers, all)).toEqual([logs]);
  });

  it("are none that lead through the page or that browsers keep", () => {
    expect(pressed(event("z"))).toBe("z");
    expect(pressed(event("?", { shiftKey: true }))).toBe("?");
    expect(pressed(event(" "))).toBe("Space");
    expect(pressed(event("j", { ctrlKey: true }))).toBe("Mod+j");
    for (const key of ["Tab", "Enter", "Escape", "Shift"]) expect(pressed(event(key))).toBeUndefined();
    for (const key of ["w", "t", "n"]) expect(pressed(event(key, { ctrlKey: true }))).toBeUndefined();
    expect(pressed(event("c", { altKey: true }))).toBeUndefined();
  });
});
