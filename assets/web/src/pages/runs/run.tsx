/** One run, while it goes and afterwards: state, steps with their screens, log, the terminal that it drives, results, history. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Keyboard, Pause, Play, RotateCw, StepForward, X } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type Session, api, data } from "../../lib/api";
import { type Run, type RunEntry, causeText, runOver, runQuery, runState, runsOf, scriptQuery } from "../../lib/automation";
import { useCommands } from "../../lib/commands";
import { duration, plural, shortId } from "../../lib/format";
import { useShortcuts } from "../../lib/keyboard";
import { notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { sessionsQuery } from "../../lib/queries";
import { type Step, lineOf, numbersOf, stepsOf } from "../../lib/run-log";
import { saveFile } from "../../lib/save-file";
import { text, useAddress } from "../../lib/search";
import { Badge, State } from "../../ui/badge";
import { Button, CopyButton } from "../../ui/button";
import { Chart } from "../../ui/chart";
import { CodeEditor } from "../../ui/code-editor";
import { Confirm } from "../../ui/dialog";
import { Switch } from "../../ui/field";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { Terminal } from "../../ui/terminal";
import { Time } from "../../ui/time";
import { Lasted, stepsText, useRunActions } from "./index";
import { Results } from "./results";
import { useRunLog } from "./use-log";
import "../automation.css";

export default function RunPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const run = useQuery(runQuery(id));
  if (run.error && !run.data) {
    return (
      <>
        <PageHeader title="Run" />
        <Problem error={run.error} onRetry={() => void run.refetch()} />
      </>
    );
  }
  if (!run.data) return <Skeleton lines={8} label="Loading the run" />;
  return <Monitor key={id} run={run.data} old={<LastState of={run} />} />;
}

function Monitor({ run, old }: { run: Run; old: ReactNode }) {
  const navigate = useNavigate();
  const log = useRunLog(run.id);
  const act = useRunActions();
  const [removing, setRemoving] = useState(false);
  const steps = useMemo(() => stepsOf(log.entries), [log.entries]);
  const over = runOver(run);
  const paused = !over && Boolean(run.paused);
  const again = () => act.mutate({ verb: "retry", runs: [run] }, { onSuccess: (next) => next && void navigate({ to: "/runs/$id" as never, params: { id: next.id } as never }) });
  const junit = async () => {
    try {
      saveFile(`${run.script.replaceAll("/", "-")}-${run.id}.xml`, await data(api.GET("/api/v1/runs/{id}/junit", { params: { path: { id: run.id } }, parseAs: "text" })), "application/xml");
    } catch (error) {
      notifyError("The report could not be read", error);
    }
  };
  useShortcuts([
    { keys: "s", label: "one step", group: "Run", off: !paused, run: () => act.mutate({ verb: "step", runs: [run] }) },
    { keys: "p", label: paused ? "go on" : "pause", group: "Run", off: over, run: () => act.mutate({ verb: paused ? "resume" : "pause", runs: [run] }) },
  ]);
  useCommands(over ? [{ label: "Run it again", group: "This run", needs: "start:runs", run: again }] : [{ label: "Cancel the run", group: "This run", needs: "control:runs", run: () => act.mutate({ verb: "cancel", runs: [run] }) }], `${run.id} ${over}`);

  return (
    <div className="fill-page run-page">
      <PageHeader
        title={<span className="mono">{run.script}</span>}
        name={`Run of ${run.script}`}
        beside={
          <span role="status">
            <State state={runState(run)} />
          </span>
        }
        about={
          <>
            <Lasted run={run} /> · {causeText(run)} · {run.owner} · <Time at={run.created_at} />
          </>
        }
        actions={
          <>
            {paused ? (
              <>
                <Button needs="control:runs" icon={<StepForward size={14} />} busy={act.isPending} onClick={() => act.mutate({ verb: "step", runs: [run] })}>
                  Step
                </Button>
                <Button kind="primary" needs="control:runs" icon={<Play size={14} />} busy={act.isPending} onClick={() => act.mutate({ verb: "resume", runs: [run] })}>
                  Go on
                </Button>
              </>
            ) : (
              !over && (
                <Button needs="control:runs" icon={<Pause size={14} />} busy={act.isPending} onClick={() => act.mutate({ verb: "pause", runs: [run] })}>
                  Pause
                </Button>
              )
            )}
            {over ? (
              <Button needs="start:runs" icon={<RotateCw size={14} />} busy={act.isPending} onClick={again}>
                Run again
              </Button>
            ) : (
              <Button needs="control:runs" icon={<X size={14} />} onClick={() => act.mutate({ verb: "cancel", runs: [run] })}>
                Cancel
              </Button>
            )}
            <MoreMenu
              items={[
                { label: "Download as JUnit XML", onSelect: () => void junit() },
                { label: "Download the log", onSelect: () => saveFile(`${run.id}.log`, log.entries.map((entry) => `${entry.at} ${words(entry)}`).join("\n"), "text/plain") },
                { label: "Open the script", onSelect: () => void navigate({ to: "/scripts/$name" as never, params: { name: run.script } as never }) },
                { group: "" },
                { label: "Remove…", danger: true, needs: "control:runs", off: over ? false : "it is not over", onSelect: () => setRemoving(true) },
              ]}
            />
          </>
        }
      />
      {old}
      {run.progress && !over && (
        <label className="progress">
          <progress max={Math.max(1, run.progress[1] ?? 1)} value={run.progress[0] ?? 0} /> {run.progress[0]} of {run.progress[1]} {run.phase}
        </label>
      )}
      {paused && (
        <p className="banner warn" role="status">
          ⏸ {run.paused} <span className="muted">It goes on when you let it; its terminal can be taken over meanwhile.</span>
        </p>
      )}
      {run.error && <Failure run={run} />}
      {log.error !== null && <Problem error={log.error} onRetry={log.retry} small title="The log could not be read" />}
      <div className="run-columns">
        <Tabs
          label="Run"
          fill
          tabs={[
            { id: "steps", title: "Steps", beside: <span className="muted mono">{stepsText(run)}</span>, content: () => <Steps steps={steps} over={over} ended={log.ended} /> },
            { id: "log", title: "Log", content: () => <Log entries={log.entries} ended={log.ended} /> },
            { id: "results", title: "Results", beside: <span className="muted mono">{Object.keys(run.results ?? {}).length || ""}</span>, content: () => (Object.keys(run.results ?? {}).length > 0 ? <Results results={run.results} /> : <Empty title={over ? "It reported nothing" : "Nothing is reported yet"}>Scripts report with <code>report {"{ … }"}</code>.</Empty>) },
            { id: "script", title: "Script", content: () => <Text run={run} line={lineOf(log.entries)} /> },
            { id: "history", title: "History", content: () => <History run={run} /> },
            { id: "facts", title: "Facts", content: () => <About run={run} /> },
          ]}
        />
        <Screens run={run} steps={steps} />
      </div>
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title="Remove this run?"
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/runs/{id}", { params: { path: { id: run.id } } }));
          void navigate({ to: "/runs" as never });
        }}
      >
        <p>
          The log and the results of this run of <code>{run.script}</code> are lost.
        </p>
      </Confirm>
    </div>
  );
}

function Failure({ run }: { run: Run }) {
  const { error } = run;
  if (!error) return null;
  return (
    <div className="problem" role="alert">
      <p className="problem-title">
        <span className="tone-bad" aria-hidden="true">
          ✖
        </span>{" "}
        {error.line ? `line ${error.line}: ` : ""}
        <span className="pre">{error.message}</span>
      </p>
      {error.fix && (
        <p>
          <span className="muted">fix:</span> {error.fix}
        </p>
      )}
      {error.screen && (
        <details>
          <summary>The last screen</summary>
          <Screen label="The last screen" text={error.screen} />
        </details>
      )}
    </div>
  );
}

/** A screen as text. */
const Screen = ({ text: shown, label }: { text: string; label: string }) => (
  <pre className="screen-text" tabIndex={0} role="img" aria-label={`${label}: ${shown}`}>
    {shown}
  </pre>
);

