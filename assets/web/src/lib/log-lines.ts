/** Log lines: cut from bytes, kept within bounds, merged by time. No component here. */
import type { StreamMessage } from "./stream";
import { plainText } from "./ansi";
import { type Level, levelOf } from "./log-levels";

export type Source = Extract<StreamMessage, { type: "log" }>["source"];

export interface LogLine {
  id: number;
  /** The engine's time, to the nanosecond, as it wrote it; empty where it wrote none. */
  stamp: string;
  /** The same in milliseconds of the epoch. */
  at: number;
  source: Source;
  /** As printed, with its colours. */
  text: string;
  /** Without them. */
  plain: string;
  /** What it calls itself; none where it does not. */
  level: Level | undefined;
  container: string;
  /** Said by the page, not by the container. */
  note?: boolean;
}

export type Cut = Omit<LogLine, "id" | "container">;

/** Letters of a line that are kept. */
const MOST_LETTERS = 16_384;
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/** What a terminal would show of a line in which the cursor went back. */
function last(text: string): string {
  if (!text.includes("\r")) return text;
  return text.split("\r").findLast((part) => part !== "") ?? "";
}

/** Cuts bytes into lines, each stream by itself: a letter or a line may end in the next piece. */
export class Cutter {
  private readonly open: Record<Source, { decoder: TextDecoder; rest: string }> = { stdout: { decoder: new TextDecoder(), rest: "" }, stderr: { decoder: new TextDecoder(), rest: "" } };

  take(source: Source, bytes: Uint8Array): Cut[] {
    const open = this.open[source];
    const parts = (open.rest + open.decoder.decode(bytes, { stream: true })).split("\n");
    open.rest = parts.pop() ?? "";
    // A line without end is shown in pieces.
    if (open.rest.length > MOST_LETTERS) {
      parts.push(open.rest);
      open.rest = "";
    }
    return parts.map((part) => this.line(source, part));
  }

  /** The last lines, which have no line break. */
  end(): Cut[] {
    return (["stdout", "stderr"] as const).flatMap((source) => {
      const { rest } = this.open[source];
      this.open[source].rest = "";
      return rest === "" ? [] : [this.line(source, rest)];
    });
  }

  private line(source: Source, said: string): Cut {
    const stamp = STAMP.exec(said)?.[1] ?? "";
    let text = last(said.slice(stamp === "" ? 0 : stamp.length + 1));
    if (text.length > MOST_LETTERS) text = `${text.slice(0, MOST_LETTERS)} … (${text.length - MOST_LETTERS} more)`;
    const plain = plainText(text);
    return { stamp, at: stamp === "" ? 0 : Date.parse(stamp), source, text, plain, level: levelOf(plain) };
  }
}

/** Whether a line is of a later time; one without a time is of none. */
const later = (line: LogLine | undefined, than: LogLine): boolean => line !== undefined && line.stamp !== "" && than.stamp !== "" && (line.at === than.at ? line.stamp > than.stamp : line.at > than.at);

/** Lines that are kept at most. */
export const MOST_LINES = 50_000;
/** And their letters. */
const MOST_KEPT = 24_000_000;
/** Lines a second that are shown whole; of more, one of `ONE_OF`. */
export const BURST = 5_000;
export const ONE_OF = 10;

/** Lines in the order of their times, the newest last; the oldest go when there are too many. */
export class LogBuffer {
  lines: LogLine[] = [];
  /** Lines that went since the beginning. */
  dropped = 0;
  /** Lines that were not taken in bursts. */
  skipped = 0;
  /** Whether there is a burst now. */
  burst = false;
  private next = 1;
  private letters = 0;
  private second = 0;
  private inSecond = 0;

  constructor(private readonly most = MOST_LINES) {}

  /** Takes lines that came at `now` (milliseconds). Those of the past come all at once, and are no burst. */
  add(container: string, cuts: Cut[], now: number, past = false): void {
    const fresh: LogLine[] = [];
    for (const cut of cuts) {
      if (past) {
        fresh.push({ ...cut, id: this.next++, container });
        this.letters += cut.text.length;
        continue;
      }
      const second = Math.floor(now / 1000);
      if (second !== this.second) {
        this.burst = this.inSecond > BURST && second === this.second + 1;
        this.second = second;
        this.inSecond = 0;
      }
      this.inSecond += 1;
      if (this.inSecond > BURST) {
        this.burst = true;
        if (this.inSecond % ONE_OF !== 0) {
          this.skipped += 1;
          continue;
        }
      }
      fresh.push({ ...cut, id: this.next++, container });
      this.letters += cut.text.length;
    }
    this.merge(fresh);
    this.trim();
  }

