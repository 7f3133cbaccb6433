/** One script: its text with what is wrong in it, run from here. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate, useParams } from "@tanstack/react-router";
import { Play, Save } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import types from "../../../../luau/cto.d.luau?raw";
import { type Schemas, api, data } from "../../lib/api";
import { type ScriptEntry, scriptQuery, scriptsQuery } from "../../lib/automation";
import { useCommands } from "../../lib/commands";
import { plural } from "../../lib/format";
import { notify, notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { ApiError } from "../../lib/problem";
import { saveFile } from "../../lib/save-file";
import { completeScript, readApi } from "../../lib/script-api";
import { flag, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CodeEditor, type Diagnostic } from "../../ui/code-editor";
import { Conflict } from "../../ui/conflict";
import { Confirm } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { draftOf, dropDraft, freeName, keepDraft } from "./drafts";
import { originWord } from "./index";
import { RunDialog, type RunWish } from "./run-dialog";
import "../automation.css";

const ADDRESS = { draft: flag() };
/** How long the text must rest before it is checked, in milliseconds. */
const REST = 350;
const known = readApi(types);

export default function ScriptPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const [address] = useAddress(ADDRESS);
  const script = useQuery({ ...scriptQuery(name), enabled: !address.draft, refetchOnWindowFocus: false });
  // One component, saved or not: saving a draft must not take the keyboard, nor what can be undone.
  if (address.draft) return <Script key={name} name={name} />;
  if (script.error && !script.data) {
    return (
      <>
        <PageHeader title={name || "Script"} />
        <Problem error={script.error} onRetry={() => void script.refetch()} />
      </>
    );
  }
  if (!script.data) return <Skeleton lines={10} label="Loading the script" />;
  return <Script key={name} name={name} entry={script.data} />;
}

