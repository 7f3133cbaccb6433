/** Keeps one terminal attached: reconnects, goes on at the offset, and takes each key once. */
import { backoff, onWake } from "./backoff";
import { type Control, type Exit, type Lease, MAX_INPUT, type ServerFrame, decode, encode } from "./frames";
import { Presence, type Present } from "./presence";

/** What the screen is told. */
export interface Listener {
  /** Draw a fresh screen of this size; what was drawn before no longer holds. */
  snapshot(cols: number, rows: number, bytes: Uint8Array, drawn: () => void): void;
  output(bytes: Uint8Array, drawn: () => void): void;
  resized(cols: number, rows: number): void;
  exit(exit: Exit): void;
  presence(viewers: Present[]): void;
  lease(lease: Lease): void;
  notice(text: string): void;
  status(status: Status): void;
  mode(mode: Mode): void;
  /** Milliseconds that a ping took. */
  lag(milliseconds: number): void;
  /** So many bytes were left out, since this client is slow. */
  skipped(bytes: number): void;
}

export type Mode = "write" | "view";

export type Status =
  | { state: "connecting" }
  | { state: "live" }
  /** Cut off; tries again at `retryAt` (milliseconds of the epoch). */
  | { state: "lost"; attempt: number; retryAt: number; since: number }
  /** Refused for good. */
  | { state: "refused"; reason: string; code: number }
  | { state: "ended" };

/** Typing that may wait for an acknowledgement, in bytes; more is refused and said so. */
const MOST_UNACKED = 1024 * 1024;
const WATCHING = "You only watch: you may not type here.";
/** How often the line is tried, and how long an answer may take, in milliseconds. */
const PING_EVERY = 20_000;
const PING_WITHIN = 10_000;
/** How long a new connection may take until the session is there, in milliseconds: a line that swallows all would keep it waiting for ever. */
const READY_WITHIN = 10_000;
/** Closing codes of 44xx that can go better the next time: attached too late, too fast. */
const AGAIN = [4408, 4429];

/** What the client needs of the world; tests give their own. */
export interface World {
  open(session: string): WebSocket;
  /** The token for the first frame; none where a cookie speaks. */
  token(): string | undefined;
  random(): number;
}

export interface Wish {
  cols: number;
  rows: number;
  mode: Mode;
}

export class Attached {
  private socket: WebSocket | undefined;
  private offset: number | undefined;
  private seq = 0;
  private unacked: { seq: number; bytes: Uint8Array }[] = [];
  private attempt = 0;
  private since = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opening: ReturnType<typeof setTimeout> | undefined;
  private heart: ReturnType<typeof setInterval> | undefined;
  private pings = 0;
  private pinged: { number: number; at: number } | undefined;
  private live = false;
  private done = false;
  private mode: Mode;
  private size: { cols: number; rows: number };
  /** The size that this connection began with. */
  private said = { cols: 0, rows: 0 };
  private readonly writer = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  private readonly presence = new Presence();
  private readonly stopWaking: () => void;

  constructor(
    private readonly session: string,
    wish: Wish,
    private readonly listener: Listener,
    private readonly world: World,
  ) {
    this.mode = wish.mode;
    this.size = { cols: wish.cols, rows: wish.rows };
    this.stopWaking = onWake(() => (this.live ? this.ping() : this.retry()));
    this.connect();
  }

  /** Types; kept until the server has taken it, also across a reconnect. Tells whether it was taken. */
  type(bytes: Uint8Array): boolean {
    if (this.mode === "view") {
      this.listener.notice(WATCHING);
      return false;
    }
    const waiting = this.unacked.reduce((sum, one) => sum + one.bytes.length, 0);
    if (this.done || waiting + bytes.length > MOST_UNACKED) {
      this.listener.notice(this.done ? "Not typed: the program has ended." : "Not typed: the program does not read.");
      return false;
    }
    for (let at = 0; at < bytes.length; at += MAX_INPUT) {
      const part = { seq: ++this.seq, bytes: bytes.slice(at, at + MAX_INPUT) };
      this.unacked.push(part);
      if (this.live) this.send(encode.input(part.seq, part.bytes));
    }
    return true;
  }

  /** Whether it only looks. */
  get watches(): boolean {
    return this.mode === "view";
  }

  /** Bytes typed that the server has not taken yet. */
  get waiting(): number {
    return this.unacked.reduce((sum, one) => sum + one.bytes.length, 0);
  }

  resize(cols: number, rows: number): void {
    if (cols === this.size.cols && rows === this.size.rows) return;
    this.size = { cols, rows };
    this.send(encode.resize(cols, rows));
  }

  /** Wishes something of the server; not kept over a cut. */
  wish(op: Control): void {
    this.send(encode.control(op));
  }

