/** Small things that every page relies on. */
import { QueryClient } from "@tanstack/react-query";
import { describe, expect, test, vi } from "vitest";
import { runs } from "../src/lib/ansi";
import type { Auth } from "../src/lib/auth";
import type { Container, Event } from "../src/lib/api";
import { ago, bytes, duration, parseBytes, shortId } from "../src/lib/format";
import { apply, listKey } from "../src/lib/live";
import { guarded, inspect, visible } from "../src/lib/paste";
import { mayWith } from "../src/lib/permissions";
import { ApiError, problemOf, problemText } from "../src/lib/problem";
import { flag, integer, list, oneOf, parseSearch, stringifySearch } from "../src/lib/search";
import { score } from "../src/ui/palette";
import { modified } from "../src/lib/sticky";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [512 * 1024 ** 2, "512 MiB"],
  [1024 ** 3 - 1, "1.0 GiB"],
])("%d bytes are %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});

test("sizes are read as they are written", () => {
  expect(parseBytes(bytes(1536))).toBe(1536);
  expect(parseBytes("-1")).toBeUndefined();
});

test("spans and times have two units at most", () => {
  expect(duration(45_000)).toBe("45s");
  expect(duration(2 * 3_600_000 + 5 * 60_000 + 9_000)).toBe("2h 5m");
  expect(duration(86_400_000)).toBe("1d");
  expect(ago(0, 7_200_000)).toBe("2h ago");
  expect(ago(300_000, 0)).toBe("in 5m");
  expect(shortId("0123456789abcdef")).toBe("0123456789ab");
});

describe("addresses", () => {
  test("hold plain words, and come back as they were", () => {
    const search = { q: "a b&c", tab: "logs" };
    expect(stringifySearch(search)).toBe("?q=a+b%26c&tab=logs");
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
  test("leave out what is usual, and never fail for what somebody wrote", () => {
    const view = oneOf("tiles", "table");
    expect(view.write("tiles")).toBeUndefined();
    expect(view.read("nonsense")).toBe("tiles");
    expect(integer(50).read("1e9")).toBe(50);
    expect(flag().read("1")).toBe(true);
    expect(list().read(list().write(["a,b", "c"]))).toEqual(["a,b", "c"]);
  });
});

test("a right that is missing is named, with the role that lacks it", () => {
  const viewer = { state: "in", account: { name: "ana", role: "viewer", actions: ["read:containers"] } } satisfies Auth;
  expect(mayWith(viewer, "read:containers")).toEqual({ ok: true });
  expect(mayWith(viewer, "control:containers").reason).toBe("needs the right control:containers; the role viewer does not have it");
  expect(mayWith({ state: "out", ended: false }, "start:runs").ok).toBe(false);
});

test("every error is a problem", () => {
  expect(problemOf(new TypeError("Failed to fetch"))).toMatchObject({ code: "server_unavailable" });
  const problem = { type: "", title: "Conflict", status: 409, code: "port_in_use", detail: "port 80 is in use", fix: "choose another", request_id: "req_1" } as const;
  expect(problemText(problemOf(new ApiError(problem)))).toBe("error: port 80 is in use\n  fix: choose another\n  code: port_in_use, status 409\n  request: req_1");
});

describe("events keep what is cached fresh", () => {
  const container = (id: string, name: string) => ({ id, name, image: "i", state: "running", created_at: "", foreign: false, tty: true }) as Container;
  const event = (event: object) => ({ seq: 1, at: "", ...event }) as Event;
  test("at their places", () => {
    const queries = new QueryClient();
    queries.setQueryData(["containers"], [container("a", "one"), container("b", "two")]);
    apply(queries, event({ type: "container_changed", container: container("a", "uno") }));
    apply(queries, event({ type: "container_changed", container: container("c", "three") }));
    apply(queries, event({ type: "container_removed", id: "b", name: "two" }));
    expect(queries.getQueryData<Container[]>(["containers"])?.map((one) => one.name)).toEqual(["uno", "three"]);
  });
  test("a list that nobody has asked for is not made up", () => {
    const queries = new QueryClient();
    apply(queries, event({ type: "container_changed", container: container("a", "one") }));
    expect(queries.getQueryData(["containers"])).toBeUndefined();
  });
  test.each([
    ["images", "sha256:1", ["images"]],
    ["tokens", "tok_1", ["tokens"]],
    ["deliveries", "tells", ["webhooks", "tells"]],
    ["fires", "asks", ["triggers", "asks"]],
  ] as const)("a change in %s makes the list old that has it", (list, name, key) => {
    expect(listKey({ list, name })).toEqual(key);
  });
  test("many changes of a list ask for it once, and one that comes later asks again", () => {
    vi.useFakeTimers();
    const queries = new QueryClient();
    const asked = vi.spyOn(queries, "invalidateQueries");
    const changed = (list: string, name: string) => apply(queries, event({ type: "list_changed", list, name, change: "added" }));
    for (let at = 0; at < 20; at += 1) changed("images", `sha256:${at}`);
    changed("volumes", "data");
    changed("deliveries", "tells");
    vi.advanceTimersByTime(1_000);
    expect(asked.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([["images"], ["volumes"], ["webhooks", "tells"]]);
    changed("images", "sha256:21");
    vi.advanceTimersByTime(1_000);
    expect(asked).toHaveBeenCalledTimes(4);
    vi.useRealTimers();
  });
});

describe("a paste is shown first", () => {
  test.each([
    ["ls -l", false],
    ["ls\nrm -r /", true],
    ["ls\n", true],
    ["ls\u001b[201~", true],
    ["a\tb", false],
  ])("%j: %s", (text, asked) => {
    expect(guarded(inspect(text))).toBe(asked);
  });
  test("with its control characters to be seen", () => {
    expect(visible("a\u001b[31m\u007f")).toBe("a␛[31m␡");
  });
});

test("keys of the bar make control letters", () => {
  expect(modified("c", { ctrl: true, alt: false })).toBe("\u0003");
  expect(modified("b", { ctrl: false, alt: true })).toBe("\u001bb");
  expect(modified("ü", { ctrl: true, alt: false })).toBe("ü");
});

test("the palette offers nothing that was not named, and the nearest first", () => {
  expect(score("Stop web · This container 1", "containers")).toBe(0);
  expect(score("Containers · Go to 1", "containers")).toBe(1);
  expect(score("Containers · Go to 1", "con")).toBeGreaterThan(score("Stop con · This container 0", "con"));
  expect(score("web · Containers 0", "postgres", ["postgres:16"])).toBeGreaterThan(0);
});

describe("pictures of terminals", () => {
  test("have their places, colours and widths", () => {
    const [first, second, third] = runs("\u001b[1;1Hab\u001b[2;5H\u001b[0;1;31m日本\u001b[0;7mx");
    expect(first).toMatchObject({ row: 0, col: 0, text: "ab", width: 2, fg: undefined });
    expect(second).toMatchObject({ row: 1, col: 4, text: "日本", width: 4, fg: 1, bold: true });
    expect(third).toMatchObject({ row: 1, col: 8, text: "x", fg: -2, bg: -1 });
  });
  test("know the colours beyond sixteen", () => {
    expect(runs("\u001b[38;5;196;48;2;1;2;3mx")[0]).toMatchObject({ fg: "#ff0000", bg: "#010203" });
    expect(runs("\u001b[38;5;9mx")[0]).toMatchObject({ fg: 9 });
  });
  test("are never drawn by other sequences", () => {
    expect(runs("\u001b]0;title\u0007\u001b[2Jx\u001b").map((run) => run.text).join("")).not.toContain("\u001b");
  });
});