  /** A line of the page's own. */
  note(container: string, text: string, now: number): void {
    this.lines.push({ id: this.next++, stamp: "", at: now, source: "stdout", text, plain: text, level: undefined, container, note: true });
  }

  clear(): void {
    this.dropped += this.lines.length;
    this.lines = [];
    this.letters = 0;
  }

  /** Whether the burst is over, asked when nothing comes any more. */
  calm(now: number): void {
    if (this.burst && Math.floor(now / 1000) > this.second + 1) this.burst = false;
  }

  private merge(fresh: LogLine[]): void {
    const first = fresh[0];
    if (!first) return;
    const { lines } = this;
    // Nearly always in order: pieces of several containers overlap only by moments.
    if (!later(lines.at(-1), first)) {
      lines.push(...fresh);
      return;
    }
    let at = lines.length;
    while (at > 0 && later(lines[at - 1], first)) at -= 1;
    const tail = lines.splice(at);
    let left = 0;
    for (const line of fresh) {
      while (left < tail.length && !later(tail[left], line)) lines.push(tail[left++] as LogLine);
      lines.push(line);
    }
    lines.push(...tail.slice(left));
  }

  private trim(): void {
    // In portions, so that not each line moves all.
    const slack = Math.ceil(this.most / 10);
    if (this.lines.length <= this.most + slack && this.letters <= MOST_KEPT) return;
    let gone = Math.max(0, this.lines.length - this.most);
    for (let at = 0, letters = this.letters; at < this.lines.length && (at < gone || letters > MOST_KEPT * 0.9); at += 1) {
      letters -= this.lines[at]?.text.length ?? 0;
      gone = Math.max(gone, at + 1);
    }
    for (const line of this.lines.slice(0, gone)) this.letters -= line.text.length;
    this.lines = this.lines.slice(gone);
    this.dropped += gone;
  }
}

/** Leaves out what was had before a cut: the log is then read once more from its end. */
export class Resume {
  private newest = "";
  private until = "";
  /** Whether something between the cut and now is missing, once the first line came; else undefined. */
  gap: boolean | undefined;

  /** The log begins again. */
  again(): void {
    this.until = this.newest;
    this.gap = undefined;
  }

  fresh(cuts: Cut[]): Cut[] {
    const some = cuts.filter((cut) => {
      if (this.until === "" || cut.stamp === "") return true;
      if (cut.stamp <= this.until) {
        this.gap = false;
        return false;
      }
      this.gap ??= true;
      return true;
    });
    for (const cut of cuts) if (cut.stamp > this.newest) this.newest = cut.stamp;
    return some;
  }
}

/** How many lines each second had, for the last `span` seconds. */
export class Rates {
  private readonly counts = new Map<number, number>();

  constructor(private readonly span = 120) {}

  add(at: number, lines = 1): void {
    const second = Math.floor(at / 1000);
    this.counts.set(second, (this.counts.get(second) ?? 0) + lines);
    if (this.counts.size > this.span * 4) for (const key of this.counts.keys()) if (key < second - this.span) this.counts.delete(key);
  }

  clear(): void {
    this.counts.clear();
  }

  /** Oldest first, the last is the second of `now`. */
  series(now: number): number[] {
    const end = Math.floor(now / 1000);
    return Array.from({ length: this.span }, (_, at) => this.counts.get(end - this.span + 1 + at) ?? 0);
  }
}

/** What a search's text means; `undefined` where it is no pattern. */
export function matcher(query: string, pattern: boolean): { test: (line: string) => boolean; places: (line: string) => [from: number, to: number][] } | undefined {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern ? query : query.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  } catch {
    return undefined;
  }
  return {
    test: (line) => {
      expression.lastIndex = 0;
      return expression.test(line);
    },
    // matchAll begins where `test` has left off.
    places: (line) => [...line.matchAll(new RegExp(expression.source, expression.flags))].flatMap((match): [number, number][] => (match[0] === "" ? [] : [[match.index, match.index + match[0].length]])).slice(0, 100),
  };
}
