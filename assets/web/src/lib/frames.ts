/**
 * `cto.term.v1`: the frames of one terminal over one WebSocket.
 *
 * An opcode byte, then big-endian integers, one frame a message. The server's side of the same table is
 * `src/model/terminal.rs`; `tests/golden/term-v1.json` keeps the two equal.
 */

export const TERM_PROTOCOL = "cto.term.v1";
/** Most bytes of typing in one frame. */
export const MAX_INPUT = 64 * 1024;

export interface Attach {
  v: 1;
  token?: string;
  from_offset?: number;
  cols: number;
  rows: number;
  mode: "write" | "view";
  delivery: "live" | "lossless";
  writer: number;
  window?: number;
}

export interface Ready {
  session: string;
  cols: number;
  rows: number;
  head_offset: number;
  oldest_offset: number;
  resume: "delta" | "snapshot";
  last_seq: number;
  title: string;
}

export interface Exit {
  reason: "exited" | "closed" | "stopped" | "oom_killed" | "lost";
  code?: number;
  final_offset: number;
  at: string;
}

export interface Viewer {
  name: string;
  mode: "write" | "view";
  size: { cols: number; rows: number };
  /** Tells those of one session from each other: one name may watch twice. */
  id: number;
  /** What they watch with: `browser`, `cto`, another program's word. */
  client?: string;
  since?: string;
  /** When they typed last; told once a second at most. */
  typed_at?: string;
  /** Whether they type alone. */
  lease: boolean;
}

/** Who types alone; everyone who may where there is no holder. */
export interface Lease {
  holder?: string;
  yours: boolean;
}

/** A viewer's wish: a fresh picture, the session as large as this view, nobody else types, everyone types again. */
export type Control = "refresh" | "take_size" | "take_lease" | "give_lease";

export type ServerFrame =
  | { op: "ready"; ready: Ready }
  | { op: "snapshot"; offset: number; cols: number; rows: number; bytes: Uint8Array }
  | { op: "output"; offset: number; bytes: Uint8Array }
  | { op: "resized"; offset: number; cols: number; rows: number }
  | { op: "exit"; exit: Exit }
  | { op: "gap"; from: number; to: number }
  | { op: "presence"; viewers: Viewer[] }
  | { op: "notice"; text: string }
  | { op: "lease"; lease: Lease }
  | { op: "pong"; number: number }
  | { op: "input_ack"; seq: number }
  | { op: "unknown"; code: number };

const utf8 = new TextEncoder();
const text = new TextDecoder();

function frame(op: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 + payload.length);
  bytes[0] = op;
  bytes.set(payload, 1);
  return bytes;
}

function integers(...parts: [bits: 16 | 32 | 64, value: number][]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, [bits]) => sum + bits / 8, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [bits, value] of parts) {
    if (bits === 16) view.setUint16(at, value);
    else if (bits === 32) view.setUint32(at, value);
    else view.setBigUint64(at, BigInt(value));
    at += bits / 8;
  }
  return bytes;
}

export const encode = {
  attach: (attach: Attach) => frame(0x81, utf8.encode(JSON.stringify(attach))),
  input(seq: number, bytes: Uint8Array) {
    const payload = new Uint8Array(4 + bytes.length);
    payload.set(integers([32, seq]));
    payload.set(bytes, 4);
    return frame(0x82, payload);
  },
  resize: (cols: number, rows: number) => frame(0x83, integers([16, cols], [16, rows])),
  ack: (offset: number) => frame(0x84, integers([64, offset])),
  control: (op: Control) => frame(0x85, utf8.encode(JSON.stringify({ op }))),
  ping: (number: number) => frame(0x86, integers([64, number])),
};

/** Reads a message. Offsets beyond 2^53 are not met: that is 8 PiB of output. */
export function decode(message: ArrayBuffer): ServerFrame {
  const view = new DataView(message);
  const op = view.getUint8(0);
  const bytes = (from: number) => new Uint8Array(message, from);
  const u64 = (at: number) => Number(view.getBigUint64(at));
  const json = () => JSON.parse(text.decode(bytes(1))) as unknown;
  switch (op) {
    case 0x01:
      return { op: "ready", ready: json() as Ready };
    case 0x02:
      return { op: "snapshot", offset: u64(1), cols: view.getUint16(9), rows: view.getUint16(11), bytes: bytes(13) };
    case 0x03:
      return { op: "output", offset: u64(1), bytes: bytes(9) };
    case 0x04:
      return { op: "resized", offset: u64(1), cols: view.getUint16(9), rows: view.getUint16(11) };
    case 0x05:
      return { op: "exit", exit: json() as Exit };
    case 0x06:
      return { op: "gap", from: u64(1), to: u64(9) };
    case 0x07:
      return { op: "presence", viewers: json() as Viewer[] };
    case 0x08:
      return { op: "notice", text: text.decode(bytes(1)) };
    case 0x09:
      return { op: "lease", lease: json() as Lease };
    case 0x0a:
      return { op: "pong", number: u64(1) };
    case 0x0b:
      return { op: "input_ack", seq: view.getUint32(1) };
    default:
      return { op: "unknown", code: op };
  }
}