function Steps({ steps, over, ended }: { steps: Step[]; over: boolean; ended: boolean }) {
  const [address, setAddress] = useAddress(STEP);
  if (steps.length === 0) return ended ? <Empty title="It has no steps">Scripts name their parts with <code>step("…", function() … end)</code>.</Empty> : <Skeleton label="Waiting for the first step" />;
  return (
    <ol className="steps">
      {steps.map((step) => {
        const state = step.ms === undefined ? (over ? { tone: "muted", glyph: "○", word: "not ended" } : { tone: "info", glyph: "◐", word: "goes on" }) : step.error ? { tone: "bad", glyph: "✖", word: "failed" } : { tone: "ok", glyph: "✔", word: "done" };
        const more = step.screen !== undefined || step.pictures.length > 0 || step.error !== undefined;
        const open = address.step === "" ? step.error !== undefined : address.step === String(step.seq);
        return (
          <li key={step.seq} style={{ paddingLeft: `${step.depth * 1.25}rem` }}>
            <button type="button" className="step" aria-expanded={more ? open : undefined} disabled={!more} onClick={() => setAddress({ step: open ? "-" : String(step.seq) })}>
              <span className={`tone-${state.tone}`}>
                <span aria-hidden="true">{state.glyph}</span> <span className="sr">{state.word}</span>
              </span>
              <span className="step-name">{step.name}</span>
              <span className="muted mono">{step.line ? `line ${step.line}` : ""}</span>
              <span className="mono step-time">{step.ms === undefined ? "" : duration(step.ms, true)}</span>
              <span className="muted" aria-hidden="true">
                {more ? (open ? "▾" : "▸") : " "}
              </span>
            </button>
            {open && more && (
              <div className="step-more">
                {step.error && <p className="tone-bad pre">{step.error}</p>}
                {step.pictures.map((picture, at) => (
                  <figure key={at}>
                    <figcaption className="muted">{picture.label || "a picture"}</figcaption>
                    <Screen label={picture.label} text={picture.text} />
                  </figure>
                ))}
                {step.screen !== undefined && (
                  <figure>
                    <figcaption className="muted">its last screen</figcaption>
                    <Screen label="Its last screen" text={step.screen} />
                  </figure>
                )}
              </div>
            )}
          </li>
        );
      })}
    </ol>
  );
}
const STEP = { step: text() };

