/** Files that are not as the image has them. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import { type Container, type Schemas, api, data } from "../../lib/api";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Empty } from "../../ui/page";

type Change = Schemas["FileChange"];
const KINDS: Record<Change["kind"], { glyph: string; word: string; tone: string }> = {
  added: { glyph: "+", word: "added", tone: "ok" },
  modified: { glyph: "~", word: "changed", tone: "warn" },
  deleted: { glyph: "−", word: "gone", tone: "bad" },
};
const COLUMNS: Column<Change>[] = [
  {
    id: "kind",
    title: "What",
    width: "7rem",
    sort: (one) => KINDS[one.kind].word,
    cell: (one) => (
      <span className={`tone-${KINDS[one.kind].tone}`}>
        <span aria-hidden="true">{KINDS[one.kind].glyph}</span> {KINDS[one.kind].word}
      </span>
    ),
  },
  { id: "path", title: "Path", width: "minmax(12rem, 1fr)", sort: (one) => one.path, cell: (one) => <span className="mono">{one.path}</span> },
];
const idOf = (one: Change) => one.path;

export default function Changes({ container }: { container: Container }) {
  const navigate = useNavigate();
  const found = useQuery({ queryKey: ["containers", container.id, "changes"], queryFn: () => data(api.GET("/api/v1/containers/{id}/changes", { params: { path: { id: container.id } } })) });
  const open = (one: Change) => {
    const parent = one.path.slice(0, Math.max(1, one.path.lastIndexOf("/")));
    void navigate({ to: ".", search: { tab: "files", path: parent } as never });
  };
  return (
    <DataTable
      label="changes"
      rows={found.data?.items}
      columns={COLUMNS}
      id={idOf}
      onOpen={open}
      error={found.error ?? undefined}
      onRetry={() => void found.refetch()}
      empty={<Empty title="All is as the image has it">Volumes are not looked at.</Empty>}
      tools={<Button kind="quiet" label="Read again" busy={found.isFetching} icon={<RotateCw size={14} />} onClick={() => void found.refetch()} />}
    />
  );
}
