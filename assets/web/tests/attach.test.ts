/** A terminal outlives its socket: nothing is lost, nothing is typed twice, the screen is not cleared. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Attached, type Listener } from "../src/lib/attach";
import { LONGEST_WAIT, SHORTEST_WAIT } from "../src/lib/backoff";

const utf8 = new TextEncoder();
const text = new TextDecoder();

class Wire {
  static all: Wire[] = [];
  readyState = 0;
  binaryType = "";
  said: Uint8Array[] = [];
  onopen?: () => void;
  onmessage?: (message: { data: ArrayBuffer }) => void;
  onclose?: (closed: { code: number; reason: string }) => void;
  constructor() {
    Wire.all.push(this);
  }
  send(bytes: Uint8Array) {
    this.said.push(bytes);
  }
  close(code = 1000, reason = "") {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  frame(op: number, payload: Uint8Array) {
    const bytes = new Uint8Array(1 + payload.length);
    bytes[0] = op;
    bytes.set(payload, 1);
    this.onmessage?.({ data: bytes.buffer });
  }
  ready(lastSeq = 0) {
    this.open();
    this.frame(0x01, utf8.encode(JSON.stringify({ session: "s", cols: 80, rows: 24, head_offset: 0, oldest_offset: 0, resume: "delta", last_seq: lastSeq, title: "" })));
  }
  output(offset: number, said: string) {
    const bytes = new Uint8Array(8 + said.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(offset));
    bytes.set(utf8.encode(said), 8);
    this.frame(0x03, bytes);
  }
  /** What was sent with this opcode. */
  sent(op: number) {
    return this.said.filter((bytes) => bytes[0] === op);
  }
  attach() {
    return JSON.parse(text.decode(this.sent(0x81)[0]!.slice(1))) as Record<string, unknown>;
  }
  typed() {
    return this.sent(0x82).map((bytes) => [new DataView(bytes.buffer).getUint32(1), text.decode(bytes.slice(5))]);
  }
}

const newest = () => Wire.all.at(-1)!;
let listener: { [K in keyof Listener]: ReturnType<typeof vi.fn> };

beforeEach(() => {
  Wire.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", { OPEN: 1 });
  vi.stubGlobal("window", { addEventListener() {}, removeEventListener() {} });
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener() {}, removeEventListener() {} });
  const names = ["snapshot", "output", "resized", "exit", "presence", "lease", "notice", "status", "mode", "lag", "skipped"] as const;
  listener = Object.fromEntries(names.map((name) => [name, vi.fn()])) as typeof listener;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const attached = () => new Attached("s", { cols: 80, rows: 24, mode: "write" }, listener as unknown as Listener, { open: () => new Wire() as unknown as WebSocket, token: () => undefined, random: () => 1 });

describe("after a cut", () => {
  test("it goes on at the offset that was received, without a snapshot", () => {
    attached();
    newest().ready();
    newest().output(100, "hello");
    newest().close(1006);
    vi.advanceTimersByTime(LONGEST_WAIT);
    newest().ready();
    expect(newest().attach()).toMatchObject({ from_offset: 105 });
    expect(listener.snapshot).not.toHaveBeenCalled();
  });

  test("what was typed and not taken is sent again, and what was taken is not", () => {
    const wire = attached();
    newest().ready();
    wire.type(utf8.encode("a"));
    wire.type(utf8.encode("b"));
    newest().close(1006);
    wire.type(utf8.encode("c"));
    expect(wire.waiting).toBe(3);
    vi.advanceTimersByTime(LONGEST_WAIT);
    newest().ready(1);
    expect(newest().typed()).toEqual([
      [2, "b"],
      [3, "c"],
    ]);
    newest().frame(0x0b, Uint8Array.of(0, 0, 0, 3));
    expect(wire.waiting).toBe(0);
  });

  test("the writer stays the same, so that the server knows its numbers", () => {
    attached();
    newest().ready();
    const { writer } = newest().attach();
    newest().close(1012);
    vi.advanceTimersByTime(LONGEST_WAIT);
    newest().open();
    expect(newest().attach()["writer"]).toBe(writer);
  });
});

test("output is acknowledged when it is drawn, not when it comes", () => {
  attached();
  newest().ready();
  newest().output(0, "hello");
  expect(newest().sent(0x84)).toHaveLength(0);
  (listener.output.mock.calls[0]?.[1] as () => void)();
  const [ack] = newest().sent(0x84);
  expect(new DataView(ack!.buffer).getBigUint64(1)).toBe(5n);
});