  /** Tries again now instead of waiting. */
  retry(): void {
    if (this.done || this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.connect();
  }

  /** Stops watching; the program goes on. */
  detach(): void {
    this.end();
    this.socket?.close(1000);
  }

  private end(): void {
    this.done = true;
    this.live = false;
    clearTimeout(this.timer);
    clearTimeout(this.opening);
    clearInterval(this.heart);
    this.stopWaking();
  }

  private send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  private ping(): void {
    if (this.pinged && Date.now() - this.pinged.at > PING_WITHIN) {
      // The line is dead though nobody has said so: a laptop that slept, a proxy that forgot.
      this.giveUp();
      return;
    }
    if (this.pinged) return;
    const number = (this.pings += 1);
    this.pinged = { number, at: Date.now() };
    this.send(encode.ping(number));
    // By its number: the clock may be set meanwhile.
    setTimeout(() => this.live && this.pinged?.number === number && this.giveUp(), PING_WITHIN);
  }

  /** Leaves the socket to itself, whose end may never be told, and begins anew. */
  private giveUp(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(4000);
    this.lost();
  }

  private connect(): void {
    if (this.done) return;
    this.listener.status({ state: "connecting" });
    clearTimeout(this.opening);
    this.opening = setTimeout(() => this.giveUp(), READY_WITHIN);
    const socket = this.world.open(this.session);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const token = this.world.token();
      this.said = this.size;
      socket.send(
        encode.attach({
          v: 1,
          ...(token === undefined ? {} : { token }),
          ...(this.offset === undefined ? {} : { from_offset: this.offset }),
          ...this.size,
          mode: this.mode,
          delivery: "live",
          writer: this.writer,
        }),
      );
    };
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(decode(message.data as ArrayBuffer));
    };
    socket.onclose = (closed) => {
      if (socket === this.socket) this.closed(closed.code, closed.reason);
    };
    this.socket = socket;
  }

  private take(frame: ServerFrame): void {
    switch (frame.op) {
      case "ready":
        clearTimeout(this.opening);
        this.attempt = 0;
        this.since = 0;
        this.live = true;
        this.pinged = undefined;
        this.presence.begin(this.said);
        clearInterval(this.heart);
        this.heart = setInterval(() => this.ping(), PING_EVERY);
        this.unacked = this.unacked.filter((part) => part.seq > frame.ready.last_seq);
        for (const part of this.unacked) this.send(encode.input(part.seq, part.bytes));
        this.listener.mode(this.mode);
        // Who types alone is told only while somebody does.
        this.listener.lease({ yours: false });
        this.listener.resized(frame.ready.cols, frame.ready.rows);
        this.listener.status({ state: "live" });
        this.ping();
        break;
      case "snapshot":
        this.offset = frame.offset;
        this.listener.snapshot(frame.cols, frame.rows, frame.bytes, () => this.send(encode.ack(frame.offset)));
        break;
      case "output": {
        const end = frame.offset + frame.bytes.length;
        this.offset = end;
        this.listener.output(frame.bytes, () => this.send(encode.ack(end)));
        break;
      }
      case "resized":
        this.listener.resized(frame.cols, frame.rows);
        break;
      case "exit":
        this.end();
        this.listener.exit(frame.exit);
        this.listener.status({ state: "ended" });
        break;
      case "presence":
        this.listener.presence(this.presence.take(frame.viewers, Date.now()));
        break;
      case "lease":
        this.listener.lease(frame.lease);
        break;
      case "notice":
        this.listener.notice(frame.text);
        break;
      case "input_ack":
        this.unacked = this.unacked.filter((part) => part.seq > frame.seq);
        break;
      case "gap":
        this.listener.skipped(frame.to - frame.from);
        break;
      case "pong":
        if (this.pinged) this.listener.lag(Date.now() - this.pinged.at);
        this.pinged = undefined;
        break;
      case "unknown":
        break;
    }
  }

  private closed(code: number, reason: string): void {
    if (this.done) return;
    this.live = false;
    // A guest who is out stays out.
    if (code === 4403 && this.mode === "write" && this.world.token() === undefined) {
      // Somebody else's terminal can still be watched.
      this.mode = "view";
      this.listener.notice(WATCHING);
      this.connect();
      return;
    }
    if (code >= 4400 && code < 4500 && !AGAIN.includes(code)) {
      this.end();
      this.listener.status({ state: "refused", code, reason: reason || `the server closed the terminal (${code})` });
      return;
    }
    this.lost();
  }

  private lost(): void {
    this.live = false;
    clearTimeout(this.opening);
    clearInterval(this.heart);
    if (this.since === 0) this.since = Date.now();
    const wait = backoff(this.attempt, this.world.random);
    this.attempt += 1;
    this.listener.status({ state: "lost", attempt: this.attempt, retryAt: Date.now() + wait, since: this.since });
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.connect();
    }, wait);
  }
}
