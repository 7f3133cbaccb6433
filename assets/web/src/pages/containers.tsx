/** Containers: as tiles with their live screens, or as a table. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { LayoutGrid, List, MoreHorizontal, Play, Plus, RotateCw, Square, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import type { Container, Stats } from "../lib/api";
import { bytes, percent, plural } from "../lib/format";
import { useShortcuts } from "../lib/keyboard";
import { type Verb, containersQuery, useContainerAction } from "../lib/queries";
import { oneOf, text, useAddress } from "../lib/search";
import { containerState } from "../lib/state";
import { useStats, useTiles } from "../lib/use-live";
import { State } from "../ui/badge";
import { Button } from "../ui/button";
import { Sparkline } from "../ui/chart";
import { type Column, DataTable } from "../ui/data-table";
import { Confirm } from "../ui/dialog";
import { Choice, Input } from "../ui/field";
import { Menu } from "../ui/menu";
import { Empty, PageHeader, Skeleton } from "../ui/page";
import { Problem } from "../ui/problem";
import { LogTile } from "../ui/log-tile";
import { TilePicture } from "../ui/tile";
import { Time } from "../ui/time";
import "./containers.css";

const ADDRESS = { view: oneOf("tiles", "table"), q: text(), sort: text("name") };
const TILE = { cols: 60, rows: 14 };
const NONE = (
  <Empty title="No containers yet" action={<Link className="button primary" to={"/launch" as never}>Launch one</Link>}>
    Or in a terminal: <code>cto run shell</code>
  </Empty>
);

export default function Containers() {
  const list = useQuery(containersQuery);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const stats = useStats();
  const act = useContainerAction();
  const [removing, setRemoving] = useState<Container[]>([]);
  const open = (container: Container) => void navigate({ to: "/containers/$id" as never, params: { id: container.id } as never });
  const run = (verb: Verb, containers: Container[]) => (verb === "remove" ? setRemoving(containers) : act.mutate({ verb, containers }));
  const running = list.data?.filter((one) => one.state === "running").length ?? 0;

  useShortcuts([{ keys: "v", label: "tiles or table", group: "Containers", run: () => setAddress({ view: address.view === "tiles" ? "table" : "tiles" }) }]);

  return (
    <>
      <PageHeader
        title="Containers"
        beside={
          list.data && (
            <span className="muted">
              {running} running, {list.data.length - running} not
            </span>
          )
        }
        actions={
          <>
            <Link className="button primary" to={"/launch" as never}>
              <Plus size={14} aria-hidden="true" /> Launch
            </Link>
            <Choice
              label="View"
              value={address.view}
              onChange={(view) => setAddress({ view })}
              options={[
                { value: "tiles", label: "Tiles", icon: <LayoutGrid size={15} aria-hidden="true" /> },
                { value: "table", label: "Table", icon: <List size={15} aria-hidden="true" /> },
              ]}
            />
          </>
        }
      />
      {address.view === "tiles" ? (
        <Tiles list={list.data} error={list.error} onRetry={() => void list.refetch()} filter={address.q} onFilter={(q) => setAddress({ q })} stats={stats} run={run} />
      ) : (
        <Table list={list.data} error={list.error} onRetry={() => void list.refetch()} filter={address.q} onFilter={(q) => setAddress({ q })} sort={address.sort} onSort={(sort) => setAddress({ sort })} stats={stats} run={run} onOpen={open} />
      )}
      <Confirm
        open={removing.length > 0}
        onClose={() => setRemoving([])}
        title={removing.length === 1 ? `Remove ${removing[0]?.name ?? ""}?` : `Remove ${removing.length} containers?`}
        verb="Remove"
        danger
        {...(removing.length > 1 ? { typed: String(removing.length) } : {})}
        onConfirm={() => act.mutateAsync({ verb: "remove", containers: removing })}
      >
        <p>What they wrote outside of volumes is lost, and their terminals end:</p>
        <ul className="names">
          {removing.map((container) => (
            <li key={container.id}>
              <code>{container.name}</code> <State state={containerState(container)} />
              {(container.sessions ?? 0) > 0 && ` · ${plural(container.sessions ?? 0, "session")}`}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

/** Whether there is a screen to picture; else the last lines of its log stand there. */
const pictured = (container: Container) => container.state === "running" && (container.tty || (container.sessions ?? 0) > 0);

