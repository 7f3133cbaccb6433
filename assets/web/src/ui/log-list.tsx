/** Lines of logs: only those that are seen are drawn; the end is followed until a person scrolls up. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ChevronDown, ChevronRight } from "lucide-react";
import { type CSSProperties, memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Span, spans } from "../lib/ansi";
import { count, plural } from "../lib/format";
import { looksLikeJson, unfolded } from "../lib/log-levels";
import type { LogLine, matcher } from "../lib/log-lines";
import { Button } from "./button";
import "./log-list.css";

export type Times = "none" | "time" | "date" | "utc";
type Matcher = NonNullable<ReturnType<typeof matcher>>;

export interface LogListProps {
  /** Read by screen readers. */
  label: string;
  lines: LogLine[];
  wrap: boolean;
  times: Times;
  /** Names in front of lines, by container; none where there is one container. */
  names?: Map<string, { name: string; tone: number }>;
  /** What is marked. */
  match?: Matcher | undefined;
  /** Id of the found line that is looked at. */
  current?: number | undefined;
}

const ROW = 19;
/** Pixels from the end that still count as the end. */
const NEAR = 30;
/** How long after a person's own move the list's moves are theirs, in milliseconds. */
const HAND = 600;
/** Frames that a line must be seen until the list is there, those after which it is gone to again, and how long that is tried, in milliseconds. */
const STILL = 4;
const AGAIN = 6;
const SETTLES = 10_000;

export function LogList({ label, lines, wrap, times, names, match, current }: LogListProps) {
  const view = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  /** Id of the last line that was there when a person went up. */
  const [left, setLeft] = useState(0);
  const touched = useRef(0);
  /** The list goes to a line: neither it nor its moves until then lead to the end. */
  const settling = useRef(false);
  const top = useRef(0);
  /** Lines whose objects are unfolded. */
  const [open, setOpen] = useState(() => new Set<number>());
  /** The first line that is seen, and how far it is scrolled out: what is read stays there. */
  const anchor = useRef<{ id: number; past: number } | undefined>(undefined);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => view.current, estimateSize: () => ROW, overscan: 20, getItemKey: (at) => lines[at]?.id ?? at });
  const newest = lines.at(-1)?.id ?? 0;

  const toEnd = () => {
    const element = view.current;
    if (element && !settling.current) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(() => {
    if (!following) return;
    toEnd();
    // Once more when wrapped lines have their heights.
    const frame = requestAnimationFrame(toEnd);
    return () => cancelAnimationFrame(frame);
  }, [newest, lines.length, following, wrap, times]);

  // What is read stays where it is when lines before it go, come or are left out.
  const first = lines[0]?.id ?? 0;
  useLayoutEffect(() => {
    const kept = anchor.current;
    if (following || !kept || !view.current) return;
    const at = lines.findIndex((line) => line.id === kept.id);
    const start = at < 0 ? 0 : virtual.measurementsCache[at]?.start;
    if (start !== undefined && Math.abs(view.current.scrollTop - start - kept.past) > 1) view.current.scrollTop = start + kept.past;
  }, [first, lines.length, following]);

  const latest = useRef(lines);
  latest.current = lines;
  useEffect(() => {
    if (current === undefined) return;
    const go = () => {
      const at = latest.current.findIndex((line) => line.id === current);
      if (at < 0) return;
      setFollowing(false);
      setLeft((before) => before || newest);
      // What was read until now is left for it.
      anchor.current = undefined;
      virtual.scrollToIndex(at, { align: "center" });
    };
    const seen = () => {
      const [list, row] = [view.current?.getBoundingClientRect(), view.current?.querySelector(".log-line.current")?.getBoundingClientRect()];
      return list !== undefined && row !== undefined && row.top >= list.top && row.bottom <= list.bottom;
    };
    const begun = performance.now();
    settling.current = true;
    go();
    // While many lines come the list does not have their heights yet: it is gone there again until it is seen, or a person moves the list.
    let frame = 0;
    let still = 0;
    let tries = 0;
    const next = () => {
      still = seen() ? still + 1 : 0;
      if (still > STILL || touched.current > begun || performance.now() - begun > SETTLES) {
        settling.current = false;
        return;
      }
      tries += 1;
      if (still === 0 && tries % AGAIN === 0) go();
      frame = requestAnimationFrame(next);
    };
    frame = requestAnimationFrame(next);
    return () => {
      cancelAnimationFrame(frame);
      settling.current = false;
    };
    // Only when another is looked at.
  }, [current]);

  const scrolled = () => {
    const element = view.current;
    if (!element) return;
    const end = !settling.current && element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (end) {
      setFollowing(true);
      setLeft(0);
    } else if (following && element.scrollTop < top.current && performance.now() - touched.current < HAND) {
      setFollowing(false);
      setLeft(newest);
    }
    top.current = element.scrollTop;
    const seen = virtual.getVirtualItems().find((item) => item.end > element.scrollTop);
    const line = seen && lines[seen.index];
    anchor.current = seen && line ? { id: line.id, past: element.scrollTop - seen.start } : undefined;
  };
  const toggle = useRef((_: number) => {});
  toggle.current = (id) => {
    const after = new Set(open);
    if (!after.delete(id)) {
      after.add(id);
      // Whoever unfolds a line reads it: it stays, and all of it is shown.
      setFollowing(false);
      setLeft((before) => before || newest);
      const at = lines.findIndex((line) => line.id === id);
      requestAnimationFrame(() => requestAnimationFrame(() => virtual.scrollToIndex(at, { align: "auto" })));
    }
    setOpen(after);
  };
  const [unfold] = useState(() => (id: number) => toggle.current(id));
  const hand = () => {
    touched.current = performance.now();
  };
  let fresh = 0;
  if (!following) for (let at = lines.length - 1; at >= 0 && (lines[at]?.id ?? 0) > left; at -= 1) fresh += 1;

  return (
    <div className="log-box">
      <div ref={view} className={wrap ? "log wrap" : "log"} role="log" aria-label={label} aria-live="off" tabIndex={0} onScroll={scrolled} onWheel={hand} onTouchMove={hand} onPointerDown={hand} onKeyDown={hand}>
        <div className="log-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div key={line.id} ref={virtual.measureElement} data-index={item.index} className={["log-line", line.level ?? "", line.note ? "note" : "", line.id === current ? "current" : ""].join(" ")} style={{ transform: `translateY(${item.start}px)` }}>
                <Line line={line} times={times} name={names?.get(line.container)} match={match} open={open.has(line.id)} onToggle={unfold} />
              </div>
            );
          })}
        </div>
      </div>
      {!following && (
        <div className="log-more">
          <Button
            kind="primary"
            icon={<ArrowDown size={14} aria-hidden="true" />}
            onClick={() => {
              setFollowing(true);
              setLeft(0);
            }}
          >
            {fresh > 0 ? plural(fresh, "new line") : "To the end"}
          </Button>
        </div>
      )}
      <span className="sr" role="status">
        {following ? "following" : `${count(fresh)} new lines below`}
      </span>
    </div>
  );
}

