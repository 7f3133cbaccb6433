/** The past of the chosen logs, searched by the server: finds come while it goes on, by container, and each leads to its place in the log. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CaseSensitive, Regex, Search, Square } from "lucide-react";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { type Container, api, data, once } from "../../lib/api";
import { bytes, count, plural } from "../../lib/format";
import { useShortcuts } from "../../lib/keyboard";
import { type Far, type Group, type Hit, type Level, NO_WISH, type Wish, grouped, marked, requestOf, useLogSearch, wrongIn } from "../../lib/log-search";
import { problemOf } from "../../lib/problem";
import { text, useAddress } from "../../lib/search";
import { Button } from "../../ui/button";
import { Input, Select } from "../../ui/field";
import { Empty, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { HUES } from "./hues";

const ADDRESS = { search: text() };
const SPANS = [
  { value: "all", label: "all that is kept" },
  { value: "900", label: "the last 15 minutes" },
  { value: "3600", label: "the last hour" },
  { value: "86400", label: "the last day" },
  { value: "604800", label: "the last week" },
  { value: "between", label: "between two times" },
];
const LEVELS: { value: Level | ""; label: string }[] = [
  { value: "", label: "of any level" },
  { value: "info", label: "info or graver" },
  { value: "warn", label: "warn or graver" },
  { value: "error", label: "error" },
];
const SOURCES: { value: Wish["source"]; label: string }[] = [
  { value: "", label: "of both streams" },
  { value: "stdout", label: "standard output" },
  { value: "stderr", label: "standard error" },
];
const CONTEXTS = ["0", "1", "2", "5"].map((value) => ({ value, label: value === "0" ? "alone" : `with ${plural(Number(value), "line")} around` }));

/** What was asked last: whoever comes back from a log finds it again. What is looked for may be a secret, and stands in no address. */
const asked = { id: "", wish: NO_WISH };