interface Shared {
  list: Container[] | undefined;
  error: unknown;
  onRetry: () => void;
  filter: string;
  onFilter: (text: string) => void;
  stats: Map<string, Stats[]>;
  run: (verb: Verb, containers: Container[]) => void;
}

function Tiles({ list, error, onRetry, filter, onFilter, stats, run }: Shared) {
  const shown = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (container: Container) => words.every((word) => `${container.name} ${container.image} ${container.template ?? ""} ${containerState(container).word}`.toLowerCase().includes(word));
    return list?.filter(fits).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  }, [list, filter]);
  const tiles = useTiles(shown?.filter(pictured).map((one) => one.id) ?? [], TILE);
  if (error && !list) return <Problem error={error} onRetry={onRetry} title="The containers could not be read" />;
  if (!list || !shown) return <Skeleton lines={8} label="Loading containers" />;
  if (list.length === 0) return NONE;
  return (
    <div className="tiles-box">
      <div className="table-bar">
        <Input type="search" aria-label="Filter containers" placeholder="Filter" value={filter} onChange={onFilter} />
        <span className="muted count" role="status">
          {shown.length === list.length ? plural(list.length, "container") : `${shown.length} of ${plural(list.length, "container")}`}
        </span>
      </div>
      {shown.length === 0 && <Empty title={`No container fits "${filter}"`} action={<Button onClick={() => onFilter("")}>Show all</Button>} />}
      <ul className="tiles">
        {shown.map((container) => {
          const newest = stats.get(container.id)?.at(-1);
          return (
            <li key={container.id} className="tile">
              <div className="tile-head">
                <Link to={"/containers/$id" as never} params={{ id: container.id } as never} className="tile-name mono">
                  {container.name}
                </Link>
                <State state={containerState(container)} />
                <span className="spring" />
                <span className="mono muted tile-use">{newest && container.state === "running" ? `${percent(newest.cpu_percent)} ${bytes(newest.memory_bytes)}` : ""}</span>
                <RowMenu container={container} run={run} />
              </div>
              {pictured(container) ? (
                <TilePicture tile={tiles.get(container.id)} cols={TILE.cols} rows={TILE.rows} label={`Screen of ${container.name}`} />
              ) : (
                <LogTile container={container} cols={TILE.cols} rows={TILE.rows} />
              )}
              <div className="tile-foot muted">
                <span className="mono">{container.template ?? container.image}</span>
                <span className="spring" />
                {container.state !== "running" && container.state !== "paused" && (
                  <span className="tile-do">
                    <Button kind="quiet" needs="control:containers" icon={<Play size={12} aria-hidden="true" />} onClick={() => run("start", [container])}>
                      Start
                    </Button>
                  </span>
                )}
                {container.state === "running" ? <>up <Time at={container.started_at} as="for" /></> : <Time at={container.finished_at ?? container.created_at} />}
                {(container.sessions ?? 0) > 0 && <span>{plural(container.sessions ?? 0, "session")}</span>}
                {container.recording && <span className="tone-bad">● rec</span>}
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function RowMenu({ container, run }: { container: Container; run: Shared["run"] }) {
  const on = container.state === "running";
  return (
    <Menu
      label={`What to do with ${container.name}`}
      trigger={
        <button type="button" className="button quiet bare" aria-label={`What to do with ${container.name}`}>
          <MoreHorizontal size={15} aria-hidden="true" />
        </button>
      }
      items={[
        on ? { label: "Stop", icon: <Square size={13} />, needs: "control:containers", onSelect: () => run("stop", [container]) } : { label: "Start", icon: <Play size={13} />, needs: "control:containers", onSelect: () => run("start", [container]) },
        { label: "Restart", icon: <RotateCw size={13} />, needs: "control:containers", onSelect: () => run("restart", [container]) },
        { group: "" },
        { label: "Remove…", icon: <Trash2 size={13} />, danger: true, needs: "remove:containers", onSelect: () => run("remove", [container]) },
      ]}
    />
  );
}

function ports(container: Container): string {
  return (container.ports ?? []).filter((port) => port.host_port).map((port) => `${port.host_port}→${port.container_port}`).join(" ");
}

function Table({ list, error, onRetry, filter, onFilter, sort, onSort, stats, run, onOpen }: Shared & { sort: string; onSort: (sort: string) => void; onOpen: (container: Container) => void }) {
  const columns = useMemo((): Column<Container>[] => {
    const newest = (container: Container) => (container.state === "running" ? stats.get(container.id)?.at(-1) : undefined);
    return [
      { id: "name", title: "Name", width: "minmax(9rem, 2fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "state", title: "State", width: "8rem", sort: (one) => containerState(one).word, cell: (one) => <State state={containerState(one)} /> },
      { id: "template", title: "Template", width: "minmax(7rem, 1fr)", from: "tablet", sort: (one) => one.template ?? "", cell: (one) => <span className="mono">{one.template ?? <span className="muted">–</span>}</span> },
      { id: "image", title: "Image", width: "minmax(8rem, 2fr)", from: "desk", sort: (one) => one.image, cell: (one) => <span className="mono muted">{one.image}</span> },
      {
        id: "cpu",
        title: "CPU",
        width: "9rem",
        right: true,
        from: "tablet",
        sort: (one) => newest(one)?.cpu_percent ?? -1,
        text: () => "",
        cell: (one) => {
          const sample = newest(one);
          return sample ? (
            <span className="meter mono">
              <Sparkline values={(stats.get(one.id) ?? []).slice(-30).map((point) => point.cpu_percent)} most={10} label={`CPU of ${one.name}`} width={60} />
              {percent(sample.cpu_percent)}
            </span>
          ) : null;
        },
      },
      { id: "memory", title: "Memory", width: "6rem", right: true, sort: (one) => newest(one)?.memory_bytes ?? -1, text: () => "", cell: (one) => <span className="mono">{newest(one) ? bytes(newest(one)?.memory_bytes ?? 0) : ""}</span> },
      { id: "ports", title: "Ports", width: "minmax(6rem, 1fr)", from: "desk", text: ports, cell: (one) => <span className="mono">{ports(one)}</span> },
      { id: "sessions", title: "Sessions", width: "5.5rem", right: true, from: "desk", sort: (one) => one.sessions ?? 0, text: () => "", cell: (one) => <span className="mono">{one.sessions || ""}</span> },
      { id: "since", title: "Since", width: "6rem", right: true, from: "tablet", sort: (one) => -Date.parse(one.started_at ?? one.created_at), text: () => "", cell: (one) => <Time at={one.state === "running" ? one.started_at : (one.finished_at ?? one.created_at)} /> },
    ];
  }, [stats]);
  return (
    <DataTable
      label="containers"
      rows={list}
      columns={columns}
      id={idOf}
      onOpen={onOpen}
      error={error}
      onRetry={onRetry}
      empty={NONE}
      filter={filter}
      onFilter={onFilter}
      sort={sort}
      onSort={onSort}
      bulk={(rows, clear) => (
        <>
          <Button needs="control:containers" icon={<Play size={13} />} onClick={() => run("start", rows)}>
            Start
          </Button>
          <Button needs="control:containers" icon={<Square size={13} />} onClick={() => run("stop", rows)}>
            Stop
          </Button>
          <Button needs="control:containers" icon={<RotateCw size={13} />} onClick={() => run("restart", rows)}>
            Restart
          </Button>
          <Button
            kind="danger"
            needs="remove:containers"
            icon={<Trash2 size={13} />}
            onClick={() => {
              run("remove", rows);
              clear();
            }}
          >
            Remove…
          </Button>
        </>
      )}
    />
  );
}

const idOf = (container: Container) => container.id;
