/** One recording, and what was printed in it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Copy, Download, FileCode, Pause, Play, SkipForward, StepBack, StepForward } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { api, data } from "../../lib/api";
import { type Recording, recordingQuery, scriptsQuery } from "../../lib/automation";
import { type Cast, clock, find, parseCast, transcript } from "../../lib/cast";
import { bytes, plural } from "../../lib/format";
import { notify, notifyError } from "../../lib/notices";
import { useAccount } from "../../lib/permissions";
import { problemOf } from "../../lib/problem";
import { saveFile } from "../../lib/save-file";
import { integer, text, useAddress } from "../../lib/search";
import { Badge, State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Input, Select } from "../../ui/field";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { freeName, keepDraft } from "../scripts/drafts";
import { useRested } from "../runs";
import { recordingState } from "./index";
import { usePlayer } from "./use-player";
import "../automation.css";

/** Larger files are downloaded, and played by other players. */
const MOST = 128 * 1024 * 1024;

export default function RecordingPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const recording = useQuery(recordingQuery(id));
  if (recording.error && !recording.data) {
    return (
      <>
        <PageHeader title="Recording" />
        <Problem error={recording.error} onRetry={() => void recording.refetch()} />
      </>
    );
  }
  if (!recording.data) return <Skeleton lines={8} label="Loading the recording" />;
  return <Whole key={id} one={recording.data} old={<LastState of={recording} />} />;
}

function Whole({ one, old }: { one: Recording; old: ReactNode }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const account = useAccount();
  const [removing, setRemoving] = useState(false);
  const large = one.bytes > MOST;
  const file = useQuery({ queryKey: ["recordings", one.id, "cast"], queryFn: () => data(api.GET("/api/v1/recordings/{id}/cast", { params: { path: { id: one.id } }, parseAs: "text" })).then((said) => said as string), enabled: !large, staleTime: Infinity, gcTime: 0 });
  const cast = useMemo(() => {
    if (file.data === undefined) return null;
    try {
      return parseCast(file.data);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }, [file.data]);
  const script = useMutation({
    mutationFn: async () => {
      const made = await data(api.POST("/api/v1/scripts/from-recording", { body: { recording: one.id } }));
      const scripts = await queries.fetchQuery(scriptsQuery);
      const before = account?.role === "admin" ? "" : `${account?.name ?? ""}/`;
      const taken = scripts.items.map((script) => script.name.slice(script.name.startsWith(before) ? before.length : 0));
      const name = before + freeName(made.name, taken);
      keepDraft(name, made.source);
      void navigate({ to: "/scripts/$name" as never, params: { name } as never, search: { draft: "1" } as never });
    },
    onError: (error) => notifyError("No script could be made of it", error),
  });
  const download = () => {
    if (file.data !== undefined) return saveFile(`${one.container_name}-${one.id}.cast`, file.data, "application/x-asciicast");
    data(api.GET("/api/v1/recordings/{id}/cast", { params: { path: { id: one.id } }, parseAs: "blob" })).then(
      (blob) => saveFile(`${one.container_name}-${one.id}.cast`, blob as Blob, "application/x-asciicast"),
      (error: unknown) => notifyError("It could not be downloaded", error),
    );
  };
  return (
    <div className="fill-page">
      <PageHeader
        title={<span className="mono">{one.container_name}</span>}
        name={`Recording of ${one.container_name}`}
        beside={
          <>
            <State state={recordingState(one)} />
            {one.input && <Badge tone="warn">with what was typed</Badge>}
          </>
        }
        about={
          <>
            <span className="mono">{one.command.join(" ")}</span> · {clock(one.duration_ms)} · {bytes(one.bytes)} · <Time at={one.started_at} />
          </>
        }
        actions={
          <>
            <Button needs="read:scripts" icon={<FileCode size={14} />} busy={script.isPending} onClick={() => script.mutate()}>
              Make script
            </Button>
            <Button icon={<Download size={14} />} onClick={download}>
              Download
            </Button>
            <MoreMenu
              items={[{ label: "Remove…", danger: true, needs: "remove:recordings", off: one.state === "running" ? "it goes on" : false, onSelect: () => setRemoving(true) }]}
            />
          </>
        }
      />
      {old}
      {large ? (
        <Empty title={`It is too large to be played here: ${bytes(one.bytes)}`} action={<Button onClick={download}>Download</Button>}>
          <code>cto rec play {one.id}</code> plays it in a terminal. Its screens are here:
          <Still one={one} />
        </Empty>
      ) : file.error ? (
        <>
          <Problem error={file.error} onRetry={() => void file.refetch()} title="It could not be read" />
          {problemOf(file.error).status === 403 && <Still one={one} />}
        </>
      ) : cast === null ? (
        <Skeleton lines={10} label="Loading the recording" />
      ) : cast instanceof Error ? (
        <Problem error={cast} title="It can't be played" />
      ) : cast.events.length === 0 ? (
        <Empty title="Nothing was printed while it was recorded" />
      ) : (
        <Player cast={cast} one={one} onFresh={one.state === "running" ? () => void file.refetch() : undefined} />
      )}
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title="Remove this recording?"
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/recordings/{id}", { params: { path: { id: one.id } } }));
          void queries.invalidateQueries({ queryKey: ["recordings"], exact: true });
          void navigate({ to: "/recordings" as never });
        }}
      >
        <p>
          The file of <code>{one.container_name}</code>, {clock(one.duration_ms)} long, is removed; there is no other copy.
        </p>
      </Confirm>
    </div>
  );
}

