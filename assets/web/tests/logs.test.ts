/** Log lines: cut, coloured, bounded, merged, resumed. */
import { describe, expect, test } from "vitest";
import { plainText, spans } from "../src/lib/ansi";
import { BURST, type Cut, Cutter, LogBuffer, ONE_OF, Rates, Resume, matcher } from "../src/lib/log-lines";

const encode = (text: string) => new TextEncoder().encode(text);
const stamp = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, "0")}.000000001Z`;
const cut = (second: number, text = `line ${second}`): Cut => ({ stamp: stamp(second), at: Date.parse(stamp(second)), source: "stdout", text, plain: text, level: undefined });

describe("cutting", () => {
  test("a letter or a line may end in the next piece, each stream by itself", () => {
    const cutter = new Cutter();
    const [first, second] = [encode(`${stamp(1)} grü`).slice(0, -1), encode("ü\n")];
    expect(cutter.take("stdout", first)).toEqual([]);
    expect(cutter.take("stderr", encode(`${stamp(2)} bad\n`)).map((one) => [one.source, one.text])).toEqual([["stderr", "bad"]]);
    expect(cutter.take("stdout", second.slice(1)).map((one) => one.text)).toEqual(["grü"]);
  });

  test("the engine's time goes before, what has none is a line all the same", () => {
    const [line, other] = new Cutter().take("stdout", encode(`${stamp(7)}  indented\nno time\n`));
    expect([line?.stamp, line?.at, line?.text]).toEqual([stamp(7), Date.parse(stamp(7)), " indented"]);
    expect([other?.stamp, other?.text]).toEqual(["", "no time"]);
  });

  test("of a line that was written over, what one would see", () => {
    const lines = new Cutter().take("stdout", encode(`${stamp(1)} 10%\r50%\r100%\r\n${stamp(2)} windows\r\n`));
    expect(lines.map((one) => one.text)).toEqual(["100%", "windows"]);
  });

  test("a line without end is shown in pieces and never whole in memory", () => {
    const cutter = new Cutter();
    const lines = cutter.take("stdout", encode("x".repeat(100_000)));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.text).toMatch(/^x{16384} … \(83616 more\)$/);
    expect(cutter.end()).toEqual([]);
  });

  test("the last line needs no line break", () => {
    const cutter = new Cutter();
    cutter.take("stdout", encode(`${stamp(1)} bye`));
    expect(cutter.end().map((one) => one.text)).toEqual(["bye"]);
  });
});

describe("colours", () => {
  test("colours are kept", () => {
    const found = spans("\u001b[31mred\u001b[0m plain \u001b[1;38;5;2mbold\u001b[m\u001b[7mturned");
    expect(found.map((one) => [one.text, one.fg, one.bg, one.bold])).toEqual([
      ["red", 1, undefined, false],
      [" plain ", undefined, undefined, false],
      ["bold", 2, undefined, true],
      ["turned", -2, -1, false],
    ]);
  });

  test("whatever else a terminal would obey is left out", () => {
    const hostile = "a\u001b]0;title\u0007b\u001b]8;;http://evil\u001b\\c\u001b[2Jd\u001bPq#0\u001b\\e\u0007\u0000f\u009b31mg\u001b";
    expect(plainText(hostile)).toBe("abcdef31mg");
    expect(plainText("\u001b]0;never ended")).toBe("");
    expect(plainText("tab\tstays <b>text</b>")).toBe("tab\tstays <b>text</b>");
  });
});

describe("keeping", () => {
  test("memory is bounded: the oldest go, and it is counted", () => {
    const buffer = new LogBuffer(100);
    for (let at = 0; at < 500; at += 10) buffer.add("a", Array.from({ length: 10 }, (_, line) => cut(0, `${at + line}`)), at * 1_000);
    expect(buffer.lines.length).toBeLessThanOrEqual(110);
    expect(buffer.lines.length + buffer.dropped).toBe(500);
    expect(buffer.lines.at(-1)?.text).toBe("499");
    expect(new Set(buffer.lines.map((one) => one.id)).size).toBe(buffer.lines.length);
  });

  test("long lines count too", () => {
    const buffer = new LogBuffer();
    for (let at = 0; at < 2_500; at += 1) buffer.add("a", [cut(0, "x".repeat(16_000))], at * 1_000);
    expect(buffer.lines.length * 16_000).toBeLessThanOrEqual(24_000_000);
    expect(buffer.lines.length).toBeGreaterThan(500);
  });

  test("lines of several containers are in the order of their times", () => {
    const buffer = new LogBuffer();
    buffer.add("a", [cut(1), cut(3), cut(5)], 0);
    buffer.add("b", [cut(2), cut(4), cut(6)], 0);
    buffer.add("c", [cut(0)], 0);
    expect(buffer.lines.map((one) => one.text)).toEqual([0, 1, 2, 3, 4, 5, 6].map((at) => `line ${at}`));
    expect(buffer.lines.map((one) => one.container).join("")).toBe("cababab");
    const [early, late] = ["2026-01-02T03:05:00.000000001Z", "2026-01-02T03:05:00.000000002Z"].map((one): Cut => ({ ...cut(0, one), stamp: one, at: Date.parse(one) }));
    buffer.add("b", [late as Cut], 0);
    buffer.add("a", [early as Cut], 0);
    expect(buffer.lines.slice(-2).map((one) => one.container)).toEqual(["a", "b"]);
  });

  test("what was printed before comes at once, and is whole", () => {
    const buffer = new LogBuffer();
    buffer.add("a", Array.from({ length: BURST * 3 }, (_, at) => cut(at)), 10_000, true);
    expect([buffer.burst, buffer.skipped, buffer.lines.length]).toEqual([false, 0, BURST * 3]);
  });

  test("a burst is sampled, is said, and ends", () => {
    const buffer = new LogBuffer();
    const flood = BURST + 1_000;
    buffer.add("a", Array.from({ length: flood }, () => cut(1)), 10_000);
    expect(buffer.burst).toBe(true);
    expect(buffer.lines).toHaveLength(BURST + 1_000 / ONE_OF);
    expect(buffer.skipped).toBe(1_000 - 1_000 / ONE_OF);
    buffer.add("a", [cut(2)], 12_500);
    expect(buffer.burst).toBe(false);
    expect(buffer.lines.at(-1)?.text).toBe("line 2");
    buffer.add("a", Array.from({ length: flood }, () => cut(1)), 20_000);
    buffer.calm(20_500);
    expect(buffer.burst).toBe(true);
    buffer.calm(22_000);
    expect(buffer.burst).toBe(false);
  });
});

describe("after a cut the log is read again from its end", () => {
  test("what was had is left out", () => {
    const resume = new Resume();
    resume.fresh([cut(1), cut(2)]);
    resume.again();
    expect(resume.fresh([cut(1), cut(2), cut(3)]).map((one) => one.text)).toEqual(["line 3"]);
    expect(resume.gap).toBe(false);
  });

  test("what is missing is known", () => {
    const resume = new Resume();
    resume.fresh([cut(1)]);
    expect(resume.gap).toBeUndefined();
    resume.again();
    expect(resume.fresh([cut(8)])).toHaveLength(1);
    expect(resume.gap).toBe(true);
  });
});

test("rates are counted by the second, those without lines too", () => {
  const rates = new Rates(4);
  rates.add(10_100);
  rates.add(10_900, 2);
  rates.add(12_000);
  expect(rates.series(12_500)).toEqual([0, 3, 0, 1]);
});

test("a search is text, or a pattern; one that is none says so", () => {
  expect(matcher("a.b", false)?.test("xA.Bx")).toBe(true);
  expect(matcher("a.b", false)?.test("aab")).toBe(false);
  const same = matcher("line", false);
  expect([same?.test("a line"), same?.places("a line"), same?.places("a line")]).toEqual([true, [[2, 6]], [[2, 6]]]);
  expect(matcher("a.b", true)?.places("aab acb")).toEqual([[0, 3], [4, 7]]);
  expect(matcher("(", true)).toBeUndefined();
  expect(matcher("x*", true)?.places("aaa")).toEqual([]);
});
