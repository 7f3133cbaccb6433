/** Recordings: asciicast v3 with cto's comment lines (docs/recordings.md), and where one is while it plays. */

export interface CastEvent {
  /** Milliseconds from the start. */
  at: number;
  kind: "output" | "input" | "resize" | "marker" | "exit";
  text: string;
  /** The exact bytes, where they are no text. */
  bytes?: Uint8Array;
  /** It does not follow from what is on the screen: it redraws it. */
  redraws?: boolean;
}

export interface Cast {
  cols: number;
  rows: number;
  events: CastEvent[];
  duration: number;
}

const KINDS: Record<string, CastEvent["kind"]> = { o: "output", i: "input", r: "resize", m: "marker", x: "exit" };

export class CastError extends Error {}

function unpacked(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Reads a recording. A last line that is not whole is left out: it may still be written to. */
export function parseCast(source: string): Cast {
  const lines = source.split("\n");
  let header: { version?: number; term?: { cols?: number; rows?: number } };
  try {
    header = JSON.parse(lines[0] ?? "") as typeof header;
  } catch {
    throw new CastError("this is no asciicast file");
  }
  if (header.version !== 3) throw new CastError(`asciicast version ${header.version ?? "?"}: only version 3 can be played`);
  const events: CastEvent[] = [];
  let micros = 0;
  let bytes: Uint8Array | undefined;
  let redraws = false;
  for (const [number, line] of lines.entries()) {
    if (number === 0 || line === "") continue;
    if (line.startsWith("#")) {
      const raw = /^#cto raw (\S+)/.exec(line)?.[1];
      if (raw) bytes = unpacked(raw);
      if (line.startsWith("#cto snapshot")) redraws = true;
      continue;
    }
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch {
      if (number >= lines.length - 1) break;
      throw new CastError(`line ${number + 1} can't be read`);
    }
    if (!Array.isArray(event)) continue;
    const [after, code, text] = event as [number, string, string];
    micros += Math.round(after * 1e6);
    const kind = KINDS[code];
    if (!kind) continue;
    const one: CastEvent = { at: micros / 1000, kind, text: String(text) };
    if (kind === "output" || kind === "input") {
      if (bytes) one.bytes = bytes;
      bytes = undefined;
    }
    if (kind === "output" && redraws) {
      one.redraws = true;
      redraws = false;
    }
    events.push(one);
  }
  return { cols: header.term?.cols ?? 80, rows: header.term?.rows ?? 24, events, duration: events.at(-1)?.at ?? 0 };
}

/** The number of the first event after a time. */
export function after(events: CastEvent[], time: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.at ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where it is after playing for `by` milliseconds: silence longer than `idle` is passed over. */
export function advance(cast: Cast, time: number, by: number, idle: number): number {
  const next = after(cast.events, time);
  const before = cast.events[next - 1]?.at ?? 0;
  const coming = cast.events[next]?.at ?? cast.duration;
  let to = time + by;
  if (idle > 0 && coming - before > idle && to < coming && to - before > idle) to = coming;
  return Math.min(to, cast.duration);
}

export interface Found {
  at: number;
  /** The line in which it is. */
  line: string;
}

export interface Transcript {
  text: string;
  /** From this place in the text on, it was printed at this time. */
  marks: { from: number; at: number }[];
}

/** What a terminal is told, and not shown. Cut sequences are kept until they are whole. */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_](?:[^\u0007\u001b]|\u001b(?!\\))*(?:\u0007|\u001b\\)|[ -/]*[0-Z\\^-~])/g;
const CUT = /\u001b(?:\[[0-?]*[ -/]*|[\]PX^_](?:[^\u0007\u001b]|\u001b(?!\\))*\u001b?|[ -/]*)?$/;

/** What was printed, as text in its order. */
export function transcript(cast: Cast): Transcript {
  const marks: Transcript["marks"] = [];
  const parts: string[] = [];
  let length = 0;
  let held = "";
  for (const event of cast.events) {
    if (event.kind !== "output" || event.redraws) continue;
    const whole = held + event.text;
    const cut = CUT.exec(whole);
    const ready = cut && cut.index >= 0 && cut[0].length < 65_536 ? whole.slice(0, cut.index) : whole;
    held = whole.slice(ready.length);
    const text = ready.replace(SEQUENCES, "").replace(/\r+\n/g, "\n").replace(/.\u0008/g, "").replace(/\r/g, "\n").replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, (letter) => (letter === "\t" ? " " : ""));
    if (text === "") continue;
    marks.push({ from: length, at: event.at });
    parts.push(text);
    length += text.length;
  }
  return { text: parts.join(""), marks };
}

/** Where a text was printed; `most` places. */
export function find({ text, marks }: Transcript, wanted: string, most = 500): Found[] {
  const found: Found[] = [];
  if (wanted === "") return found;
  const where = text.toLowerCase();
  const what = wanted.toLowerCase();
  for (let place = where.indexOf(what); place >= 0 && found.length < most; place = where.indexOf(what, place + what.length)) {
    // The moment at which the last letter of it was there.
    let mark = 0;
    let high = marks.length;
    while (mark < high) {
      const middle = (mark + high) >> 1;
      if ((marks[middle]?.from ?? 0) < place + what.length) mark = middle + 1;
      else high = middle;
    }
    const end = text.indexOf("\n", place);
    found.push({ at: marks[mark - 1]?.at ?? 0, line: text.slice(text.lastIndexOf("\n", place) + 1, end < 0 ? undefined : end).trim().slice(0, 200) });
  }
  return found;
}

/** `1:05`, `1:02:03`; with tenths when `fine`. */
export function clock(milliseconds: number, fine = false): string {
  const total = Math.max(0, milliseconds) / 1000;
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const text = hours > 0 ? `${hours}:${two((total / 60) % 60)}:${two(total % 60)}` : `${Math.floor(total / 60)}:${two(total % 60)}`;
  return fine ? `${text}.${Math.floor((total * 10) % 10)}` : text;
}
