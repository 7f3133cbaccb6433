/** Recordings of sessions. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data } from "../../lib/api";
import { type Recording, recordingsQuery } from "../../lib/automation";
import { clock } from "../../lib/cast";
import { bytes, plural } from "../../lib/format";
import { notifyError } from "../../lib/notices";
import { text, useAddress } from "../../lib/search";
import type { Shown } from "../../lib/state";
import { Badge, State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm } from "../../ui/dialog";
import { Empty, PageHeader } from "../../ui/page";
import { Time } from "../../ui/time";
import "../automation.css";

const ADDRESS = { q: text(), sort: text("when") };

const ENDS: Record<NonNullable<Recording["end"]>, string> = { stopped: "stopped", session_ended: "session ended", size_limit: "size limit", disk_full: "disk full", too_slow: "disk too slow", failed: "failed" };

export function recordingState(one: Recording): Shown {
  if (one.state === "running") return { glyph: "●", word: "records", tone: "bad" };
  const bad = one.end === "disk_full" || one.end === "too_slow" || one.end === "failed";
  return { glyph: bad ? "✖" : "○", word: one.end ? ENDS[one.end] : "ended", tone: bad ? "bad" : "muted" };
}

export default function Recordings() {
  const list = useQuery(recordingsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [removing, setRemoving] = useState<Recording[]>([]);
  const columns = useMemo(
    (): Column<Recording>[] => [
      { id: "container", title: "Container", width: "minmax(8rem, 1.5fr)", sort: (one) => one.container_name, cell: (one) => <span className="mono strong">{one.container_name}</span> },
      { id: "command", title: "Program", width: "minmax(7rem, 1.5fr)", from: "tablet", sort: (one) => one.command.join(" "), cell: (one) => <span className="mono muted">{one.command.join(" ")}</span> },
      { id: "state", title: "State", width: "8rem", from: "tablet", sort: (one) => recordingState(one).word, cell: (one) => <State state={recordingState(one)} /> },
      { id: "input", title: "", width: "5rem", from: "desk", text: (one) => (one.input ? "typing" : ""), cell: (one) => (one.input ? <Badge tone="warn">typing</Badge> : null) },
      { id: "length", title: "Length", width: "5.5rem", right: true, sort: (one) => one.duration_ms, text: () => "", cell: (one) => <span className="mono">{clock(one.duration_ms)}</span> },
      { id: "size", title: "Size", width: "6rem", right: true, from: "desk", sort: (one) => one.bytes, text: () => "", cell: (one) => <span className="mono">{bytes(one.bytes)}</span> },
      { id: "owner", title: "Owner", width: "6rem", from: "desk", sort: (one) => one.owner, cell: (one) => one.owner },
      { id: "when", title: "When", width: "6rem", right: true, sort: (one) => -Date.parse(one.started_at), text: () => "", cell: (one) => <Time at={one.started_at} /> },
    ],
    [],
  );
  return (
    <div className="fill-page">
      <PageHeader title="Recordings" />
      <DataTable
        label="recordings"
        rows={list.data}
        columns={columns}
        id={idOf}
        onOpen={(one) => void navigate({ to: "/recordings/$id" as never, params: { id: one.id } as never })}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={
          <Empty title="Nothing is recorded yet">
            A session is recorded with <code>cto rec start SESSION</code>, or all of a template's by its <code>recording</code>.
          </Empty>
        }
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        bulk={(rows) => (
          <Button kind="danger" needs="remove:recordings" icon={<Trash2 size={13} />} off={rows.every((one) => one.state === "ended") ? false : "some go on"} onClick={() => setRemoving(rows)}>
            Remove…
          </Button>
        )}
      />
      <Confirm
        open={removing.length > 0}
        onClose={() => setRemoving([])}
        title={`Remove ${plural(removing.length, "recording")}?`}
        verb="Remove"
        danger
        {...(removing.length > 1 ? { typed: String(removing.length) } : {})}
        onConfirm={async () => {
          for (const one of removing) await data(api.DELETE("/api/v1/recordings/{id}", { params: { path: { id: one.id } } })).catch((error: unknown) => notifyError(`The recording of ${one.container_name} was not removed`, error));
          await queries.invalidateQueries({ queryKey: ["recordings"] });
        }}
      >
        <p>Their files are removed; there is no other copy:</p>
        <ul className="names">
          {removing.map((one) => (
            <li key={one.id}>
              <code>{one.container_name}</code> {clock(one.duration_ms)}, <Time at={one.started_at} />
            </li>
          ))}
        </ul>
      </Confirm>
    </div>
  );
}

const idOf = (one: Recording) => one.id;
