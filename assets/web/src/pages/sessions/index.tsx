/** Sessions: every terminal that is open, and those that have ended. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { LayoutPanelLeft, X } from "lucide-react";
import { useMemo, useState } from "react";
import { type Session, api, data } from "../../lib/api";
import { useCommands } from "../../lib/commands";
import { bytes, plural } from "../../lib/format";
import { notifyError } from "../../lib/notices";
import { sessionsQuery } from "../../lib/queries";
import { flag, text, useAddress } from "../../lib/search";
import { sessionState } from "../../lib/state";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm } from "../../ui/dialog";
import { Switch } from "../../ui/field";
import { Empty, PageHeader } from "../../ui/page";
import { Time } from "../../ui/time";

const ADDRESS = { q: text(), sort: text("-opened"), ended: flag() };

/** What a session runs, in one word. */
export const program = (session: Session): string => (session.kind === "main" ? "main" : (session.command[0]?.split("/").at(-1) ?? "shell"));

const COLUMNS: Column<Session>[] = [
  {
    id: "container",
    title: "Container",
    width: "minmax(8rem, 2fr)",
    sort: (one) => one.container_name,
    cell: (one) => (
      <Link to={"/containers/$id" as never} params={{ id: one.container } as never} className="mono strong">
        {one.container_name}
      </Link>
    ),
  },
  { id: "program", title: "Program", from: "tablet", width: "7rem", sort: program, cell: (one) => <span className="mono">{program(one)}</span> },
  { id: "title", title: "Title", width: "minmax(8rem, 2fr)", from: "tablet", sort: (one) => one.title, cell: (one) => <span className="mono muted">{one.title}</span> },
  { id: "state", title: "State", width: "6.5rem", sort: (one) => sessionState(one).word, cell: (one) => <State state={sessionState(one)} /> },
  { id: "owner", title: "Owner", width: "7rem", from: "tablet", sort: (one) => one.owner, cell: (one) => one.owner },
  { id: "viewers", title: "Viewers", width: "5rem", right: true, from: "tablet", sort: (one) => one.viewers, text: () => "", cell: (one) => <span className="mono">{one.viewers || ""}</span> },
  { id: "size", title: "Size", width: "6rem", right: true, from: "desk", sort: (one) => one.size.cols, text: () => "", cell: (one) => <span className="mono">{`${one.size.cols}×${one.size.rows}`}</span> },
  { id: "printed", title: "Printed", width: "6rem", right: true, from: "desk", sort: (one) => one.head_offset, text: () => "", cell: (one) => <span className="mono">{bytes(one.head_offset)}</span> },
  { id: "rec", title: "Recording", width: "6rem", from: "desk", sort: (one) => (one.recording ? 1 : 0), text: () => "", cell: (one) => one.recording && <span className="tone-bad">● rec</span> },
  { id: "opened", title: "Opened", width: "6rem", right: true, sort: (one) => Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
];

const idOf = (session: Session) => session.id;

export default function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [closing, setClosing] = useState<Session[]>([]);
  const open = (session: Session) => void navigate({ to: "/sessions/$id" as never, params: { id: session.id } as never });
  const shown = useMemo(() => sessions.data?.filter((one) => address.ended || one.state === "live"), [sessions.data, address.ended]);
  const live = sessions.data?.filter((one) => one.state === "live") ?? [];
  useCommands(
    live.map((one) => ({ label: `${one.container_name} ${program(one)} ${one.title}`, group: "Sessions", words: [one.owner], run: () => open(one) })),
    live.map((one) => one.id + one.title).join(" "),
  );
  return (
    <>
      <PageHeader
        title="Sessions"
        beside={sessions.data && <span className="muted">{live.length} live</span>}
        actions={
          <Button icon={<LayoutPanelLeft size={14} />} onClick={() => void navigate({ to: "/wall" as never })}>
            Wall
          </Button>
        }
      />
      <DataTable
        label="sessions"
        rows={shown}
        columns={COLUMNS}
        id={idOf}
        onOpen={open}
        error={sessions.error}
        onRetry={() => void sessions.refetch()}
        empty={<Empty title={address.ended ? "No sessions" : "No session is live"}>Open a container, and its terminal is there.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        tools={
          <Switch checked={address.ended} onChange={(ended) => setAddress({ ended })}>
            also ended
          </Switch>
        }
        keys={{ w: (one) => void navigate({ to: "/wall" as never, search: { show: one.id } as never }) }}
        bulk={(rows, clear) => (
          <Button
            kind="danger"
            needs="close:sessions"
            icon={<X size={13} />}
            off={rows.some((one) => one.state === "live") ? false : "they have ended already"}
            onClick={() => {
              setClosing(rows.filter((one) => one.state === "live"));
              clear();
            }}
          >
            End…
          </Button>
        )}
      />
      <EndSessions sessions={closing} onClose={() => setClosing([])} />
    </>
  );
}

/** Asks, then ends them one after the other; each refusal is told. */
export function EndSessions({ sessions, onClose, onDone }: { sessions: Session[]; onClose: () => void; onDone?: () => void }) {
  return (
    <Confirm
      open={sessions.length > 0}
      onClose={onClose}
      title={sessions.length === 1 ? "End this session?" : `End ${plural(sessions.length, "session")}?`}
      verb="End"
      danger
      onConfirm={async () => {
        for (const session of sessions) {
          try {
            await data(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: session.id } } }));
          } catch (error) {
            notifyError(`${session.container_name}: could not end the session`, error);
          }
        }
        onDone?.();
      }}
    >
      <p>Programs are hung up, then killed; what they have not saved is lost:</p>
      <ul className="names">
        {sessions.map((one) => (
          <li key={one.id}>
            <code>{one.container_name}</code> {program(one)} <span className="muted">{one.title}</span>
            {one.viewers > 0 && ` · ${plural(one.viewers, "viewer")}`}
          </li>
        ))}
      </ul>
    </Confirm>
  );
}