function written(at: number, times: Times): string {
  if (times === "none" || at === 0) return "";
  const time = new Date(at);
  if (times === "utc") return time.toISOString().replace("T", " ");
  const two = (part: number) => String(part).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return times === "time" ? clock : `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

interface LineProps {
  line: LogLine;
  times: Times;
  name: { name: string; tone: number } | undefined;
  match: Matcher | undefined;
  open: boolean;
  onToggle: (id: number) => void;
}

const Line = memo(function Line({ line, times, name, match, open, onToggle }: LineProps) {
  const folds = !line.note && looksLikeJson(line.plain);
  const inside = open ? unfolded(line.plain) : undefined;
  const time = written(line.at, times);
  const places = match?.places(line.plain) ?? [];
  return (
    <>
      {time && (
        <span className="log-time" title={line.stamp}>
          {time}{" "}
        </span>
      )}
      {name && <span className={`log-name hue-${name.tone}`}>{name.name} </span>}
      {folds && (
        <button type="button" className="log-fold" aria-expanded={open} aria-label={open ? "Fold the line" : "Unfold the line"} onClick={() => onToggle(line.id)}>
          {open ? <ChevronDown size={12} aria-hidden="true" /> : <ChevronRight size={12} aria-hidden="true" />}
        </button>
      )}
      {line.level && (
        <span className={`log-level ${line.level}`} title={line.level} aria-hidden="true">
          ▎
        </span>
      )}
      {line.source === "stderr" && <span className="log-err" title="standard error">! </span>}
      {line.note ? `— ${line.text} —` : pieces(spans(line.text), places)}
      {open && <span className="log-inside">{inside === undefined ? "This is no JSON after all." : members(inside)}</span>}
    </>
  );
});

/** An object's lines: names are told from values. */
function members(text: string) {
  return text.split("\n").map((line, at) => {
    const [, space = "", name, rest = line] = /^(\s*)("(?:[^"\\]|\\.)*"):(.*)$/.exec(line) ?? [];
    return (
      <span key={at}>
        {name === undefined ? (
          line
        ) : (
          <>
            {space}
            <span className="log-key">{name}</span>:{rest}
          </>
        )}
        {"\n"}
      </span>
    );
  });
}

const color = (wish: number | string | undefined): string | undefined => (wish === undefined ? undefined : typeof wish === "string" ? wish : wish === -1 ? "var(--text)" : wish === -2 ? "var(--term-back)" : `var(--ansi-${wish})`);

function look(span: Span): CSSProperties | undefined {
  if (span.fg === undefined && span.bg === undefined && !span.bold && !span.dim && !span.italic && !span.underline) return undefined;
  return {
    color: color(span.fg) ?? (span.dim ? "var(--muted)" : undefined),
    background: color(span.bg),
    fontWeight: span.bold ? 700 : undefined,
    fontStyle: span.italic ? "italic" : undefined,
    textDecoration: span.underline ? "underline" : undefined,
  };
}

/** Spans with what was searched for marked in them, also where a colour changes within it. */
function pieces(list: Span[], places: [number, number][]) {
  let at = 0;
  return list.flatMap((span, index) => {
    const begin = at;
    const end = at + span.text.length;
    at = end;
    const style = look(span);
    const own = places.filter(([from, to]) => from < end && to > begin);
    if (own.length === 0) {
      return [
        <span key={index} style={style}>
          {span.text}
        </span>,
      ];
    }
    const parts = [];
    let done = begin;
    for (const [from, to] of own) {
      const first = Math.max(from, begin);
      const last = Math.min(to, end);
      if (first > done) parts.push(<span key={`${index}-${done}`} style={style}>{span.text.slice(done - begin, first - begin)}</span>);
      parts.push(<mark key={`${index}-${first}m`}>{span.text.slice(first - begin, last - begin)}</mark>);
      done = last;
    }
    if (done < end) parts.push(<span key={`${index}-${done}e`} style={style}>{span.text.slice(done - begin)}</span>);
    return parts;
  });
}
