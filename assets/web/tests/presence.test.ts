/** Who is at a terminal, and who of them types now. */
import { describe, expect, test } from "vitest";
import type { Viewer } from "../src/lib/frames";
import { Presence, TYPES, clientWord, doing, types } from "../src/lib/presence";

const viewer = (id: number, more: Partial<Viewer> = {}): Viewer => ({ id, name: `v${id}`, mode: "write", size: { cols: 80, rows: 24 }, lease: false, ...more });
const at = (second: number) => new Date(second * 1000).toISOString();

describe("presence", () => {
  test("this page is the newest of its size, and stays who it is when others come", () => {
    const presence = new Presence();
    presence.begin({ cols: 80, rows: 24 });
    // Another came between the connection and the first list.
    const wide = viewer(3, { size: { cols: 200, rows: 50 } });
    expect(presence.take([viewer(1), viewer(2), wide], 0).map((one) => one.you)).toEqual([false, true, false]);
    expect(presence.take([viewer(1), viewer(2), wide, viewer(4)], 0).map((one) => one.you)).toEqual([false, true, false, false]);
    presence.begin({ cols: 80, rows: 24 });
    expect(presence.take([viewer(1), viewer(5)], 0).map((one) => one.you)).toEqual([false, true]);
  });

  test("somebody types for two seconds after each key, by the clock of this machine", () => {
    const presence = new Presence();
    presence.begin({ cols: 80, rows: 24 });
    const now = 5_000;
    // What was typed before this page came is over, whatever the server's clock says.
    const [before] = presence.take([viewer(1, { typed_at: at(99_999) })], now);
    expect(before && types(before, now)).toBe(false);
    const [fresh] = presence.take([viewer(1, { typed_at: at(100_000) })], now);
    expect(fresh && [types(fresh, now), types(fresh, now + TYPES - 1), types(fresh, now + TYPES)]).toEqual([true, true, false]);
    // A list for another reason makes nobody type.
    const [same] = presence.take([viewer(1, { typed_at: at(100_000) })], now + TYPES);
    expect(same && types(same, now + TYPES)).toBe(false);
  });

  test("each has a word for what they do", () => {
    const presence = new Presence();
    presence.begin({ cols: 80, rows: 24 });
    const all = presence.take([viewer(1), viewer(2, { mode: "view" }), viewer(3, { lease: true })], 0);
    expect(all.map((one) => doing(one, all, 0))).toEqual(["waits", "watches", "types alone"]);
    const free = presence.take([viewer(1, { typed_at: at(1) }), viewer(2)], 0);
    expect(free.map((one) => doing(one, free, 0))).toEqual(["types now", "may type"]);
  });

  test("and for what they are there with", () => {
    expect(["browser", "cto", "curl", undefined].map((client) => clientWord(client === undefined ? {} : { client }))).toEqual(["in a browser", "in the terminal client", "with curl", undefined]);
  });
});
