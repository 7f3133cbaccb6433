/** Runs of scripts, newest first. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCw, Trash2, X } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { api, data } from "../../lib/api";
import { RUN_STATES, type Run, type RunState, causeText, runOver, runPages, runState, stateOfRun } from "../../lib/automation";
import { duration, plural } from "../../lib/format";
import { notifyError } from "../../lib/notices";
import { oneOf, text, useAddress } from "../../lib/search";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Input, Select } from "../../ui/field";
import { Empty, PageHeader } from "../../ui/page";
import { Time, useNow } from "../../ui/time";
import "../automation.css";

const ADDRESS = { q: text(), state: oneOf("", ...RUN_STATES) };
/** How long what is typed must rest before the server is asked, in milliseconds. */
const REST = 250;

export function Lasted({ run }: { run: Run }) {
  const now = useNow();
  if (!run.started_at) return <span className="muted">–</span>;
  return <span className="mono">{duration((run.ended_at ? Date.parse(run.ended_at) : now) - Date.parse(run.started_at), true)}</span>;
}

export const stepsText = (run: Run): string => {
  const [ended = 0, failed = 0] = run.steps ?? [];
  return ended === 0 ? "" : failed > 0 ? `${failed} of ${ended} failed` : String(ended);
};

/** A text that holds once typing rests. */
export function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), REST);
    return () => window.clearTimeout(timer);
  }, [value]);
  return rested;
}

export default function Runs() {
  const [address, setAddress] = useAddress(ADDRESS);
  const [typed, setTyped] = useState(address.q);
  const q = useRested(typed);
  const list = useInfiniteQuery(runPages(q, address.state === "" ? undefined : address.state));
  const navigate = useNavigate();
  const act = useRunActions();
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items), [list.data]);
  const filtered = q !== "" || address.state !== "";
  useEffect(() => setAddress({ q }), [q, setAddress]);
  const columns = useMemo(
    (): Column<Run>[] => [
      { id: "state", title: "State", width: "8rem", cell: (one) => <State state={runState(one)} /> },
      { id: "script", title: "Script", width: "minmax(9rem, 1.5fr)", cell: (one) => <span className="mono strong">{one.script}</span> },
      { id: "what", title: "What", width: "minmax(8rem, 2fr)", from: "tablet", cell: (one) => (one.error ? <span className="tone-bad">{one.error.message}</span> : <span className="muted">{one.paused ?? (runOver(one) ? "" : (one.phase ?? ""))}</span>) },
      { id: "cause", title: "Started", width: "minmax(7rem, 1fr)", from: "desk", cell: (one) => causeText(one) },
      { id: "owner", title: "Owner", width: "6rem", from: "desk", cell: (one) => one.owner },
      { id: "steps", title: "Steps", width: "7rem", right: true, from: "tablet", cell: (one) => <span className="mono">{stepsText(one)}</span> },
      { id: "lasted", title: "Lasted", width: "5.5rem", right: true, from: "tablet", cell: (one) => <Lasted run={one} /> },
      { id: "when", title: "When", width: "6rem", right: true, cell: (one) => <Time at={one.created_at} /> },
    ],
    [],
  );
  return (
    <div className="fill-page">
      <PageHeader title="Runs" />
      <div className="table-bar">
        <Input type="search" aria-label="Search runs" placeholder="Script, owner, cause, error" value={typed} onChange={setTyped} />
        <Select aria-label="State" className="narrow-field" value={address.state} onChange={(state) => setAddress({ state: state as RunState | "" })} options={[{ value: "", label: "every state" }, ...RUN_STATES.map((state) => ({ value: state, label: stateOfRun(state).word }))]} />
        <span className="muted count" role="status">
          {rows ? `${plural(rows.length, "run")}${list.hasNextPage ? ", and more" : ""}` : ""}
        </span>
      </div>
      <DataTable
        label="runs"
        rows={rows}
        columns={columns}
        id={idOf}
        filter=""
        onOpen={(run) => void navigate({ to: "/runs/$id" as never, params: { id: run.id } as never })}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={
          filtered ? (
            <Empty title="No run fits" action={<Button onClick={() => { setTyped(""); setAddress({ state: "" }); }}>Show all</Button>} />
          ) : (
            <Empty title="Nothing has run yet" action={<Button kind="primary" onClick={() => void navigate({ to: "/scripts" as never })}>Choose a script</Button>} />
          )
        }
        bulk={(chosen, clear) => (
          <>
            <Button needs="control:runs" icon={<X size={13} />} off={chosen.every(runOver) ? "they are over" : false} onClick={() => act.mutate({ verb: "cancel", runs: chosen.filter((run) => !runOver(run)) })}>
              Cancel
            </Button>
            <Button needs="start:runs" icon={<RotateCw size={13} />} onClick={() => act.mutate({ verb: "retry", runs: chosen })}>
              Run again
            </Button>
            <Button
              kind="danger"
              needs="control:runs"
              icon={<Trash2 size={13} />}
              off={chosen.every(runOver) ? false : "some are not over"}
              onClick={() => {
                act.mutate({ verb: "remove", runs: chosen });
                clear();
              }}
            >
              Remove
            </Button>
          </>
        )}
      />
      {list.hasNextPage && (
        <div className="more-bar">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

const idOf = (run: Run) => run.id;

export type RunVerb = "cancel" | "pause" | "resume" | "step" | "retry" | "remove";

async function act(verb: RunVerb, id: string): Promise<Run | null> {
  const params = { path: { id } };
  switch (verb) {
    case "cancel":
      return data(api.POST("/api/v1/runs/{id}/cancel", { params }));
    case "pause":
      return data(api.POST("/api/v1/runs/{id}/pause", { params }));
    case "resume":
      return data(api.POST("/api/v1/runs/{id}/resume", { params, body: {} }));
    case "step":
      return data(api.POST("/api/v1/runs/{id}/resume", { params, body: { step: true } }));
    case "retry":
      return data(api.POST("/api/v1/runs/{id}/retry", { params }));
    case "remove":
      await data(api.DELETE("/api/v1/runs/{id}", { params }));
      return null;
  }
}

/** Does something to runs; each refusal is told. Gives the last one as it is then. */
export function useRunActions() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ verb, runs }: { verb: RunVerb; runs: Run[] }) => {
      let last: Run | null = null;
      for (const run of runs) {
        try {
          last = await act(verb, run.id);
          if (last) queries.setQueryData<Run>(["runs", last.id], last);
        } catch (error) {
          notifyError(`${run.script}: could not ${verb}`, error);
        }
      }
      return last;
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["runs"] }),
  });
}
