import { describe, expect, it } from "vitest";
import { byDay, dayOf, monthAfter, spoken, timeOf, weeksOf } from "../src/lib/calendar";

describe("a month", () => {
  it("is whole weeks that begin on Monday", () => {
    const weeks = weeksOf("2026-12");
    expect(weeks[0]?.[0]).toBe("2026-11-30");
    expect(weeks.at(-1)?.at(-1)).toBe("2027-01-03");
    expect(weeks).toHaveLength(5);
    expect(weeksOf("2027-02")).toHaveLength(4);
    expect(weeksOf("2027-02")[0]?.[0]).toBe("2027-02-01");
    expect(weeksOf("2026-08")).toHaveLength(6);
  });

  it("has others before and after it", () => {
    expect([monthAfter("2026-12", 1), monthAfter("2026-01", -1), monthAfter("2026-03", 0)]).toEqual(["2027-01", "2025-12", "2026-03"]);
  });
});

describe("a written time", () => {
  it("is on the day of its own clocks", () => {
    expect(dayOf("2026-12-24T00:30:00+01:00")).toBe("2026-12-24");
    expect(timeOf("2026-12-24T00:30:00+01:00")).toBe("00:30");
    expect([...byDay([{ at: "2026-12-24T23:59:00-05:00" }, { at: "2026-12-24T01:00:00-05:00" }], (one) => one.at).keys()]).toEqual(["2026-12-24"]);
  });

  it("is spoken with its offset, and its year where it is another", () => {
    const now = new Date("2026-06-01T00:00:00Z");
    expect(spoken("2026-12-24T18:00:00+01:00", now)).toBe("Thu 24 Dec 18:00 +01:00");
    expect(spoken("2027-03-28T01:00:05Z", now)).toBe("Sun 28 Mar 2027 01:00:05 UTC");
    expect(spoken("soon", now)).toBe("soon");
  });
});
