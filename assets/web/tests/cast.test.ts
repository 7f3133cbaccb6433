import { describe, expect, it } from "vitest";
import { advance, after, clock, find, parseCast, transcript } from "../src/lib/cast";

const lines = (...events: unknown[]) => [JSON.stringify({ version: 3, term: { cols: 100, rows: 30 } }), ...events.map((one) => (typeof one === "string" ? one : JSON.stringify(one)))].join("\n");

describe("recordings", () => {
  it("have their size, and events at the sums of their times", () => {
    const cast = parseCast(lines([0.5, "o", "one"], [0.25, "i", "x"], [1, "r", "80x24"], [0, "m", "gap"], [2, "x", "0"]));
    expect([cast.cols, cast.rows, cast.duration]).toEqual([100, 30, 3750]);
    expect(cast.events.map((one) => [one.at, one.kind])).toEqual([[500, "output"], [750, "input"], [1750, "resize"], [1750, "marker"], [3750, "exit"]]);
  });

  it("have exact bytes and redrawings where their comments say so", () => {
    const cast = parseCast(lines("#cto raw /wA=", [0, "o", "\ufffd\u0000"], "#cto snapshot 12", [1, "o", "again"], [1, "o", "more"], "# something else"));
    expect([...(cast.events[0]?.bytes ?? [])]).toEqual([255, 0]);
    expect(cast.events.map((one) => one.redraws ?? false)).toEqual([false, true, false]);
    expect(cast.events[1]?.bytes).toBeUndefined();
  });

  it("may end in the middle of a line, and nowhere else", () => {
    expect(parseCast(`${lines([1, "o", "a"])}\n[1, "o", "b`).events).toHaveLength(1);
    expect(() => parseCast(lines("[1, broken", [1, "o", "a"]))).toThrow("line 2");
    expect(() => parseCast("no file")).toThrow("no asciicast");
    expect(() => parseCast('{"version":2}\n')).toThrow("version 2");
  });

  it("pass over silence, and never beyond the end", () => {
    const cast = parseCast(lines([0, "o", "a"], [10, "o", "b"], [1, "o", "c"]));
    expect(advance(cast, 0, 500, 2_000)).toBe(500);
    expect(advance(cast, 1_900, 200, 2_000)).toBe(10_000);
    expect(advance(cast, 1_900, 200, 0)).toBe(2_100);
    expect(advance(cast, 10_900, 5_000, 2_000)).toBe(11_000);
    expect(after(cast.events, 0)).toBe(1);
    expect(after(cast.events, 9_999)).toBe(1);
    expect(after(cast.events, 11_000)).toBe(3);
  });

  it("are found by what was printed, also where colours and pieces lie between", () => {
    const cast = parseCast(lines([1, "o", "\u001b[31mhel"], [1, "o", "lo\u001b"], [1, "o", "[0m wor\u001b]0;title\u0007ld\r\n"], [1, "o", "bye"]));
    const said = transcript(cast);
    expect(said.text).toBe("hello world\nbye");
    expect(find(said, "HELLO")).toEqual([{ at: 2_000, line: "hello world" }]);
    expect(find(said, "world")[0]?.at).toBe(3_000);
    expect(find(said, "nothing")).toEqual([]);
    expect(find(said, "")).toEqual([]);
  });

  it("have times as clocks show them", () => {
    expect([clock(0), clock(65_400), clock(65_400, true), clock(3_723_000)]).toEqual(["0:00", "1:05", "1:05.4", "1:02:03"]);
  });
});