/** An entry of the log in words. */
function words(entry: RunEntry): string {
  switch (entry.kind) {
    case "log":
    case "call":
      return entry.text;
    case "step_began":
      return `▸ ${entry.name}`;
    case "step_ended":
      return `${entry.error ? "✖" : "✔"} ${entry.name}, ${duration(entry.ms, true)}${entry.error ? `: ${entry.error}` : ""}`;
    case "screen":
      return `${entry.label}\n${entry.text}`;
    case "paused":
      return `⏸ ${entry.why}`;
    case "left":
      return `… ${plural(entry.entries, "entry", "entries")} left out`;
  }
}

function Log({ entries, ended }: { entries: RunEntry[]; ended: boolean }) {
  const [calls, setCalls] = useState(true);
  const box = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const shown = useMemo(() => (calls ? entries : entries.filter((entry) => entry.kind !== "call")), [entries, calls]);
  useEffect(() => {
    const element = box.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [shown]);
  return (
    <div className="run-log">
      <div className="table-bar">
        <Switch checked={calls} onChange={setCalls}>
          Each call
        </Switch>
        <span className="spring" />
        <span className="muted" role="status">
          {ended ? plural(entries.length, "entry", "entries") : "follows"}
        </span>
        <CopyButton text={() => shown.map(words).join("\n")} label="Copy the log">
          Copy
        </CopyButton>
      </div>
      <ol
        ref={box}
        className="log-lines"
        tabIndex={0}
        aria-label="Log"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {shown.map((entry) => (
          <li key={entry.seq} className={`log-${entry.kind}`}>
            <time className="muted" dateTime={entry.at}>
              {new Date(entry.at).toLocaleTimeString(undefined, { hour12: false })}
            </time>
            <span className="mono muted log-line">{"line" in entry && typeof entry.line === "number" ? entry.line : ""}</span>
            <span className="pre">{words(entry)}</span>
          </li>
        ))}
      </ol>
      {entries.length === 0 && (ended ? <p className="muted">It said nothing.</p> : <Skeleton label="Waiting for the log" />)}
    </div>
  );
}

function Text({ run, line }: { run: Run; line: number | undefined }) {
  const script = useQuery({ ...scriptQuery(run.script), retry: false });
  if (script.error && !script.data) return <Empty title="Its text is not on the server">It was brought along with the run, or has been removed.</Empty>;
  if (!script.data) return <Skeleton lines={8} />;
  const where = run.error?.line ?? (runOver(run) ? undefined : line);
  return (
    <div className="run-text">
      <p className="muted">
        The text as it is saved now{where ? `; the run is at line ${where}` : ""}.{" "}
        <Link to={"/scripts/$name" as never} params={{ name: run.script } as never}>
          Edit it
        </Link>
      </p>
      <CodeEditor label={`Text of ${run.script}`} language="lua" readOnly value={script.data.source ?? ""} mark={where ?? undefined} />
    </div>
  );
}

function History({ run }: { run: Run }) {
  const list = useQuery(runsOf(run.script));
  const navigate = useNavigate();
  const past = useMemo(() => [...(list.data ?? [])].filter((one) => one.started_at && one.ended_at).reverse(), [list.data]);
  const times = useMemo(() => past.map((one) => Date.parse(one.started_at ?? "") / 1000), [past]);
  const measures = useMemo(() => [...new Set(past.flatMap((one) => Object.keys(numbersOf(one.results))))], [past]);
  const lasted = useMemo(() => [{ label: "seconds", values: past.map((one) => (Date.parse(one.ended_at ?? "") - Date.parse(one.started_at ?? "")) / 1000), fill: true }], [past]);
  if (list.error && !list.data) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={6} />;
  return (
    <div className="history">
      {past.length > 1 && (
        <>
          <h3>How long runs took</h3>
          <Chart label="Seconds by run" times={times} series={lasted} height={120} />
          {measures.map((name) => (
            <div key={name}>
              <h3>{name}</h3>
              <Chart label={name} times={times} series={[{ label: name, values: past.map((one) => numbersOf(one.results)[name] ?? null) }]} height={120} />
            </div>
          ))}
        </>
      )}
      <ul className="lines">
        {list.data.map((one) => (
          <li key={one.id}>
            <State state={runState(one)} />
            <button type="button" className="link mono" aria-current={one.id === run.id ? "true" : undefined} onClick={() => void navigate({ to: "/runs/$id" as never, params: { id: one.id } as never })}>
              …{one.id.slice(-8)}
            </button>
            {one.id === run.id && <Badge>this one</Badge>}
            <span className="muted cut">{one.error?.message ?? causeText(one)}</span>
            <span className="spring" />
            <Lasted run={one} />
            <Time at={one.created_at} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function About({ run }: { run: Run }) {
  const params = Object.entries(run.params ?? {});
  const facts: [string, ReactNode][] = [
    ["Run", <span className="mono">{run.id}</span>],
    ["Started by", run.cause.kind === "schedule" ? <Link to={"/schedules/$name" as never} params={{ name: run.cause.name } as never}>{causeText(run)}</Link> : run.cause.kind === "trigger" ? <Link to={"/triggers/$name" as never} params={{ name: run.cause.name } as never}>{causeText(run)}</Link> : causeText(run)],
    ["Owner", `${run.owner}, with the rights of ${run.rights ?? "their role"}`],
    ["Asked for", <Time at={run.created_at} as="date" />],
    ["Began", <Time at={run.started_at} as="date" />],
    ["Ended", <Time at={run.ended_at} as="date" />],
    ...(run.attempt > 1 ? ([["Attempt", String(run.attempt)]] as [string, ReactNode][]) : []),
    ["Containers", (run.containers ?? []).map((id) => <Link key={id} className="mono" to={"/containers/$id" as never} params={{ id } as never}>{shortId(id)} </Link>)],
    ...params.map(([name, value]): [string, ReactNode] => [`params.${name}`, <span className="mono pre">{String(value)}</span>]),
  ];
  return <Facts facts={facts} />;
}

/** The terminals that it drives, live while they are; else the screen that was seen last. */
function Screens({ run, steps }: { run: Run; steps: Step[] }) {
  const can = useCan();
  const sessions = useQuery({ ...sessionsQuery, enabled: can("read:sessions").ok });
  const [address, setAddress] = useAddress(SESSION);
  // Who only watches changes nothing, its size neither: a program that draws anew would be seen by the script.
  const [held, setHeld] = useState<string | null>(null);
  const own = (run.sessions ?? []).map((id) => sessions.data?.find((session) => session.id === id)).filter((session): session is Session => session !== undefined);
  const live = own.filter((session) => session.state === "live");
  const shown = own.find((session) => session.id === address.session) ?? live.at(-1);
  const last = steps.findLast((step) => step.screen !== undefined);
  return (
    <section className="run-screen" aria-label="Terminal of the run">
      {own.length > 1 && (
        <div className="session-bar" role="toolbar" aria-label="Sessions of the run">
          {own.map((session) => (
            <button key={session.id} type="button" className="session-tab mono" aria-pressed={session.id === shown?.id} onClick={() => setAddress({ session: session.id })}>
              <span aria-hidden="true" className={session.state === "live" ? "tone-ok" : "tone-muted"}>
                {session.state === "live" ? "●" : "○"}
              </span>{" "}
              {session.container_name}
            </button>
          ))}
        </div>
      )}
      {shown ? (
        <Terminal
          session={shown}
          mode={held === shown.id ? "write" : "view"}
          lease={held === shown.id}
          autoFocus={held === shown.id}
          actions={
            shown.state === "live" && (
              <Button kind={held === shown.id ? "primary" : "normal"} needs="write:sessions" icon={<Keyboard size={14} />} onClick={() => setHeld(held === shown.id ? null : shown.id)}>
                {held === shown.id ? "Hand back" : "Take over"}
              </Button>
            )
          }
        />
      ) : last?.screen !== undefined ? (
        <figure className="last-screen">
          <figcaption className="muted">
            The screen at the end of <q>{last.name}</q>; its terminal is gone.
          </figcaption>
          <Screen label="The last screen" text={last.screen} />
        </figure>
      ) : (
        <Empty title={runOver(run) ? "Its terminals are gone" : "It has no terminal yet"}>{runOver(run) ? "What a run has launched is removed at its end." : "As soon as it opens one, it is here."}</Empty>
      )}
    </section>
  );
}
const SESSION = { session: text() };
