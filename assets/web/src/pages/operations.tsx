/** Long work: what goes on, what came of the rest, and what the engine was asked. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { type Operation, type Schemas, all, api, data } from "../lib/api";
import { bytes, count, duration } from "../lib/format";
import { notifyError } from "../lib/notices";
import { text, useAddress } from "../lib/search";
import type { Shown } from "../lib/state";
import { State } from "../ui/badge";
import { Button, CopyButton } from "../ui/button";
import { type Column, DataTable } from "../ui/data-table";
import { Dialog } from "../ui/dialog";
import { Empty, Facts, PageHeader } from "../ui/page";
import { Problem } from "../ui/problem";
import { ApiError } from "../lib/problem";
import { Tabs } from "../ui/tabs";
import { Time } from "../ui/time";

const ADDRESS = { q: text(), id: text() };

const STATES: Record<Operation["state"], Shown> = {
  running: { glyph: "◐", word: "running", tone: "info" },
  succeeded: { glyph: "●", word: "done", tone: "ok" },
  failed: { glyph: "✖", word: "failed", tone: "bad" },
  cancelled: { glyph: "○", word: "cancelled", tone: "muted" },
};

function how(operation: Operation): string {
  const { done = 0, total = 0, unit } = operation.progress;
  if (operation.state !== "running" || total === 0) return "";
  return unit === "bytes" ? `${bytes(done)} of ${bytes(total)}` : `${count(done)} of ${count(total)}`;
}

const COLUMNS: Column<Operation>[] = [
  { id: "title", title: "What", width: "minmax(10rem, 2fr)", sort: (one) => one.title, cell: (one) => <span className="strong">{one.title}</span> },
  { id: "state", title: "State", width: "7rem", sort: (one) => one.state, cell: (one) => <State state={STATES[one.state]} /> },
  { id: "phase", title: "Phase", width: "minmax(8rem, 2fr)", from: "tablet", text: (one) => one.progress.phase, cell: (one) => <span className="muted">{one.state === "failed" ? one.problem?.detail : one.state === "running" ? `${one.progress.phase} ${how(one)}` : ""}</span> },
  { id: "owner", title: "Owner", width: "7rem", from: "tablet", sort: (one) => one.owner, cell: (one) => one.owner },
  { id: "begun", title: "Begun", width: "6rem", right: true, sort: (one) => Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
];

export default function Operations() {
  return (
    <div className="fill-page">
      <PageHeader title="Operations" about="Work that takes long; it goes on without this page." />
      <Tabs
        label="Operations"
        fill
        tabs={[
          { id: "operations", title: "Operations", content: () => <Work /> },
          { id: "calls", title: "Engine calls", content: () => <Calls /> },
        ]}
      />
    </div>
  );
}

function Work() {
  const [address, setAddress] = useAddress(ADDRESS);
  const list = useQuery({ queryKey: ["operations", "all"], queryFn: () => all((cursor) => data(api.GET("/api/v1/operations", { params: { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } } }))) });
  const cancel = useMutation({
    mutationFn: (id: string) => data(api.POST("/api/v1/operations/{id}/cancel", { params: { path: { id } } })),
    onError: (error) => notifyError("It could not be cancelled", error),
    onSuccess: () => list.refetch(),
  });
  const shown = list.data?.find((one) => one.id === address.id);
  const { done = 0, total = 0 } = shown?.progress ?? {};
  return (
    <>
      <DataTable
        label="operations"
        rows={list.data}
        columns={COLUMNS}
        id={(one) => one.id}
        onOpen={(one) => setAddress({ id: one.id }, true)}
        current={address.id}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={<Empty title="No operations">Launching, pulling and building are such.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
      />
      <Dialog
        open={shown !== undefined}
        onClose={() => setAddress({ id: "" })}
        title={shown?.title ?? ""}
        size="wide"
        foot={
          shown?.state === "running" && (
            <Button kind="danger" needs="cancel:operations" busy={cancel.isPending} onClick={() => cancel.mutate(shown.id)}>
              Cancel it
            </Button>
          )
        }
      >
        {shown && (
          <>
            <Facts
              facts={[
                ["State", <State key="state" state={STATES[shown.state]} />],
                ["Phase", shown.progress.phase],
                ["Made", shown.result ? <Link key="made" className="mono" to={"/containers/$id" as never} params={{ id: shown.result.id } as never}>{shown.result.name}</Link> : (shown.image?.id ?? shown.stack?.name)],
                ["On", <span key="target" className="mono">{shown.target}</span>],
                ["Template", shown.template],
                ["Owner", shown.owner],
                ["Begun", <Time key="begun" at={shown.created_at} as="date" />],
              ]}
            />
            {shown.state === "running" && total > 0 && <progress aria-label="Progress" max={total} value={done} />}
            {shown.progress.line && <pre className="paste">{shown.progress.line}</pre>}
            {shown.problem && <Problem error={new ApiError(shown.problem)} />}
          </>
        )}
      </Dialog>
    </>
  );
}

type Call = Schemas["EngineCall"];

const CALLS: Column<Call>[] = [
  { id: "at", title: "When", width: "6rem", text: () => "", cell: (one) => <Time at={one.at} /> },
  {
    id: "line",
    title: "As docker's command line",
    width: "minmax(12rem, 4fr)",
    text: (one) => one.line,
    cell: (one) => (
      <span className="mono" title={one.problem ?? one.line}>
        {one.problem && <span className="tone-bad">✖ </span>}
        {one.line}
      </span>
    ),
  },
  { id: "took", title: "Took", width: "5rem", right: true, sort: (one) => one.took_ms, text: () => "", cell: (one) => <span className="mono">{one.took_ms < 1000 ? `${one.took_ms}ms` : duration(one.took_ms, true)}</span> },
  { id: "copy", title: "", width: "5.5rem", right: true, from: "tablet", cell: (one) => <CopyButton text={one.line} /> },
];

/** Calls have no id: time and line tell them apart. */
const callId = (call: Call) => `${call.at} ${call.line}`;

function Calls() {
  const calls = useQuery({ queryKey: ["engine-calls"], queryFn: () => data(api.GET("/api/v1/engine/calls")).then((found) => found.items), staleTime: 0 });
  return (
    <DataTable
      label="calls"
      rows={calls.data}
      columns={CALLS}
      id={callId}
      error={calls.error}
      onRetry={() => void calls.refetch()}
      empty={<Empty title="The engine was asked nothing yet">What cto does is shown here as docker's command line says it.</Empty>}
      tools={<Button kind="quiet" label="Read them again" icon={<RefreshCw size={15} />} busy={calls.isRefetching} onClick={() => void calls.refetch()} />}
    />
  );
}
