import { describe, expect, it } from "vitest";
import type { RunEntry } from "../src/lib/automation";
import { typedValue } from "../src/lib/automation";
import { diffLines, shortened } from "../src/lib/diff";
import { lineOf, numbersOf, resultsOf, stepsOf } from "../src/lib/run-log";

let seq = 0;
const entry = (more: object): RunEntry => ({ seq: ++seq, at: "2026-01-01T00:00:00Z", ...more }) as RunEntry;

describe("a run's log", () => {
  it("has steps, within each other and side by side", () => {
    const steps = stepsOf([
      entry({ kind: "step_began", name: "outer", line: 3 }),
      entry({ kind: "step_began", name: "inner", line: 4 }),
      entry({ kind: "screen", label: "menu", text: "a\nb" }),
      entry({ kind: "step_ended", name: "inner", ms: 5, error: "no", screen: "x" }),
      entry({ kind: "step_began", name: "other", line: 6 }),
      entry({ kind: "step_ended", name: "outer", ms: 9 }),
    ]);
    expect(steps.map((step) => [step.name, step.depth, step.ms, step.error])).toEqual([
      ["outer", 0, 9, undefined],
      ["inner", 1, 5, "no"],
      ["other", 1, undefined, undefined],
    ]);
    expect(steps[1]).toMatchObject({ screen: "x", pictures: [{ label: "menu", text: "a\nb" }] });
  });

  it("says at which line it is", () => {
    expect(lineOf([entry({ kind: "call", text: "a", line: 7 }), entry({ kind: "left", entries: 3 })])).toBe(7);
    expect(lineOf([])).toBeUndefined();
  });
});

describe("what a run reports", () => {
  it("is a value, a list, numbers or a table", () => {
    const found = resultsOf({ who: "ann", tags: ["a", "b"], times: [1, 2.5], sizes: { a: 1, b: 2 }, hosts: [{ host: "x", ms: 3 }, { host: "y", ms: 5, note: "slow" }], one: {}, facts: { ok: true, by: "ann" } });
    expect(found.map((one) => one.kind)).toEqual(["value", "list", "numbers", "numbers", "table", "value", "table"]);
    expect(found[3]).toMatchObject({ bars: [{ label: "a", value: 1 }, { label: "b", value: 2 }] });
    expect(found[4]).toMatchObject({ columns: ["host", "ms", "note"], rows: [["x", "3", ""], ["y", "5", "slow"]], bars: [{ label: "x", value: 3 }, { label: "y", value: 5 }], measure: "ms" });
    expect(resultsOf(undefined)).toEqual([]);
  });

  it("has numbers that can be followed from run to run", () => {
    expect(numbersOf({ errors: 3, who: "ann", many: [1] })).toEqual({ errors: 3 });
  });
});

describe("typed values", () => {
  it("are numbers and truths where they look like it", () => {
    expect(["3", "-2", "true", "3.5", "007x", ""].map(typedValue)).toEqual([3, -2, true, "3.5", "007x", ""]);
  });
});

describe("differences", () => {
  it("are lines that only one of two texts has", () => {
    expect(diffLines("a\nb\nc", "a\nx\nc").map((line) => line.kind[0] + line.text)).toEqual(["sa", "ob", "ix", "sc"]);
    expect(diffLines("a\nb\nc\nd", "b\nc\nd\ne").map((line) => line.kind[0] + line.text)).toEqual(["oa", "sb", "sc", "sd", "ie"]);
    const far = shortened(diffLines("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6\nx"), 1);
    expect(far.map((line) => line?.text ?? "…")).toEqual(["…", "6", "7", "x"]);
    expect(diffLines("same", "same")).toEqual([{ kind: "same", text: "same" }]);
  });
});
