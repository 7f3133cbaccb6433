/** Logs with what is done with them: searching, times, wrapping, pausing. Shared by a container's tab and the page of all logs. */
import { ChevronDown, ChevronUp, Clock, Pause, Play, Regex, WrapText } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { count, plural } from "../../lib/format";
import { LEVELS } from "../../lib/log-levels";
import { useShortcuts } from "../../lib/keyboard";
import { type LogLine, ONE_OF, matcher } from "../../lib/log-lines";
import { flag, list, oneOf, text, useAddress } from "../../lib/search";
import type { Logs } from "../../lib/use-logs";
import { Button } from "../../ui/button";
import { Input } from "../../ui/field";
import { LogList, type Times } from "../../ui/log-list";
import { Empty, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { ApiError } from "../../lib/problem";

const ADDRESS = { q: text(), re: flag(), only: flag(), wrap: flag(), time: oneOf("none", "time", "date", "utc"), err: flag(), level: list() };
const NEXT: Record<Times, Times> = { none: "time", time: "date", date: "utc", utc: "none" };
const TIMES: Record<Times, string> = { none: "no times", time: "time of day", date: "date and time", utc: "date and time in UTC" };
const SHORT: Record<Times, string> = { none: "", time: "time", date: "date", utc: "UTC" };
/** Lines that name no level. */
const PLAIN = "other";

export interface LogViewProps {
  logs: Logs;
  label: string;
  names?: Map<string, { name: string; tone: number }>;
  actions?: (shown: LogLine[]) => ReactNode;
  empty: ReactNode;
  /** Id of the line that one came for: it is shown first. */
  place?: number | undefined;
  /** Said above the lines. */
  notice?: ReactNode;
}

export function LogView({ logs, label, names, actions, empty, place, notice }: LogViewProps) {
  const [address, setAddress] = useAddress(ADDRESS);
  const [query, setQuery] = useState(address.q);
  const [held, setHeld] = useState<LogLine[] | null>(null);
  const [found, setFound] = useState<number | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const { buffer, version } = logs;
  const match = useMemo(() => (query === "" ? undefined : matcher(query, address.re)), [query, address.re]);
  const wrong = query !== "" && match === undefined;
  const all = held ?? buffer.lines;
  const lines = useMemo(() => {
    const levels = new Set(address.level);
    if (!address.err && !(address.only && match) && levels.size === 0) return all;
    return all.filter((line) => line.note || ((!address.err || line.source === "stderr") && (levels.size === 0 || levels.has(line.level ?? PLAIN)) && (!address.only || !match || match.test(line.plain))));
    // The list itself is changed, `version` says when.
  }, [all, all.length, version, address.err, address.only, address.level, match]);
  const counts = useMemo(() => {
    const found: Record<string, number> = {};
    for (const line of all) if (!line.note) found[line.level ?? PLAIN] = (found[line.level ?? PLAIN] ?? 0) + 1;
    return found;
  }, [all, all.length, version]);
  const hits = useMemo(() => (match ? lines.filter((line) => !line.note && match.test(line.plain)).map((line) => line.id) : []), [lines, version, match]);
  const at = found === undefined ? -1 : hits.indexOf(found);
  useEffect(() => {
    if (place !== undefined) setFound(place);
  }, [place]);

  const search = (said: string) => {
    setQuery(said);
    setFound(undefined);
    setAddress({ q: said });
  };
  const go = (step: 1 | -1) => {
    if (hits.length === 0) return;
    // From the end: the newest is what one looks for.
    const next = at < 0 ? (step === 1 ? hits.length - 1 : 0) : (at - step + hits.length) % hits.length;
    setFound(hits[next]);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      go(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Escape") search("");
  };
  const pick = (level: string) => setAddress({ level: address.level.includes(level) ? address.level.filter((one) => one !== level) : [...address.level, level] });
  const pause = () => setHeld(held ? null : [...buffer.lines]);
  useShortcuts([
    { keys: "/", label: "search", group: "Logs", run: () => field.current?.focus() },
    { keys: "w", label: "wrap lines", group: "Logs", run: () => setAddress({ wrap: !address.wrap }) },
    { keys: "t", label: "times", group: "Logs", run: () => setAddress({ time: NEXT[address.time] }) },
    { keys: "p", label: "pause, go on", group: "Logs", run: pause },
    { keys: "n", label: "found line before", group: "Logs", run: () => go(1) },
    { keys: "N", label: "found line after", group: "Logs", run: () => go(-1) },
    ...LEVELS.map((level, at) => ({ keys: String(at + 1), label: `only ${level}, and all again`, group: "Logs", run: () => pick(level) })),
  ]);

  return (
    <div className="fill-page">
      <div className="log-bar">
        <Input ref={field} type="search" aria-label="Search the log" placeholder="Search" value={query} onChange={search} onKeyDown={key} aria-invalid={wrong || undefined} />
        <span className="muted count" role="status">
          {wrong ? "✖ no pattern" : match ? (at < 0 ? `${count(hits.length)} found` : `${hits.length - at} of ${count(hits.length)}`) : plural(lines.length, "line")}
        </span>
        {match && (
          <span className="log-find">
            <Button kind="quiet" label="Found line before" off={hits.length === 0} icon={<ChevronUp size={15} />} onClick={() => go(1)} />
            <Button kind="quiet" label="Found line after" off={hits.length === 0} icon={<ChevronDown size={15} />} onClick={() => go(-1)} />
          </span>
        )}
        <Button kind="quiet" label="Regular expression" aria-pressed={address.re} icon={<Regex size={15} />} onClick={() => setAddress({ re: !address.re })} />
        {(query !== "" || address.only) && (
          <Button kind="quiet" aria-pressed={address.only} onClick={() => setAddress({ only: !address.only })}>
            Only these
          </Button>
        )}
        <div className="level-chips" role="group" aria-label="Levels">
          {[...LEVELS, PLAIN].map((level) => (
            <button key={level} type="button" className="level-chip" aria-pressed={address.level.includes(level)} onClick={() => pick(level)}>
              {level !== PLAIN && (
                <span className={`log-level ${level}`} aria-hidden="true">
                  ▎
                </span>
              )}
              {level} <span className="mono">{count(counts[level] ?? 0)}</span>
            </button>
          ))}
        </div>
        <Button kind="quiet" aria-pressed={address.err} onClick={() => setAddress({ err: !address.err })}>
          stderr
        </Button>
        <span className="log-tools">
          <Button kind="quiet" label="Wrap lines" aria-pressed={address.wrap} icon={<WrapText size={15} />} onClick={() => setAddress({ wrap: !address.wrap })} />
          <Button kind="quiet" label={`Times: ${TIMES[address.time]}`} aria-pressed={address.time !== "none"} icon={<Clock size={15} />} onClick={() => setAddress({ time: NEXT[address.time] })}>
            {SHORT[address.time] || null}
          </Button>
          <Button kind="quiet" label={held ? "Go on" : "Pause"} aria-pressed={held !== null} icon={held ? <Play size={15} /> : <Pause size={15} />} onClick={pause} />
          {actions?.(lines)}
        </span>
      </div>
      {[...logs.problems].map(([container, problem]) => (
        <Problem key={container} small error={new ApiError(problem)} title={`The log of ${names?.get(container)?.name ?? "this container"} could not be read`} />
      ))}
      {notice}
      {buffer.burst && (
        <p className="banner warn" role="status">
          ▲ A burst: one of {ONE_OF} lines is shown. {plural(buffer.skipped, "line")} left out so far; a download has them all.
        </p>
      )}
      {held && (
        <p className="banner" role="status">
          Paused. {plural(Math.max(0, (buffer.lines.at(-1)?.id ?? 0) - (held.at(-1)?.id ?? 0)), "new line")} since.
        </p>
      )}
      {!logs.begun ? (
        <Skeleton lines={8} label="Loading the log" />
      ) : all.length === 0 ? (
        empty
      ) : lines.length === 0 ? (
        <Empty title="No line fits" action={<Button onClick={() => { search(""); setAddress({ only: false, err: false, q: "", level: [] }); }}>Show all</Button>} />
      ) : (
        <LogList label={label} lines={lines} wrap={address.wrap} times={address.time} match={match} current={found} {...(names ? { names } : {})} />
      )}
      {buffer.dropped > 0 && !held && <p className="muted small">{plural(buffer.dropped, "older line")} left this list to save memory; a download has all.</p>}
    </div>
  );
}
