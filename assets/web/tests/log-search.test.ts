/** Searches through the past of logs: what is asked, how it is shown, and where a line is found again. */
import { describe, expect, test } from "vitest";
import type { LogLine } from "../src/lib/log-lines";
import { type Hit, NO_WISH, grouped, marked, placeOf, requestOf, wrongIn } from "../src/lib/log-search";

const NOW = Date.parse("2026-05-04T12:00:00Z");
const wish = (more: Partial<typeof NO_WISH>) => ({ ...NO_WISH, query: "x", ...more });

describe("what is asked", () => {
  test("is so long back, between two times, or all that is kept", () => {
    expect(requestOf(wish({ span: "3600" }), ["web"], NOW)).toMatchObject({ query: "x", containers: ["web"], since: "2026-05-04T11:00:00.000Z" });
    const between = requestOf(wish({ span: "between", from: "2026-05-04T01:00:00Z", until: "2026-05-04T02:00:00Z" }), [], NOW);
    expect([between.since, between.until]).toEqual(["2026-05-04T01:00:00.000Z", "2026-05-04T02:00:00.000Z"]);
    // Times that were left there are not meant where they are not shown.
    expect(requestOf(wish({ from: "2026-05-04T01:00:00Z" }), [], NOW)).not.toHaveProperty("since");
  });
  test("says no more than was chosen", () => {
    expect(Object.keys(requestOf(wish({}), [], NOW)).sort()).toEqual(["case_sensitive", "containers", "context", "limit", "query", "regex"]);
    expect(requestOf(wish({ level: "warn", source: "stderr", context: 2, regex: true }), [], NOW)).toMatchObject({ level: "warn", source: "stderr", context: 2, regex: true });
  });
  test("is refused before it is sent where it can find nothing", () => {
    expect(wrongIn(wish({ span: "between" }))).toBe("say from when, or until when");
    expect(wrongIn(wish({ span: "between", from: "2026-05-04T02:00", until: "2026-05-04T01:00" }))).toBe("it ends before it begins");
    expect(wrongIn(wish({ span: "between", from: "2026-05-04T02:00" }))).toBeUndefined();
    expect(wrongIn(wish({ query: "x".repeat(1001) }))).toContain("1000 letters");
  });
});

const hit = (container: string, line: number, more: Partial<Hit> = {}): Hit => ({ container, container_name: `box-${container}`, source: "stdout", at: "2026-05-04T12:00:00Z", line, text: "", found: [0, 0], ...more });

test("finds are by container, each in the order of its log", () => {
  const groups = grouped([hit("10", 5), hit("9", 2), hit("10", 1)]);
  expect(groups.map((one) => [one.name, one.hits.map((hit) => hit.line)])).toEqual([["box-9", [2]], ["box-10", [1, 5]]]);
});

test("what was found is marked, by characters", () => {
  expect(marked({ text: "a 😀 error here", found: [4, 9] })).toEqual(["a 😀 ", "error", " here"]);
  expect(marked({ text: "all", found: [0, 0] })).toEqual(["", "", "all"]);
});

describe("a find's place in the log", () => {
  const lines = (...stamps: string[]) => stamps.map((stamp, id) => ({ id: id + 1, stamp, at: Date.parse(stamp), plain: "" })) as LogLine[];
  const log = lines("2026-05-04T12:00:00.100000000Z", "2026-05-04T12:00:00.100200000Z", "2026-05-04T12:00:02.000000000Z");
  test("is the line of the same moment, to the nanosecond, however it is written", () => {
    expect(placeOf(log, "2026-05-04T12:00:00.1002Z")).toBe(2);
    expect(placeOf(log, "2026-05-04T12:00:02Z")).toBe(3);
  });
  test("or the next one where that is gone", () => {
    expect(placeOf(log, "2026-05-04T12:00:01Z")).toBe(3);
  });
  test("is before what was read, or not there yet", () => {
    expect(placeOf(log, "2026-05-04T11:00:00Z")).toBe("older");
    expect(placeOf(log, "2026-05-04T12:00:03Z")).toBeUndefined();
    expect(placeOf([], "2026-05-04T12:00:03Z")).toBeUndefined();
    expect(placeOf(log, "nonsense")).toBeUndefined();
  });
});
