/** The page's one socket: credit, cuts, and what is told after them. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LONGEST_WAIT, SHORTEST_WAIT, backoff } from "../src/lib/backoff";
import { Stream, type StreamMessage } from "../src/lib/stream";

/** The server's end of a socket. */
class Wire {
  static all: Wire[] = [];
  readyState = 0;
  said: { op: string; id?: number; [key: string]: unknown }[] = [];
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: (closed: { code: number; reason: string }) => void;
  constructor() {
    Wire.all.push(this);
  }
  send(text: string) {
    this.said.push(JSON.parse(text) as { op: string });
  }
  close(code = 1000) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
  welcome(boot = "boot-1") {
    this.readyState = 1;
    this.onopen?.();
    this.tell({ type: "welcome", boot_id: boot });
  }
  tell(message: StreamMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const newest = () => Wire.all.at(-1)!;
const event = (id: number): StreamMessage => ({ type: "event", id, event: { type: "scripts_changed", seq: 1, at: "2030-01-01T00:00:00Z" } });

beforeEach(() => {
  Wire.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", { OPEN: 1 });
  vi.stubGlobal("window", { addEventListener() {}, removeEventListener() {} });
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener() {}, removeEventListener() {} });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function begun() {
  const refused = vi.fn();
  const stream = new Stream({ open: () => new Wire() as unknown as WebSocket, random: () => 0.5, refused });
  stream.start();
  return { stream, refused };
}

describe("the stream", () => {
  test("says nothing of who asks: the cookie does", () => {
    begun();
    newest().welcome();
    expect(newest().said).toEqual([]);
  });

  test("subscribes once it is welcome, and gives credit back when half of it is used", () => {
    const { stream } = begun();
    const message = vi.fn();
    stream.subscribe({ topic: "events" }, { message }, 10);
    expect(newest().said).toEqual([]);
    newest().welcome();
    expect(newest().said).toEqual([{ op: "subscribe", id: 1, topic: { topic: "events" }, credit: 10 }]);
    for (let count = 0; count < 5; count += 1) newest().tell(event(1));
    expect(message).toHaveBeenCalledTimes(5);
    expect(newest().said.at(-1)).toEqual({ op: "credit", id: 1, more: 5 });
  });

  test("after a cut it tries again by itself, subscribes anew and says that something may be missing", () => {
    const { stream } = begun();
    const missed = vi.fn();
    stream.subscribe({ topic: "events" }, { message() {}, missed });
    newest().welcome();
    expect(missed).not.toHaveBeenCalled();
    newest().close(1006);
    expect(stream.link.get()).toMatchObject({ state: "lost", attempt: 1 });
    vi.advanceTimersByTime(SHORTEST_WAIT);
    expect(Wire.all).toHaveLength(2);
    newest().welcome("boot-2");
    expect(newest().said[0]).toMatchObject({ op: "subscribe", id: 1 });
    expect(missed).toHaveBeenCalledOnce();
    expect(stream.link.get()).toEqual({ state: "live", boot: "boot-2" });
  });

  test("lost since the first cut, however many tries fail", () => {
    const { stream } = begun();
    newest().welcome();
    newest().close(1006);
    const { since } = stream.link.get() as { since: number };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      vi.advanceTimersByTime(SHORTEST_WAIT * 2 ** attempt);
      newest().close(1006);
    }
    expect(stream.link.get()).toMatchObject({ state: "lost", attempt: 4, since });
  });

  test("tries at once when asked to", () => {
    const { stream } = begun();
    newest().close(1006);
    stream.retry();
    expect(Wire.all).toHaveLength(2);
    newest().welcome();
    vi.advanceTimersByTime(LONGEST_WAIT);
    expect(Wire.all).toHaveLength(2);
  });

  test("a new connection that is never answered is given up and made anew", () => {
    const { stream } = begun();
    vi.advanceTimersByTime(10_000);
    expect(stream.link.get()).toMatchObject({ state: "lost", attempt: 1 });
    vi.advanceTimersByTime(SHORTEST_WAIT);
    expect(Wire.all).toHaveLength(2);
    newest().welcome("boot-1");
    vi.advanceTimersByTime(LONGEST_WAIT);
    expect(stream.link.get()).toEqual({ state: "live", boot: "boot-1" });
  });

  test("too little credit is told as something missed", () => {
    const { stream } = begun();
    const missed = vi.fn();
    stream.subscribe({ topic: "events" }, { message() {}, missed });
    newest().welcome();
    newest().tell({ type: "lagged", id: 1, missed: 7 });
    expect(missed).toHaveBeenCalledOnce();
  });

  test("a topic that ends says why, and is not asked for again", () => {
    const { stream } = begun();
    const ended = vi.fn();
    stream.subscribe({ topic: "stats", containers: ["gone"] }, { message() {}, ended });
    newest().welcome();
    newest().tell({ type: "end", id: 1 });
    expect(ended).toHaveBeenCalledWith(undefined);
    newest().close(1006);
    vi.advanceTimersByTime(LONGEST_WAIT);
    newest().welcome();
    expect(newest().said).toEqual([]);
  });

  test("a line that answers no ping is given up, and one that does is kept", () => {
    const { stream } = begun();
    newest().welcome();
    vi.advanceTimersByTime(20_000);
    expect(newest().said).toEqual([{ op: "ping", number: 1 }]);
    newest().tell({ type: "pong", number: 1 });
    vi.advanceTimersByTime(19_000);
    expect(stream.link.get().state).toBe("live");
    const silent = newest();
    vi.advanceTimersByTime(11_100);
    expect(silent.readyState).toBe(3);
    expect(stream.link.get()).toMatchObject({ state: "lost", attempt: 1 });
    vi.advanceTimersByTime(SHORTEST_WAIT);
    expect(newest()).not.toBe(silent);
  });

  test("a machine that has slept connects anew at once, a page that nobody sees asks first", () => {
    const { stream } = begun();
    newest().welcome();
    const later = () => {
      vi.setSystemTime(Date.now() + 60_000);
      vi.advanceTimersByTime(5_000);
    };
    vi.stubGlobal("document", { visibilityState: "hidden", addEventListener() {}, removeEventListener() {} });
    later();
    expect(newest().said).toEqual([{ op: "ping", number: 1 }]);
    newest().tell({ type: "pong", number: 1 });
    vi.advanceTimersByTime(10_000);
    expect(stream.link.get().state).toBe("live");
    vi.stubGlobal("document", { visibilityState: "visible", addEventListener() {}, removeEventListener() {} });
    later();
    expect(stream.link.get().state).toBe("lost");
  });

  test("a server that does not know the caller is said so", () => {
    const { refused } = begun();
    newest().close(4401);
    expect(refused).toHaveBeenCalledOnce();
  });
});

test("waits grow with full jitter, between a quarter of a second and a quarter of a minute", () => {
  expect(backoff(0, () => 1)).toBe(SHORTEST_WAIT);
  expect(backoff(3, () => 1)).toBe(2_000);
  expect(backoff(50, () => 1)).toBe(LONGEST_WAIT);
  expect(backoff(50, () => 0)).toBe(SHORTEST_WAIT);
});
