/** The frames of both sides are the same bytes: the vectors are written by the server's own tests. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Attach, type Control, decode, encode } from "../src/lib/frames";

type Vector = { name: string; hex: string; value: Record<string, unknown> };
const vectors = JSON.parse(readFileSync(new URL("../../../tests/golden/term-v1.json", import.meta.url), "utf8")) as {
  server: Vector[];
  client: Vector[];
};

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A frame with its bytes as hex, so that it compares with the vector's value. */
const plain = (value: object) => JSON.parse(JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? hex(part) : part))) as unknown;

describe("frames of the server", () => {
  test.each(vectors.server)("$name is read as meant", ({ hex, value }) => {
    expect(plain(decode(bytes(hex).buffer as ArrayBuffer))).toEqual(value);
  });
});

describe("frames of the client", () => {
  const control = (value: Vector["value"]) => encode.control(value["op"] as Control);
  // Terminals have no end of input.
  test.each(vectors.client.filter(({ name }) => name !== "stdin_eof"))("$name is written as meant", ({ name, hex: wanted, value }) => {
    const written = {
      attach: () => encode.attach(value as unknown as Attach),
      input: () => encode.input(value["seq"] as number, bytes(value["bytes"] as string)),
      resize: () => encode.resize(value["cols"] as number, value["rows"] as number),
      ack: () => encode.ack(value["offset"] as number),
      refresh: () => control(value),
      take_size: () => control(value),
      take_lease: () => control(value),
      give_lease: () => control(value),
      ping: () => encode.ping(value["number"] as number),
    }[name];
    expect(hex(written?.() ?? new Uint8Array())).toBe(wanted);
  });
});
