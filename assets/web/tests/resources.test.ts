/** Launches, files, metrics and reports, as their pages show them. */
import { describe, expect, test } from "vitest";
import type { Container, Event } from "../src/lib/api";
import { child, clean, modeText, parent, pictureOf, textOf } from "../src/lib/files";
import { HIDDEN, environment, limits, looksSecret, masked } from "../src/lib/inspect";
import { type Template, launchSchema, plainJson, runLine, sampleValues, setOf, templateOfText } from "../src/lib/launch";
import { type Point, gaps, rates } from "../src/lib/metrics";
import { inWords } from "../src/lib/recent";
import { defaults, fields } from "../src/lib/schema";

describe("launches", () => {
  const template = { name: "db", image: "x", limits: { memory: "1g" }, params: { port: { type: "integer", default: 5432 }, who: { type: "text", min: 3 }, size: { choices: ["s", "l"] } } } as unknown as Template;

  test("the form asks for the parameters, then for what any template has", () => {
    const list = fields(launchSchema(template));
    expect(list.map((one) => one.name)).toEqual(["port", "who", "size", "limits.memory", "limits.cpus", "limits.pids", "more"]);
    expect(list.find((one) => one.name === "limits.memory")?.help).toContain("the template has 1g");
    expect(defaults(list)).toEqual({ port: 5432 });
  });

  test("values are texts, other fields beside them, what is empty is not sent", () => {
    expect(setOf({ port: 1, who: "", on: false, "limits.memory": undefined, more: { user: "nobody" } })).toEqual({ port: "1", on: "false", user: "nobody" });
  });

  test("the command line is one that a shell reads so", () => {
    expect(runLine("db", { name: "my-db", set: { who: "it's me", port: "1" } })).toBe("cto run --name my-db --set 'who=it'\\''s me' --set port=1 db");
    expect(runLine("db", {})).toBe("cto run db");
  });

  test("a text is checked with values that its parameters would take", () => {
    expect(sampleValues(template)).toEqual({ who: "xxx", size: "s" });
    expect(sampleValues({ params: "nonsense" } as unknown as Template)).toEqual({});
  });
});

describe("a template's text", () => {
  test("may have comments, which are no part of its texts", () => {
    const text = '{\n  // "name": "other"\n  "name": "a//b", /* , } */ "image": "x\\"/*y*/", "list": [1, 2, ],\n}';
    expect(JSON.parse(plainJson(text))).toEqual({ name: "a//b", image: 'x"/*y*/', list: [1, 2] });
    expect(templateOfText('{"name": "a", // one\n "params": {"who": {}},}')).toEqual({ name: "a", params: { who: {} } });
    expect(templateOfText("{ // open")).toBeUndefined();
  });
});

describe("places in a container", () => {
  test("paths are made plain", () => {
    expect([clean("/a//b/../c/."), clean("a"), clean("/../.."), parent("/a/b"), parent("/a")]).toEqual(["/a/c", "/a", "/", "/a", "/"]);
  });

  test("names that are no text go as bytes, with what is above them", () => {
    expect(child({ path: "/a" }, { name: "b" })).toEqual({ path: "/a/b" });
    const bad = child({ path: "/a" }, { name: "b\ufffd", name_base64: btoa("b\xff") });
    expect(atob(bad.path_base64 ?? "")).toBe("/a/b\xff");
    expect(atob(child(bad, { name: "c" }).path_base64 ?? "")).toBe("/a/b\xff/c");
  });

  test("rights as ls shows them", () => {
    expect([0o644, 0o755, 0o4755, 0o1777, 0o2640].map(modeText)).toEqual(["rw-r--r--", "rwxr-xr-x", "rwsr-xr-x", "rwxrwxrwt", "rw-r-S---"]);
  });

  test("bytes are text, a picture, or neither", () => {
    expect(textOf(new TextEncoder().encode("grün\n"))).toBe("grün\n");
    expect(textOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBeUndefined();
    expect(textOf(Uint8Array.of(0x61, 0, 0x62))).toBeUndefined();
    expect(pictureOf("a.PNG", Uint8Array.of(1, 2))).toBe("data:image/png;base64,AQI=");
    expect(pictureOf("a.svg", Uint8Array.of(1, 2))).toBeUndefined();
  });
});

describe("metrics", () => {
  const point = (at: number, more: Partial<Point> = {}): Point => ({ at, seconds: 1, cpu: 1, most: 1, memory: 1, limit: 1, pids: 1, network: [0, 0], block: [0, 0], ...more });

  test("no line is drawn through a time without points", () => {
    expect(gaps([point(0), point(1), point(100)]).map((one) => [one.at, one.cpu])).toEqual([[0, 1], [1, 1], [2, null], [100, 1]]);
    expect(gaps([point(0, { seconds: 60 }), point(60, { seconds: 60 })])).toHaveLength(2);
  });

  test("counters become rates; one that begins anew is a gap", () => {
    const list = [point(0, { network: [100, 0] }), point(2, { network: [300, 10] }), point(4, { network: [5, 10] })];
    expect(rates(list, (one) => one.network)).toEqual([[null, null], [100, 5], [null, 0]]);
  });
});

describe("the engine's report", () => {
  const report = { Config: { Env: ["PATH=/bin", "DB_PASSWORD=hunter2", "EMPTY"] }, HostConfig: { Memory: 1024, NanoCpus: 1.5e9, PidsLimit: -1 } };

  test("secrets are hidden, by their names, everywhere", () => {
    expect(environment(report)).toEqual([
      { name: "DB_PASSWORD", value: "hunter2", secret: true },
      { name: "EMPTY", value: "", secret: false },
      { name: "PATH", value: "/bin", secret: false },
    ]);
    expect(masked(report)).not.toContain("hunter2");
    expect(masked(report)).toContain(`DB_PASSWORD=${HIDDEN}`);
    expect(["API_KEY", "GITHUB_TOKEN", "KEY", "LANG", "KEYBOARD", "HOME"].map(looksSecret)).toEqual([true, true, true, false, false, false]);
  });

  test("limits are read, none is none, and nonsense is nothing", () => {
    expect(limits(report)).toEqual({ memory: 1024, cpus: 1.5, pids: undefined });
    expect(limits("nonsense")).toEqual({ memory: undefined, cpus: undefined, pids: undefined });
    expect(environment(null)).toEqual([]);
  });
});

test("what happens to a container is told in words, and not what changes nothing", () => {
  const container = { id: "c1", name: "web", state: "running" } as Container;
  const changed = (now: Partial<Container>) => ({ seq: 1, at: "", type: "container_changed", container: { ...container, ...now } }) as Event;
  expect(inWords(changed({ state: "exited", exit_code: 3 }), container)).toMatchObject({ container: "c1", text: "running → exit 3", tone: "bad" });
  expect(inWords(changed({ name: "api" }), container)?.text).toBe("renamed from web to api");
  expect(inWords(changed({ sessions: 2 }), container)).toBeUndefined();
  expect(inWords({ seq: 1, at: "", type: "resync" } as Event, undefined)).toBeUndefined();
});
