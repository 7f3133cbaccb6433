/** Searches through the past of several logs: what is asked, what was found so far, and the way from there to the log itself. */
import { useEffect, useState } from "react";
import { type Schemas, api, data } from "./api";
import type { LogLine } from "./log-lines";

/** Pairs come as lists of any length: so the typed client reads them. */
export type Hit = Omit<Schemas["LogHit"], "found"> & { found: number[] };
export type Far = Omit<Schemas["LogSearch"], "items">;
export type Level = Schemas["LogLevel"];

/** What a person asks. */
export interface Wish {
  query: string;
  regex: boolean;
  caseSensitive: boolean;
  /** Seconds back from now; `all`, or `between` for the two times. */
  span: string;
  from: string;
  until: string;
  level: Level | "";
  source: Schemas["LogSource"] | "";
  context: number;
}

export const NO_WISH: Wish = { query: "", regex: false, caseSensitive: false, span: "all", from: "", until: "", level: "", source: "", context: 0 };

/** Lines that one search finds: the server's most. */
const LIMIT = 500;
/** Characters of what is looked for. */
const LONGEST = 1_000;

/** Milliseconds of what a field for date and time holds; none where it is empty or no time. */
const moment = (text: string): number | undefined => {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

/** Why it can't be asked so; none where it can. */
export function wrongIn(wish: Wish): string | undefined {
  if (wish.query.length > LONGEST) return `what is looked for has ${LONGEST} letters at most`;
  if (wish.span !== "between") return undefined;
  const [from, until] = [moment(wish.from), moment(wish.until)];
  if (from === undefined && until === undefined) return "say from when, or until when";
  return from !== undefined && until !== undefined && from >= until ? "it ends before it begins" : undefined;
}

/** The request; in all logs that one may see where no container is named. */
export function requestOf(wish: Wish, containers: string[], now: number): Schemas["SearchLogs"] {
  const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());
  const since = wish.span === "all" ? undefined : wish.span === "between" ? iso(moment(wish.from)) : iso(now - Number(wish.span) * 1000);
  const until = wish.span === "between" ? iso(moment(wish.until)) : undefined;
  return {
    query: wish.query,
    regex: wish.regex,
    case_sensitive: wish.caseSensitive,
    containers,
    context: wish.context,
    limit: LIMIT,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(wish.level === "" ? {} : { level: wish.level }),
    ...(wish.source === "" ? {} : { source: wish.source }),
  };
}

export interface Group {
  container: string;
  name: string;
  hits: Hit[];
}

/** What was found, by container, in the order of their names; within one in the order of its log. */
export function grouped(hits: Hit[]): Group[] {
  const groups = new Map<string, Group>();
  for (const hit of hits) {
    const group = groups.get(hit.container) ?? { container: hit.container, name: hit.container_name, hits: [] };
    groups.set(hit.container, group);
    group.hits.push(hit);
  }
  for (const group of groups.values()) group.hits.sort((a, b) => a.line - b.line);
  return [...groups.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** A line before, in and after what was found in it. Places count characters, not halves of them. */
export function marked({ text, found }: Pick<Hit, "text" | "found">): [before: string, found: string, after: string] {
  const letters = [...text];
  const [from = 0, to = 0] = found;
  return [letters.slice(0, from).join(""), letters.slice(from, to).join(""), letters.slice(to).join("")];
}

export interface Found {
  hits: Hit[];
  /** How far it is; none before the first answer. */
  far: Far | undefined;
  error: unknown;
}

/** Seconds that the server is let wait for more: also how often it is seen how far it is. */
const WAIT = 1;

/** Reads what a search finds, while it goes on. `again` changes to read it once more. */
export function useLogSearch(id: string, again: number): Found {
  const [state, setState] = useState<Found & { id: string }>({ id, hits: [], far: undefined, error: null });
  useEffect(() => {
    setState({ id, hits: [], far: undefined, error: null });
    if (id === "") return;
    const stop = new AbortController();
    const read = async () => {
      for (let after = 0; ; ) {
        const { items, ...far } = await data(api.GET("/api/v1/log-searches/{id}", { params: { path: { id }, query: { after, wait: WAIT } }, signal: stop.signal }));
        if (stop.signal.aborted) return;
        after += items.length;
        setState((before) => ({ ...before, hits: [...before.hits, ...items], far }));
        // What was found between the last look and the end is asked for once more.
        if (!far.running && after >= far.hits) return;
      }
    };
    read().catch((error: unknown) => !stop.signal.aborted && setState((before) => ({ ...before, error })));
    return () => stop.abort();
  }, [id, again]);
  // What was found by another search is not shown for this one.
  return state.id === id ? state : { hits: [], far: undefined, error: null };
}

/** A time as all write it: engines fill fractions of seconds with zeros, others leave them out. */
const plainStamp = (stamp: string): string => stamp.replace(/\.(\d*?)0*(Z|[+-])/, (_, digits: string, zone: string) => `${digits === "" ? "" : `.${digits}`}${zone}`);

/** Where in a list of lines, oldest first, that of a moment is: its id, `older` where the list begins later, none where the list is not so far yet. */
export function placeOf(lines: LogLine[], at: string): number | "older" | undefined {
  const time = Date.parse(at);
  const first = lines.find((line) => !line.note && line.stamp !== "");
  if (!first || Number.isNaN(time)) return undefined;
  const wanted = plainStamp(at);
  const same = lines.find((line) => line.at === time && plainStamp(line.stamp) === wanted);
  if (same) return same.id;
  if (first.at > time) return "older";
  return lines.find((line) => !line.note && line.at >= time)?.id;
}