test("a line that answers no ping is given up and made anew", () => {
  attached();
  newest().ready();
  expect(newest().sent(0x86)).toHaveLength(1);
  vi.advanceTimersByTime(10_100);
  expect(listener.status).toHaveBeenLastCalledWith(expect.objectContaining({ state: "lost" }));
  vi.advanceTimersByTime(SHORTEST_WAIT);
  expect(Wire.all).toHaveLength(2);
});

test("a line that answers no ping is given up in time though the clock is set back meanwhile", () => {
  attached();
  newest().ready();
  vi.setSystemTime(Date.now() - 5_000);
  vi.advanceTimersByTime(10_100);
  expect(listener.status).toHaveBeenLastCalledWith(expect.objectContaining({ state: "lost" }));
});

test("a new connection that is never answered is given up too, and goes on at the offset in the end", () => {
  attached();
  newest().ready();
  newest().output(100, "hello");
  newest().close(1006);
  vi.advanceTimersByTime(SHORTEST_WAIT);
  const swallowed = newest();
  vi.advanceTimersByTime(10_000);
  expect(swallowed.readyState).toBe(3);
  expect(listener.status).toHaveBeenLastCalledWith(expect.objectContaining({ state: "lost", attempt: 2 }));
  vi.advanceTimersByTime(2 * SHORTEST_WAIT);
  expect(newest()).not.toBe(swallowed);
  newest().ready();
  expect(newest().attach()).toMatchObject({ from_offset: 105 });
  vi.advanceTimersByTime(9_000);
  expect(listener.status).toHaveBeenLastCalledWith({ state: "live" });
});

test("an answered ping tells the lag", () => {
  attached();
  newest().ready();
  vi.advanceTimersByTime(42);
  newest().frame(0x0a, new Uint8Array(8));
  expect(listener.lag).toHaveBeenCalledWith(42);
});

test("who may not type watches, and is told", () => {
  const wire = attached();
  newest().open();
  newest().close(4403, "forbidden");
  newest().ready();
  expect(newest().attach()).toMatchObject({ mode: "view" });
  expect(wire.type(utf8.encode("a"))).toBe(false);
  expect(newest().typed()).toEqual([]);
  expect(listener.notice).toHaveBeenCalled();
});

test("who types alone is told, and forgotten with the connection", () => {
  const wire = attached();
  newest().ready();
  newest().frame(0x09, utf8.encode(JSON.stringify({ holder: "ana", yours: false })));
  expect(listener.lease).toHaveBeenLastCalledWith({ holder: "ana", yours: false });
  wire.wish("take_lease");
  expect(JSON.parse(text.decode(newest().sent(0x85)[0]!.slice(1)))).toEqual({ op: "take_lease" });
  newest().close(1006);
  vi.advanceTimersByTime(LONGEST_WAIT);
  newest().ready();
  expect(listener.lease).toHaveBeenLastCalledWith({ yours: false });
});

test("a guest whose share has ended is out, and does not come back to watch", () => {
  new Attached("s", { cols: 80, rows: 24, mode: "write" }, listener as unknown as Listener, { open: () => new Wire() as unknown as WebSocket, token: () => "cto_guest_x", random: () => 1 });
  newest().ready();
  newest().close(4403, "this share has ended");
  vi.advanceTimersByTime(LONGEST_WAIT);
  expect(Wire.all).toHaveLength(1);
  expect(listener.status).toHaveBeenLastCalledWith({ state: "refused", code: 4403, reason: "this share has ended" });
});

test("a refusal for good is not tried again", () => {
  attached();
  newest().close(4404, "no such session");
  expect(listener.status).toHaveBeenLastCalledWith({ state: "refused", code: 4404, reason: "no such session" });
  vi.advanceTimersByTime(LONGEST_WAIT * 4);
  expect(Wire.all).toHaveLength(1);
});

test("after the program's end nothing is tried", () => {
  attached();
  newest().ready();
  newest().frame(0x05, utf8.encode(JSON.stringify({ reason: "exited", code: 0, final_offset: 1, at: "" })));
  newest().close(1000);
  vi.advanceTimersByTime(LONGEST_WAIT * 4);
  expect(Wire.all).toHaveLength(1);
  expect(listener.status).toHaveBeenLastCalledWith({ state: "ended" });
});
