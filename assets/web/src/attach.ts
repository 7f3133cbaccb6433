/** Keeps one terminal attached: reconnects, goes on at the offset, and takes each key once. */
import { type Exit, MAX_INPUT, type ServerFrame, TERM_PROTOCOL, type Viewer, decode, encode } from "./frames";

/** What the screen is told. */
export interface Listener {
  /** Draw a fresh screen of this size; what was drawn before no longer holds. */
  snapshot(cols: number, rows: number, bytes: Uint8Array, drawn: () => void): void;
  output(bytes: Uint8Array, drawn: () => void): void;
  resized(cols: number, rows: number): void;
  exit(exit: Exit): void;
  presence(viewers: Viewer[]): void;
  notice(text: string): void;
  status(status: Status): void;
}

export type Status =
  | { state: "connecting" }
  | { state: "live" }
  /** Cut off; tries again at `retryAt` (milliseconds of the epoch). */
  | { state: "lost"; attempt: number; retryAt: number }
  /** Refused for good. */
  | { state: "refused"; reason: string }
  | { state: "ended" };

/** Longest wait between two tries, in milliseconds. */
const LONGEST_WAIT = 15_000;
/** Typing that may wait for an acknowledgement, in bytes; more is refused and said so. */
const MOST_UNACKED = 1024 * 1024;
const WATCHING = "You only watch: this token may not type here.";

export class Attached {
  private socket: WebSocket | undefined;
  private offset: number | undefined;
  private seq = 0;
  private unacked: { seq: number; bytes: Uint8Array }[] = [];
  private attempt = 0;
  private timer: number | undefined;
  private done = false;
  private mode: "write" | "view" = "write";
  private readonly writer = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;

  constructor(
    private readonly session: string,
    private readonly token: string,
    private size: { cols: number; rows: number },
    private readonly listener: Listener,
  ) {
    this.connect();
  }

  /** Types; kept until the server has taken it, also across a reconnect. */
  type(bytes: Uint8Array): void {
    if (this.mode === "view") {
      this.listener.notice(WATCHING);
      return;
    }
    const waiting = this.unacked.reduce((sum, one) => sum + one.bytes.length, 0);
    if (this.done || waiting + bytes.length > MOST_UNACKED) {
      this.listener.notice("not typed: the program does not read");
      return;
    }
    for (let at = 0; at < bytes.length; at += MAX_INPUT) {
      const part = { seq: ++this.seq, bytes: bytes.slice(at, at + MAX_INPUT) };
      this.unacked.push(part);
      this.send(encode.input(part.seq, part.bytes));
    }
  }

  resize(cols: number, rows: number): void {
    if (cols === this.size.cols && rows === this.size.rows) return;
    this.size = { cols, rows };
    this.send(encode.resize(cols, rows));
  }

  /** Tries again now instead of waiting. */
  retry(): void {
    window.clearTimeout(this.timer);
    this.connect();
  }

  /** Stops watching; the program goes on. */
  detach(): void {
    this.done = true;
    window.clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  private send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  private connect(): void {
    if (this.done) return;
    this.listener.status({ state: "connecting" });
    const base = location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${base}/api/v1/sessions/${encodeURIComponent(this.session)}/attach`, TERM_PROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send(
        encode.attach({
          v: 1,
          token: this.token,
          ...(this.offset === undefined ? {} : { from_offset: this.offset }),
          ...this.size,
          mode: this.mode,
          delivery: "live",
          writer: this.writer,
        }),
      );
    };
    socket.onmessage = (message) => this.take(decode(message.data as ArrayBuffer));
    socket.onclose = (closed) => this.closed(closed);
    this.socket = socket;
  }

  private take(frame: ServerFrame): void {
    switch (frame.op) {
      case "ready":
        this.attempt = 0;
        this.unacked = this.unacked.filter((part) => part.seq > frame.ready.last_seq);
        for (const part of this.unacked) this.send(encode.input(part.seq, part.bytes));
        this.listener.resized(frame.ready.cols, frame.ready.rows);
        this.listener.status({ state: "live" });
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
        this.done = true;
        this.listener.exit(frame.exit);
        this.listener.status({ state: "ended" });
        break;
      case "presence":
        this.listener.presence(frame.viewers);
        break;
      case "notice":
        this.listener.notice(frame.text);
        break;
      case "input_ack":
        this.unacked = this.unacked.filter((part) => part.seq > frame.seq);
        break;
      case "gap":
      case "pong":
      case "unknown":
        break;
    }
  }

  private closed(closed: CloseEvent): void {
    if (this.done) return;
    if (closed.code === 4403 && this.mode === "write") {
      // Somebody else's terminal can still be watched.
      this.mode = "view";
      this.listener.notice(WATCHING);
      this.connect();
      return;
    }
    // 44xx but "attach too late" and "too fast" will not go better the next time.
    if (closed.code >= 4400 && closed.code < 4500 && closed.code !== 4408 && closed.code !== 4429) {
      this.done = true;
      this.listener.status({ state: "refused", reason: closed.reason || `the server closed the terminal (${closed.code})` });
      return;
    }
    const wait = Math.random() * Math.min(LONGEST_WAIT, 250 * 2 ** this.attempt) + 100;
    this.attempt += 1;
    this.listener.status({ state: "lost", attempt: this.attempt, retryAt: Date.now() + wait });
    this.timer = window.setTimeout(() => this.connect(), wait);
  }
}
