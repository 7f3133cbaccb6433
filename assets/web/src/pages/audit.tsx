/** Who did what, and how it ended. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useMemo } from "react";
import { type Schemas, api, data } from "../lib/api";
import { text, useAddress } from "../lib/search";
import type { Shown } from "../lib/state";
import { State } from "../ui/badge";
import { Button } from "../ui/button";
import { type Column, DataTable } from "../ui/data-table";
import { Dialog } from "../ui/dialog";
import { Empty, Facts, PageHeader } from "../ui/page";
import { Time } from "../ui/time";

type Entry = Schemas["AuditEvent"];

const ADDRESS = { q: text(), id: text() };
const PAGE = 200;

const OUTCOMES: Record<Entry["outcome"], Shown> = {
  intent: { glyph: "◐", word: "begun", tone: "info" },
  succeeded: { glyph: "●", word: "done", tone: "ok" },
  failed: { glyph: "✖", word: "failed", tone: "bad" },
  refused: { glyph: "▲", word: "refused", tone: "warn" },
  unknown: { glyph: "?", word: "unknown", tone: "muted" },
};

const COLUMNS: Column<Entry>[] = [
  { id: "at", title: "When", width: "6rem", text: (one) => one.at, cell: (one) => <Time at={one.at} /> },
  { id: "actor", title: "Who", width: "minmax(6rem, 1fr)", text: (one) => `${one.actor} ${one.role}`, cell: (one) => <span className="mono">{one.actor}</span> },
  { id: "action", title: "What", width: "minmax(9rem, 1.2fr)", text: (one) => one.action, cell: (one) => <span className="mono">{one.action}</span> },
  { id: "target", title: "On", width: "minmax(7rem, 1.5fr)", from: "tablet", text: (one) => one.target, cell: (one) => <span className="mono">{one.target}</span> },
  { id: "outcome", title: "Outcome", width: "7rem", text: (one) => OUTCOMES[one.outcome].word, cell: (one) => <State state={OUTCOMES[one.outcome]} /> },
  { id: "detail", title: "Detail", width: "minmax(8rem, 2fr)", from: "desk", text: (one) => one.detail ?? "", cell: (one) => <span className="muted">{one.detail === one.target ? "" : one.detail}</span> },
];
const idOf = (entry: Entry) => entry.id;

export default function Audit() {
  const [address, setAddress] = useAddress(ADDRESS);
  const audit = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam }) => data(api.GET("/api/v1/audit", { params: { query: { limit: PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 0,
  });
  const rows = useMemo(() => audit.data?.pages.flatMap((page) => page.items), [audit.data]);
  const shown = rows?.find((one) => one.id === address.id);
  return (
    <>
      <PageHeader title="Audit" about="Who tried what, on what, and how it ended; newest first." actions={<Button kind="quiet" label="Read it again" icon={<RefreshCw size={15} />} busy={audit.isRefetching} onClick={() => void audit.refetch()} />} />
      <DataTable
        label="entries"
        rows={rows}
        columns={COLUMNS}
        id={idOf}
        onOpen={(one) => setAddress({ id: one.id }, true)}
        current={address.id}
        error={audit.error}
        onRetry={() => void audit.refetch()}
        empty={<Empty title="Nothing was done yet" />}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        tools={
          audit.hasNextPage && (
            <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
              Older ones
            </Button>
          )
        }
      />
      <Dialog open={shown !== undefined} onClose={() => setAddress({ id: "" })} title={shown?.action ?? ""}>
        {shown && (
          <Facts
            facts={[
              ["When", <Time key="at" at={shown.at} as="date" />],
              ["Who", `${shown.actor}, as ${shown.role}`],
              ["On", <span key="on" className="mono">{shown.target}</span>],
              ["Outcome", <State key="outcome" state={OUTCOMES[shown.outcome]} />],
              ["Detail", shown.detail],
              ["Id", <span key="id" className="mono">{shown.id}</span>],
            ]}
          />
        )}
      </Dialog>
    </>
  );
}