/** The screen at a time, as the server draws it: for what can't be played here. */
function Still({ one }: { one: Recording }) {
  const [at, setAt] = useState(one.duration_ms);
  const rested = Number(useRested(String(at)));
  const picture = useQuery({
    queryKey: ["recordings", one.id, "screen", rested],
    queryFn: () => data(api.GET("/api/v1/recordings/{id}/screen", { params: { path: { id: one.id }, query: { at: rested } }, parseAs: "text" })).then(String),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  return (
    <section className="still" aria-label="Screens of the recording">
      <label>
        The screen at <span className="mono">{clock(at, true)}</span>
        <span className="seek">
          <input type="range" aria-valuetext={`${clock(at)} of ${clock(one.duration_ms)}`} min={0} max={Math.max(1, one.duration_ms)} step={100} value={at} onChange={(event) => setAt(Number(event.target.value))} />
        </span>
      </label>
      {picture.error && !picture.data ? (
        <Problem error={picture.error} onRetry={() => void picture.refetch()} small />
      ) : (
        <pre className="screen-text" tabIndex={0} role="img" aria-label={`Screen: ${picture.data ?? ""}`}>
          {picture.data ?? ""}
        </pre>
      )}
    </section>
  );
}

const ADDRESS = { t: integer(0), q: text() };
const SPEEDS = [0.5, 1, 1.5, 2, 4, 8, 16];
const IDLES = [
  { value: "0", label: "all silence" },
  { value: "500", label: "silence ≤ 0.5 s" },
  { value: "2000", label: "silence ≤ 2 s" },
];

function Player({ cast, one, onFresh }: { cast: Cast; one: Recording; onFresh: (() => void) | undefined }) {
  const [address, setAddress] = useAddress(ADDRESS);
  const place = useRef<HTMLDivElement>(null);
  const [speed, setSpeed] = useState(1);
  const [idle, setIdle] = useState(2_000);
  const [link, setLink] = useState<string | null>(null);
  const [typed, setTyped] = useState(address.q);
  const field = useRef<HTMLInputElement>(null);
  const { made, time, playing, play, seek, next } = usePlayer(place, one.id, cast, { speed, idle, start: address.t || Math.min(1_000, cast.events[0]?.at ?? 0), onLink: setLink });
  const said = useMemo(() => transcript(cast), [cast]);
  const hits = useMemo(() => find(said, typed), [said, typed]);
  const marks = useMemo(() => cast.events.filter((event) => event.kind === "marker"), [cast]);
  const put = (to: number) => {
    seek(to);
    setAddress({ t: Math.round(Math.max(0, Math.min(cast.duration, to))) });
  };
  // The place is kept when it stops; while it plays, the address is left alone.
  useEffect(() => {
    if (!playing && time > 0) setAddress({ t: Math.round(time) });
  }, [playing]);
  const faster = (by: number) => setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + by))] ?? 1);
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as Element;
    const own = target instanceof HTMLInputElement || target.closest("select") !== null;
    if (own && !(target instanceof HTMLInputElement && target.type === "range" && event.key !== "Home" && event.key !== "End")) return;
    if (target.closest("button") && (event.key === " " || event.key === "Enter")) return;
    const does: Record<string, () => void> = {
      " ": () => play(!playing),
      k: () => play(!playing),
      ArrowLeft: () => put(time - 5_000),
      ArrowRight: () => put(time + 5_000),
      ArrowUp: () => put(time + 60_000),
      ArrowDown: () => put(time - 60_000),
      Home: () => put(0),
      End: () => put(cast.duration),
      "+": () => faster(1),
      "-": () => faster(-1),
      ".": next,
      "/": () => field.current?.focus(),
    };
    const run = does[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };
  const copy = () => {
    const terminal = made.current?.terminal;
    if (!terminal) return;
    let shown = terminal.getSelection();
    if (!shown) {
      terminal.selectAll();
      shown = terminal.getSelection();
      terminal.clearSelection();
    }
    navigator.clipboard.writeText(shown).then(
      () => notify({ tone: "ok", title: "Copied", text: plural(shown.split("\n").length, "line") }),
      () => notify({ tone: "warn", title: "The browser does not let this page copy" }),
    );
  };
  return (
    <div className="player-columns" onKeyDown={keys}>
      <section className="player" aria-label={`Player of ${one.container_name}`} data-playing={playing}>
        <div className="player-screen" ref={place} />
        <div className="player-bar">
          <Button kind="primary" label={playing ? "Pause (space)" : "Play (space)"} icon={playing ? <Pause size={15} /> : <Play size={15} />} onClick={() => play(!playing)} />
          <Button kind="quiet" label="5 seconds back (←)" icon={<StepBack size={15} />} onClick={() => put(time - 5_000)} />
          <Button kind="quiet" label="5 seconds on (→)" icon={<StepForward size={15} />} onClick={() => put(time + 5_000)} />
          <Button kind="quiet" label="The next event (.)" icon={<SkipForward size={15} />} onClick={next} />
          <span className="seek">
            <input type="range" aria-label="Time" aria-valuetext={`${clock(time)} of ${clock(cast.duration)}`} min={0} max={Math.max(1, Math.round(cast.duration))} step={100} value={Math.round(time)} onChange={(event) => seek(Number(event.target.value))} onPointerUp={() => setAddress({ t: Math.round(time) })} />
            {marks.length > 0 && (
              <span className="marks">
                {marks.map((mark, at) => (
                  <button key={at} type="button" title={mark.text || "marker"} aria-label={`Marker at ${clock(mark.at)}: ${mark.text || "no name"}`} style={{ left: `${(mark.at / Math.max(1, cast.duration)) * 100}%` }} onClick={() => put(mark.at)}>
                    ▾
                  </button>
                ))}
              </span>
            )}
          </span>
          <span className="mono player-time">
            {clock(time, true)} / {clock(cast.duration)}
          </span>
          <Select aria-label="Speed" className="narrow-field speed" value={String(speed)} onChange={(value) => setSpeed(Number(value))} options={SPEEDS.map((value) => ({ value: String(value), label: `${value}×` }))} />
          <Select aria-label="Silence" className="narrow-field silence" value={String(idle)} onChange={(value) => setIdle(Number(value))} options={IDLES} />
          <Button kind="quiet" label="Copy what is selected, or all" icon={<Copy size={15} />} onClick={copy} />
          {onFresh && <Button onClick={onFresh}>Load what came since</Button>}
        </div>
      </section>
      <aside className="player-side" aria-label="What was printed">
        <Input
          ref={field}
          type="search"
          aria-label="Search what was printed"
          placeholder="Search what was printed"
          value={typed}
          onChange={(q) => {
            setTyped(q);
            setAddress({ q });
          }}
        />
        {typed !== "" && (
          <p className="muted" role="status">
            {hits.length === 0 ? "nothing found" : plural(hits.length, "place")}
          </p>
        )}
        <ol className="hits plain">
          {hits.map((hit, at) => (
            <li key={at}>
              <button type="button" onClick={() => put(hit.at)}>
                <span className="mono muted">{clock(hit.at)}</span>
                <span className="mono cut">{hit.line}</span>
              </button>
            </li>
          ))}
          {typed === "" &&
            marks.map((mark, at) => (
              <li key={at}>
                <button type="button" onClick={() => put(mark.at)}>
                  <span className="mono muted">{clock(mark.at)}</span> <span>▾ {mark.text}</span>
                </button>
              </li>
            ))}
        </ol>
        {typed === "" && (
          <p className="muted wide-only">
            <kbd>space</kbd> plays, <kbd>←</kbd> <kbd>→</kbd> 5 s, <kbd>+</kbd> <kbd>-</kbd> speed, <kbd>.</kbd> next event, <kbd>/</kbd> search
          </p>
        )}
      </aside>
      <Confirm open={link !== null} onClose={() => setLink(null)} title="Follow this link?" verb="Open" onConfirm={() => void window.open(link ?? "", "_blank", "noopener,noreferrer")}>
        <p>A program made this link. It leads to</p>
        <pre className="paste">{link}</pre>
      </Confirm>
    </div>
  );
}
