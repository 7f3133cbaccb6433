import { describe, expect, it } from "vitest";
import { levelOf, looksLikeJson, unfolded } from "../src/lib/log-levels";

describe("levels of log lines", () => {
  it.each([
    ['{"level":"error","msg":"x"}', "error"],
    ['{"time":"2026-01-01T00:00:00Z","severity":"WARNING","message":"x"}', "warn"],
    ['{"level":30,"msg":"pino"}', "info"],
    ['{"level":3,"msg":"syslog"}', "error"],
    ['time=2026-01-01T00:00:00Z level=debug msg="x"', "debug"],
    ["[error] worker 4: connection reset", "error"],
    ["2026-01-01 00:00:00,000 WARNING root: x", "warn"],
    ["INFO  server: done", "info"],
    ["npm warn: old", "warn"],
    ["E0102 10:11:12.000000 1 main.go:1] x", "error"],
    ["postgres[12]: FATAL:  role does not exist", "error"],
    ["<4> [WARN] x", "warn"],
  ])("%s", (line, level) => expect(levelOf(line)).toBe(level));

  it.each(["plain words", "an error was fixed", "information desk", '{"msg":"level"}', "", "The Warning Signs"])("names none: %s", (line) => expect(levelOf(line)).toBeUndefined());

  it("looks only at the beginning of a line", () => expect(levelOf(`${"x".repeat(300)} ERROR`)).toBeUndefined());

  it("is quick with what is made to be slow", () => {
    const lines = [`{${'"level":'.repeat(4_000)}`, `${"[ ".repeat(8_000)}`, `${"level=".repeat(3_000)}`, `${" ".repeat(16_000)}error`];
    const begun = performance.now();
    for (let times = 0; times < 100; times += 1) for (const line of lines) levelOf(line);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

describe("objects in log lines", () => {
  it("are set in lines", () => expect(unfolded('{"a":1,"b":{"c":"<b>"}}')).toBe('{\n  "a": 1,\n  "b": {\n    "c": "<b>"\n  }\n}'));
  it("are none where the line only looks so", () => {
    expect(looksLikeJson("{not json}")).toBe(true);
    expect(unfolded("{not json}")).toBeUndefined();
    expect(looksLikeJson("plain")).toBe(false);
  });
  it("are bounded", () => {
    const text = unfolded(JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at])))) ?? "";
    expect(text.split("\n").length).toBeLessThanOrEqual(302);
    expect(text).toContain("more lines");
    expect((unfolded(JSON.stringify({ a: "x".repeat(100_000) })) ?? "").length).toBeLessThan(21_000);
  });
});