function Script({ name, entry }: { name: string; entry?: ScriptEntry }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const can = useCan();
  const [, setAddress] = useAddress(ADDRESS);
  /** What is saved, as this page last knew it; others may have saved since. */
  const [base, setBase] = useState({ source: entry?.source ?? "", hash: entry?.hash ?? "", fresh: entry === undefined });
  const [source, setSource] = useState(() => (entry ? (entry.source ?? "") : draftOf(name)));
  const [points, setPoints] = useState<number[]>([]);
  const [goTo, setGoTo] = useState<{ line: number; column?: number } | null>(null);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<ScriptEntry | "gone" | null>(null);
  const [running, setRunning] = useState<RunWish | null>(null);
  const [removing, setRemoving] = useState(false);
  const { found, checking, failed } = useCheck(name, source);
  const dirty = base.fresh || source !== base.source;
  const may = can("write:scripts");
  const params = useMemo(() => Object.keys(found?.header?.params ?? entry?.header.params ?? {}), [found, entry]);
  const diagnostics = useMemo(() => diagnosticsOf(found), [found]);
  const leaving = useRef(false);
  useBlocker({ shouldBlockFn: ({ next, current }) => dirty && may.ok && !leaving.current && next.pathname !== current.pathname && !window.confirm("What you changed in this script is not saved. Leave it?"), enableBeforeUnload: () => dirty && may.ok && !leaving.current });

  // Somebody else's change is taken over where nothing was written here.
  useEffect(() => {
    if (!entry || entry.hash === base.hash || dirty) return;
    setBase({ source: entry.source ?? "", hash: entry.hash, fresh: false });
    setSource(entry.source ?? "");
  }, [entry, base.hash, dirty]);
  useEffect(() => {
    if (base.fresh) keepDraft(name, source);
  }, [base.fresh, name, source]);

  const save = async (replaces: string | null = base.fresh ? "" : base.hash) => {
    if (saving || !may.ok) return;
    setSaving(true);
    setError(null);
    const text = source;
    try {
      const check = await data(api.PUT("/api/v1/scripts/{name}", { params: { path: { name } }, body: { source: text, ...(replaces === null ? {} : { replaces }) } }));
      const now = await data(api.GET("/api/v1/scripts/{name}", { params: { path: { name } } }));
      queries.setQueryData(scriptQuery(name).queryKey, now);
      void queries.invalidateQueries({ queryKey: scriptsQuery.queryKey, exact: true });
      setBase({ source: text, hash: now.hash, fresh: false });
      setTheirs(null);
      dropDraft(name);
      setAddress({ draft: false });
      notify({ tone: check.errors.length > 0 ? "warn" : "ok", title: `${name} is saved`, ...(check.errors.length > 0 ? { text: `It can't be run yet: ${plural(check.errors.length, "mistake")}.` } : {}) });
    } catch (problem) {
      if (problem instanceof ApiError && problem.problem.code === "stale") {
        try {
          setTheirs(await data(api.GET("/api/v1/scripts/{name}", { params: { path: { name } } })));
        } catch (gone) {
          if (gone instanceof ApiError && gone.status === 404) setTheirs("gone");
          else setError(gone);
        }
      } else {
        setError(problem);
      }
    } finally {
      setSaving(false);
    }
  };
  const run = () => setRunning({ name, header: found?.header ?? entry?.header ?? {}, breakpoints: points, ...(dirty ? { source } : {}) });
  const broken = (found?.errors.length ?? 0) > 0;
  const copy = () => {
    const free = freeName(`${name.split("/").at(-1) ?? name}-copy`, (queries.getQueryData(scriptsQuery.queryKey)?.items ?? []).map((one) => one.name));
    const to = name.includes("/") ? `${name.split("/")[0] ?? ""}/${free}` : free;
    keepDraft(to, source);
    void navigate({ to: "/scripts/$name" as never, params: { name: to } as never, search: { draft: "1" } as never });
  };
  useCommands(
    [
      { label: `Run ${name}`, group: "This script", needs: "start:runs", run },
      { label: `Save ${name}`, group: "This script", needs: "write:scripts", keys: "Ctrl+S", run: () => void save() },
    ],
    name,
  );

  return (
    <div className="fill-page">
      <PageHeader
        title={<span className="mono">{name}</span>}
        name={name}
        beside={
          <>
            {entry && !base.fresh && <Badge>{originWord(entry.origin)}</Badge>}
            {dirty && may.ok && <Badge tone="warn">not saved</Badge>}
          </>
        }
        about={found?.header?.about ?? entry?.header.about}
        actions={
          <>
            <Button needs="write:scripts" icon={<Save size={14} />} busy={saving} off={dirty ? false : "nothing was changed"} onClick={() => void save()}>
              Save
            </Button>
            <Button kind="primary" needs="start:runs" icon={<Play size={14} />} off={broken ? "it has mistakes" : false} onClick={run}>
              Run…
            </Button>
            <MoreMenu
              items={[
                { label: "Make a copy", needs: "write:scripts", onSelect: copy },
                { label: "Download", onSelect: () => saveFile(`${name.split("/").at(-1) ?? name}.luau`, source, "text/plain") },
                { label: "Its runs", onSelect: () => void navigate({ to: "/runs" as never, search: { q: name } as never }) },
                { group: "" },
                { label: "Remove…", danger: true, needs: "write:scripts", off: base.fresh ? "it is not saved" : entry?.origin === "gallery" ? "it ships with cto" : false, onSelect: () => setRemoving(true) },
              ]}
            />
          </>
        }
      />
      {error !== null && <Problem error={error} small title="It was not saved" />}
      {entry?.origin === "gallery" && dirty && may.ok && <p className="muted">This one ships with cto: saving makes one of the same name that goes before it.</p>}
      <div className="script-box">
        <CodeEditor
          label={`Text of ${name}`}
          language="lua"
          value={source}
          onChange={setSource}
          diagnostics={diagnostics}
          complete={(before, word) => completeScript(known, before, word, params)}
          readOnly={!may.ok}
          onSave={() => void save()}
          breakpoints={points}
          onBreakpoints={setPoints}
          goTo={goTo}
        />
        <Findings found={found} checking={checking} failed={failed} readOnly={may.ok ? undefined : may.reason} onGo={setGoTo} />
      </div>
      <RunDialog wish={running} onClose={() => setRunning(null)} />
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/scripts/{name}", { params: { path: { name } } }));
          leaving.current = true;
          void queries.invalidateQueries({ queryKey: ["scripts"] });
          void navigate({ to: "/scripts" as never });
        }}
      >
        <p>Its text is lost. Schedules and triggers that run it can start nothing any more; runs that there were stay.</p>
      </Confirm>
      <Conflict
        open={theirs !== null}
        theirs={theirs === null || theirs === "gone" ? undefined : (theirs.source ?? "")}
        mine={source}
        onClose={() => setTheirs(null)}
        onTake={() => {
          if (theirs === null || theirs === "gone") return;
          setBase({ source: theirs.source ?? "", hash: theirs.hash, fresh: false });
          setSource(theirs.source ?? "");
          setTheirs(null);
          dropDraft(name);
          setAddress({ draft: false });
        }}
        onOver={() => void save(theirs === null || theirs === "gone" ? "" : theirs.hash).catch((problem: unknown) => notifyError("It was not saved", problem))}
      />
    </div>
  );
}