export function Past({ chosen, all }: { chosen: Container[]; all: number }) {
  const [address, setAddress] = useAddress(ADDRESS);
  const [wish, setWish] = useState<Wish>(asked.wish);
  const [again, setAgain] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const want = (change: Partial<Wish>) => setWish((before) => ({ ...before, ...change }));
  const { hits, far, error } = useLogSearch(address.search, again);
  const groups = useMemo(() => grouped(hits), [hits]);
  useEffect(() => {
    asked.wish = wish;
  }, [wish]);

  const end = (id: string) => data(api.DELETE("/api/v1/log-searches/{id}", { params: { path: { id } } })).catch(() => null);
  const begin = useMutation({
    mutationFn: async () => {
      // Its finds are not wanted any more, and its place is free for this one.
      if (asked.id !== "") await end(asked.id);
      return data(api.POST("/api/v1/log-searches", { body: requestOf(wish, chosen.map((one) => one.id), Date.now()), params: once() }));
    },
    onSuccess: (operation) => {
      asked.id = operation.id;
      setAddress({ search: operation.id });
    },
  });
  const stop = useMutation({
    mutationFn: (id: string) => data(api.POST("/api/v1/operations/{id}/cancel", { params: { path: { id } } })),
    // Who may not cancel operations may still end a search of their own; what was found stays here.
    onError: (_, id) => void end(id),
  });
  const wrong = wrongIn(wish);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wish.query === "" || wrong || begin.isPending) return;
    stop.reset();
    begin.mutate();
  };
  const step = (by: 1 | -1) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>(".hit-line") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[at < 0 ? (by === 1 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  useShortcuts([
    { keys: "/", label: "search the past", group: "Logs", run: () => field.current?.focus() },
    { keys: "j", label: "next line that was found", group: "Logs", run: () => step(1) },
    { keys: "k", label: "line that was found before", group: "Logs", run: () => step(-1) },
  ]);
  const forgotten = error !== null && problemOf(error).status === 404;
  const stopped = stop.isSuccess || stop.isError || forgotten;
  const running = far?.running === true && !stopped;
  /** Until the new one is there, the old one's end is not shown for it. */
  const beginning = begin.isPending || (begin.isSuccess && begin.data.id !== address.search);
  const pattern = begin.error ? problemOf(begin.error) : undefined;

  return (
    <div className="fill-page">
      <form className="past-form" role="search" aria-label="Search the past" onSubmit={submit}>
        <div className="past-query">
          <Input ref={field} type="search" aria-label="What is looked for" placeholder="What is looked for" autoFocus value={wish.query} onChange={(query) => want({ query })} aria-invalid={pattern?.status === 422 || undefined} />
          <Button kind="quiet" label="Regular expression" aria-pressed={wish.regex} icon={<Regex size={15} />} onClick={() => want({ regex: !wish.regex })} />
          <Button kind="quiet" label="Small and large letters differ" aria-pressed={wish.caseSensitive} icon={<CaseSensitive size={16} />} onClick={() => want({ caseSensitive: !wish.caseSensitive })} />
          <Button type="submit" kind="primary" icon={<Search size={14} />} needs="read:logs" busy={begin.isPending} off={wish.query === "" || wrong !== undefined}>
            Search
          </Button>
        </div>
        <div className="past-narrow">
          <Select aria-label="From when" value={wish.span} onChange={(span) => want({ span })} options={SPANS} />
          <Select aria-label="Level" value={wish.level} onChange={(level) => want({ level: level as Wish["level"] })} options={LEVELS} />
          <Select aria-label="Stream" value={wish.source} onChange={(source) => want({ source: source as Wish["source"] })} options={SOURCES} />
          <Select aria-label="Lines around" value={String(wish.context)} onChange={(context) => want({ context: Number(context) })} options={CONTEXTS} />
        </div>
        {wish.span === "between" && (
          <div className="past-narrow">
            <Input type="datetime-local" step={1} aria-label="Printed at or after" value={wish.from} onChange={(from) => want({ from })} />
            <Input type="datetime-local" step={1} aria-label="Printed before" value={wish.until} onChange={(until) => want({ until })} />
          </div>
        )}
        {wrong && wish.query !== "" && <p className="field-error">✖ {wrong}</p>}
      </form>
      {begin.error && <Problem error={begin.error} small title="It could not be searched" />}
      {beginning ? (
        <Skeleton lines={6} label="Beginning the search" />
      ) : address.search === "" ? (
        <Empty title="Nothing was searched for yet">
          {chosen.length > 0 ? `The logs of ${plural(chosen.length, "container")} are looked through` : `All logs are looked through, of ${plural(all, "container")}`}: every line that the engine keeps, not only those that are shown.
        </Empty>
      ) : forgotten && hits.length === 0 ? (
        <Empty title="This search is forgotten">The server keeps the newest ones until it ends. Search again.</Empty>
      ) : (
        <>
          {error !== null && !forgotten && <Problem error={error} small title="What was found could not be read" onRetry={() => setAgain(again + 1)} />}
          {far ? <Progress far={far} running={running} found={hits.length} stopped={stopped} onStop={() => stop.mutate(far.id)} /> : error === null && <Skeleton lines={6} label="Beginning the search" />}
          {far && !running && hits.length === 0 && <Empty title="Nothing was found">{far.lines === 0 ? "There was no line to look at." : `In ${plural(far.lines, "line")} of ${plural(far.total, "log")}.`}</Empty>}
          <div ref={list} className="hits" role="region" aria-label="What was found">
            {groups.map((group) => (
              <Of key={group.container} group={group} tone={chosen.findIndex((one) => one.id === group.container)} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

function Progress({ far, running, found, stopped, onStop }: { far: Far; running: boolean; found: number; stopped: boolean; onStop: () => void }) {
  return (
    <div className="past-far">
      <p>
        <span className={running ? "tone-info" : stopped ? "muted" : "tone-ok"} role="status">
          <span aria-hidden="true">{running ? "◐" : stopped ? "○" : "✔"}</span> {running ? "searching" : stopped ? "stopped" : "done"}, {count(found)} found
        </span>
        <span className="muted mono">
          {count(far.scanned)} of {plural(far.total, "log")} · {plural(far.lines, "line")} · {bytes(far.bytes)}
        </span>
        <span className="spring" />
        {running && (
          <Button icon={<Square size={12} />} onClick={onStop}>
            Stop
          </Button>
        )}
      </p>
      <progress aria-label="Logs that were looked through" data-over={!running} value={far.scanned} max={Math.max(1, far.total)} />
      {(far.notes ?? []).map((note) => (
        <p key={note} className="tone-warn">
          ▲ {note}
        </p>
      ))}
    </div>
  );
}

function Of({ group, tone }: { group: Group; tone: number }) {
  return (
    <section className="hit-group" aria-label={group.name}>
      <h2 className={`mono hue-${tone < 0 ? "none" : tone % HUES}`}>
        {group.name} <span className="muted">{count(group.hits.length)}</span>
      </h2>
      <ol>
        {group.hits.map((hit) => (
          <One key={hit.line} hit={hit} />
        ))}
      </ol>
    </section>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" });

function One({ hit }: { hit: Hit }) {
  const [before, found, after] = marked(hit);
  const at = new Date(hit.at);
  return (
    <li className="hit">
      {(hit.before ?? []).map((line, index) => (
        <pre key={index} className="hit-around">
          {line}
        </pre>
      ))}
      <Link className={`hit-line ${hit.level ?? ""}`} to={"/containers/$id" as never} params={{ id: hit.container } as never} search={{ tab: "logs", at: hit.at } as never} title="To its place in the log">
        <span className="hit-where">
          <span>{count(hit.line)}</span> <time dateTime={hit.at} title={hit.at}>{clock.format(at)}</time>
        </span>
        <span className="hit-text">
          {hit.source === "stderr" && <span className="log-err" title="standard error">! </span>}
          {before}
          {found !== "" && <mark>{found}</mark>}
          {after}
        </span>
      </Link>
      {(hit.after ?? []).map((line, index) => (
        <pre key={index} className="hit-around">
          {line}
        </pre>
      ))}
    </li>
  );
}
