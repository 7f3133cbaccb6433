/** Forms from JSON Schema. */
import { describe, expect, test } from "vitest";
import { type Schema, check, defaults, fields, grouped, parseNumber, placesAt, schemaOfParams } from "../src/lib/schema";

const SCHEMA: Schema = {
  type: "object",
  required: ["name", "memory"],
  $defs: { Network: { oneOf: [{ const: "none", title: "None" }, { const: "isolated" }] } },
  properties: {
    name: { type: "string", pattern: "^[a-z]+$", description: "What it is called." },
    memory: { type: "integer", "x-unit": "bytes", minimum: 1 << 20 },
    tries: { type: "integer", default: 3, maximum: 5, "x-group": "More" },
    password: { type: ["string", "null"], "x-secret": true },
    network: { oneOf: [{ $ref: "#/$defs/Network" }, { type: "null" }] },
    limits: { type: "object", properties: { "a/b": { type: "number", default: 0.5 } } },
    words: { type: "array", items: { type: "string" } },
    labels: { type: "object", additionalProperties: { type: "string" } },
    id: { type: "string", readOnly: true },
  },
};
const list = fields(SCHEMA);
const named = (name: string) => list.find((field) => field.name === name)!;

test("each kind of value has its field, and what only the server writes has none", () => {
  expect(list.map((field) => [field.name, field.kind])).toEqual([
    ["name", "text"],
    ["memory", "bytes"],
    ["tries", "number"],
    ["password", "secret"],
    ["network", "choice"],
    ["limits", "group"],
    ["words", "list"],
    ["labels", "map"],
  ]);
});

test("labels, help, choices and groups come from the schema", () => {
  expect(named("name")).toMatchObject({ label: "Name", help: "What it is called.", required: true });
  expect(named("network").choices).toEqual([
    { value: "none", label: "None" },
    { value: "isolated", label: "isolated" },
  ]);
  expect(grouped(list).map(({ group }) => group)).toEqual(["", "More"]);
});

test("pointers are escaped, so that the server's complaints find their field", () => {
  const inner = named("limits").fields[0]!;
  expect(inner.pointer).toBe("/limits/a~1b");
  expect(placesAt([{ pointer: "/limits/a~1b", detail: "too much" }], named("limits").pointer)).toHaveLength(1);
});

test("a form begins with what is usual", () => {
  expect(defaults(list)).toEqual({ tries: 3, limits: { "a/b": 0.5 } });
});

describe("what is wrong is said by pointer", () => {
  test.each([
    [{}, [["/name", "must be filled in"], ["/memory", "must be filled in"]]],
    [{ name: "A1", memory: 1 << 21 }, [["/name", "must fit ^[a-z]+$"]]],
    [{ name: "a", memory: 5 }, [["/memory", "must be 1.0 MiB at least"]]],
    [{ name: "a", memory: Number.NaN }, [["/memory", "is no size, such as 512 MiB"]]],
    [{ name: "a", memory: 1 << 21, tries: 9 }, [["/tries", "must be 5 at most"]]],
    [{ name: "a", memory: 1 << 21, tries: 1.5 }, [["/tries", "must be a whole number"]]],
    [{ name: "a", memory: 1 << 21, limits: { "a/b": 2 } }, []],
  ])("%j", (values, wrong) => {
    expect(check(list, values).map((place) => [place.pointer, place.detail])).toEqual(wrong);
  });
});

test("sizes are read as people write them", () => {
  expect(parseNumber("bytes", "512 MiB")).toBe(512 * 1024 * 1024);
  expect(parseNumber("bytes", "1.5g")).toBe(1.5 * 1024 ** 3);
  expect(parseNumber("bytes", "much")).toBeNaN();
  expect(parseNumber("number", "")).toBeUndefined();
});

test("parameters of templates are a schema", () => {
  const schema = schemaOfParams({ version: { type: "text", choices: ["3.11", "3.12"], default: "3.12" }, port: { type: "integer", min: 1, max: 65535 } });
  const made = fields(schema);
  expect(made.map((field) => [field.label, field.kind, field.required])).toEqual([
    ["version", "choice", false],
    ["port", "number", true],
  ]);
  expect(check(made, { port: 0 })).toEqual([{ pointer: "/port", detail: "must be 1 at least" }]);
});
