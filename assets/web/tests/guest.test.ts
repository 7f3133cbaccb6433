/** A guest's way back is for the same link, in the same tab. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetGuest, guestOf, keepGuest } from "../src/lib/guest";

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  vi.stubGlobal("sessionStorage", { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value), removeItem: (name: string) => kept.delete(name) });
});
afterEach(() => vi.unstubAllGlobals());

test("who came in comes back by the same link alone", () => {
  keepGuest("code-1", { name: "gus", token: "t1" });
  expect(guestOf("code-1")).toEqual({ name: "gus", token: "t1" });
  expect(guestOf("code-2")).toBeUndefined();
  keepGuest("code-2", { name: "pat", token: "t2" });
  expect(guestOf("code-1")).toBeUndefined();
  forgetGuest();
  expect(guestOf("code-2")).toBeUndefined();
});

test("what somebody else has written there lets nobody in, and no storage is no fault", () => {
  kept.set("cto.guest", "{nonsense");
  expect(guestOf("code-1")).toBeUndefined();
  kept.set("cto.guest", JSON.stringify({ code: "code-1", name: 5, token: null }));
  expect(guestOf("code-1")).toBeUndefined();
  vi.stubGlobal("sessionStorage", undefined);
  keepGuest("code-1", { name: "gus", token: "t1" });
  forgetGuest();
  expect(guestOf("code-1")).toBeUndefined();
});
