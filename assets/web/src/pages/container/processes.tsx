/** The processes of a container. */
import { useQuery } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { useMemo } from "react";
import { type Container, api, data } from "../../lib/api";
import { useSeen } from "../../lib/use-live";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Empty } from "../../ui/page";

/** No event tells of processes; milliseconds. */
const EVERY = 3_000;
interface Row {
  id: string;
  cells: string[];
}
const WIDTHS: Record<string, string> = { CMD: "minmax(14rem, 4fr)", COMMAND: "minmax(14rem, 4fr)" };
const NUMBERS = /^(PID|PPID|C|%CPU|%MEM|VSZ|RSS)$/;

export default function Processes({ container }: { container: Container }) {
  const seen = useSeen();
  const running = container.state === "running";
  const found = useQuery({
    queryKey: ["containers", container.id, "top"],
    queryFn: () => data(api.GET("/api/v1/containers/{id}/top", { params: { path: { id: container.id } } })),
    enabled: running,
    refetchInterval: seen ? EVERY : false,
  });
  const titles = found.data?.titles.join("\u0000") ?? "";
  const columns = useMemo(
    (): Column<Row>[] =>
      (titles === "" ? ["PID", "CMD"] : titles.split("\u0000")).map((title, at) => ({
        id: title,
        title,
        width: WIDTHS[title] ?? "minmax(4.5rem, 1fr)",
        right: NUMBERS.test(title),
        ...(NUMBERS.test(title) || title in WIDTHS || title === "UID" ? {} : { from: "tablet" as const }),
        sort: (row) => (NUMBERS.test(title) ? Number(row.cells[at]) : (row.cells[at] ?? "")),
        cell: (row) => (
          <span className="mono" title={row.cells[at]}>
            {row.cells[at]}
          </span>
        ),
      })),
    [titles],
  );
  const pid = found.data?.titles.indexOf("PID") ?? -1;
  const rows = useMemo(() => found.data?.processes.map((cells, at): Row => ({ id: cells[pid] ?? String(at), cells })), [found.data, pid]);
  if (!running) return <Empty title={`${container.name} does not run`}>It has no processes.</Empty>;
  return (
    <DataTable
      label="processes"
      rows={rows}
      columns={columns}
      id={idOf}
      error={found.error ?? undefined}
      onRetry={() => void found.refetch()}
      empty={<Empty title="No processes" />}
      tools={<Button kind="quiet" label="Read again" icon={<RotateCw size={14} />} onClick={() => void found.refetch()} />}
    />
  );
}

const idOf = (row: Row) => row.id;