type Check = Schemas["ScriptCheck"];

/** What is wrong in a text, asked when it rests. */
function useCheck(name: string, source: string): { found: Check | null; checking: boolean; failed: unknown } {
  const [state, setState] = useState<{ found: Check | null; of: string | null; failed: unknown }>({ found: null, of: null, failed: null });
  useEffect(() => {
    const stop = new AbortController();
    const timer = window.setTimeout(
      () => {
        data(api.POST("/api/v1/scripts/check", { body: { name: `${name}.luau`, source }, signal: stop.signal })).then(
          (found) => setState({ found, of: source, failed: null }),
          (failed: unknown) => !stop.signal.aborted && setState((before) => ({ ...before, of: source, failed })),
        );
      },
      REST,
    );
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [name, source]);
  return { found: state.found, checking: state.of !== source, failed: state.failed };
}

function diagnosticsOf(found: Check | null): Diagnostic[] {
  const one = (tone: Diagnostic["tone"]) => (place: Schemas["Place"]): Diagnostic => ({ line: place.line ?? 1, ...(place.column ? { column: place.column } : {}), text: place.detail, tone });
  return [...(found?.errors ?? []).map(one("bad")), ...(found?.warnings ?? []).map(one("warn"))];
}

function Findings({ found, checking, failed, readOnly, onGo }: { found: Check | null; checking: boolean; failed: unknown; readOnly: string | undefined; onGo: (place: { line: number; column?: number }) => void }) {
  const list = diagnosticsOf(found);
  const mistakes = found?.errors.length ?? 0;
  const word = found === null ? "checking" : list.length === 0 ? "no mistakes" : [mistakes > 0 && plural(mistakes, "mistake"), list.length > mistakes && plural(list.length - mistakes, "warning")].filter(Boolean).join(", ");
  return (
    <div className="findings">
      <p className="findings-bar">
        <span role="status" className={found === null ? "muted" : mistakes > 0 ? "tone-bad" : list.length > 0 ? "tone-warn" : "tone-ok"}>
          {found === null ? "◌" : mistakes > 0 ? "✖" : list.length > 0 ? "▲" : "✔"} {word}
        </span>
        <span className="muted">{checking && found !== null ? "…" : ""}</span>
        <span className="spring" />
        <span className="muted wide-only">
          {readOnly ? `only to read: ${readOnly}` : <><kbd>Ctrl+Space</kbd> completes <kbd>F9</kbd> breakpoint <kbd>Ctrl+S</kbd> saves <kbd>Esc</kbd> <kbd>Tab</kbd> leaves</>}
        </span>
      </p>
      {failed !== null && <Problem error={failed} small title="It could not be checked" />}
      {list.length > 0 && (
        <ul aria-label="What is wrong">
          {list.map((one, at) => (
            <li key={at}>
              <button type="button" className="finding" onClick={() => onGo({ line: one.line, ...(one.column ? { column: one.column } : {}) })}>
                <span className={`tone-${one.tone}`} aria-hidden="true">
                  {one.tone === "bad" ? "✖" : "▲"}
                </span>
                <span className="mono muted">
                  {one.line}:{one.column ?? 1}
                </span>
                <span>{one.text}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
