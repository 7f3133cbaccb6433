/** Volumes: what outlives containers. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Scissors, Trash2 } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { type Schemas, api, data, once } from "../../lib/api";
import { plural } from "../../lib/format";
import { useFreshAfterWork } from "../../lib/operations";
import { problemOf } from "../../lib/problem";
import { volumesQuery } from "../../lib/queries";
import { placesAt } from "../../lib/schema";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

export type Volume = Schemas["Volume"];
const ADDRESS = { q: text(), sort: text("name") };
const idOf = (volume: Volume) => volume.name;
const users = (volume: Volume) => volume.containers ?? [];
export const kind = (volume: Volume) => (volume.holder ? <Badge tone="info">cto's own</Badge> : volume.anonymous ? <Badge>no name</Badge> : null);

const COLUMNS: Column<Volume>[] = [
  { id: "name", title: "Name", width: "minmax(10rem, 2fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.anonymous ? one.name.slice(0, 12) : one.name}</span> },
  { id: "kind", title: "", width: "6rem", from: "tablet", text: (one) => (one.holder ? "holder" : one.anonymous ? "anonymous" : ""), cell: kind },
  { id: "used", title: "Used by", width: "minmax(8rem, 2fr)", sort: (one) => users(one).join(" "), cell: (one) => (users(one).length > 0 ? <span className="mono">{users(one).join(" ")}</span> : <span className="muted">nobody</span>) },
  { id: "owner", title: "Owner", width: "7rem", from: "tablet", sort: (one) => one.owner ?? "", cell: (one) => one.owner ?? <span className="muted">–</span> },
  { id: "driver", title: "Driver", width: "6rem", from: "desk", sort: (one) => one.driver, cell: (one) => <span className="mono muted">{one.driver}</span> },
  { id: "made", title: "Made", width: "6rem", right: true, from: "tablet", sort: (one) => -Date.parse(one.created_at ?? "0"), text: () => "", cell: (one) => <Time at={one.created_at} /> },
];

export default function Volumes() {
  const found = useQuery(volumesQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [asked, setAsked] = useState<"new" | "prune" | null>(null);
  const [removing, setRemoving] = useState<Volume[]>([]);
  useFreshAfterWork("volumes");
  const remove = async () => {
    for (const volume of removing) await data(api.DELETE("/api/v1/volumes/{name}", { params: { path: { name: volume.name } } }));
    void queries.invalidateQueries({ queryKey: ["volumes"] });
  };
  return (
    <>
      <PageHeader
        title="Volumes"
        about="What outlives containers"
        actions={
          <>
            <Button kind="primary" needs="create:volumes" icon={<Plus size={14} />} onClick={() => setAsked("new")}>
              New volume
            </Button>
            <Button needs="remove:volumes" icon={<Scissors size={14} />} onClick={() => setAsked("prune")}>
              Remove unused…
            </Button>
          </>
        }
      />
      <DataTable
        label="volumes"
        rows={found.data}
        columns={COLUMNS}
        id={idOf}
        onOpen={(one) => void navigate({ to: "/volumes/$name" as never, params: { name: one.name } as never })}
        error={found.error ?? undefined}
        onRetry={() => void found.refetch()}
        empty={<Empty title="No volumes yet" action={<Button kind="primary" needs="create:volumes" onClick={() => setAsked("new")}>Make one</Button>}>A template's volumes are made when it is launched.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        bulk={(rows, clear) => (
          <Button
            kind="danger"
            needs="remove:volumes"
            icon={<Trash2 size={13} />}
            onClick={() => {
              setRemoving(rows);
              clear();
            }}
          >
            Remove…
          </Button>
        )}
      />
      <Dialog open={asked === "new"} onClose={() => setAsked(null)} title="New volume">
        <NewVolume onClose={() => setAsked(null)} />
      </Dialog>
      <Dialog open={asked === "prune"} onClose={() => setAsked(null)} title="Remove unused volumes" about="Volumes that no container has mounted, whether it runs or not. What is in them is lost.">
        <Pruning all={found.data ?? []} onClose={() => setAsked(null)} />
      </Dialog>
      <RemoveVolumes volumes={removing} onClose={() => setRemoving([])} onConfirm={remove} />
    </>
  );
}

/** Asks: what is in a volume is nowhere else. */
export function RemoveVolumes({ volumes, onClose, onConfirm }: { volumes: Volume[]; onClose: () => void; onConfirm: () => Promise<void> }) {
  const only = volumes.length === 1 ? volumes[0]?.name : undefined;
  return (
    <Confirm open={volumes.length > 0} onClose={onClose} title={only !== undefined ? `Remove ${only}?` : `Remove ${plural(volumes.length, "volume")}?`} verb="Remove" danger typed={only ?? String(volumes.length)} onConfirm={onConfirm}>
      <p>What is in them is lost, and can't be brought back:</p>
      <ul className="names">
        {volumes.map((one) => (
          <li key={one.name}>
            <code>{one.name}</code> {users(one).length > 0 && <span className="tone-warn">▲ used by {users(one).join(", ")}</span>}
          </li>
        ))}
      </ul>
    </Confirm>
  );
}

function NewVolume({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => data(api.POST("/api/v1/volumes", { body: { name: name.trim() }, params: once() })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["volumes"] });
      onClose();
    },
  });
  const places = make.error ? (problemOf(make.error).errors ?? []) : [];
  const wrong = placesAt(places, "/name")[0]?.detail;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") make.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field label="Name" error={wrong}>
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
      </Field>
      {make.error && !wrong && <Problem error={make.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" off={name.trim() === ""} busy={make.isPending}>
          Make it
        </Button>
      </div>
    </form>
  );
}

/** No volume goes that was not named: those that have a name of their own are only chosen by hand. */
function Pruning({ all, onClose }: { all: Volume[]; onClose: () => void }) {
  const queries = useQueryClient();
  const names = useMemo(() => all.filter((one) => users(one).length === 0 && !one.holder).map((one) => one.name), [all]);
  const preview = useQuery({ queryKey: ["volumes", "prune", names], queryFn: () => data(api.POST("/api/v1/volumes/prune", { body: { names, dry_run: true } })), staleTime: 0, enabled: names.length > 0 });
  const [chosen, setChosen] = useState<Record<string, boolean>>({});
  const items = names.length === 0 ? [] : preview.data?.items;
  const is = (one: Volume) => chosen[one.name] ?? one.anonymous;
  const wanted = (items ?? []).filter(is);
  const prune = useMutation({
    mutationFn: () => data(api.POST("/api/v1/volumes/prune", { body: { names: wanted.map((one) => one.name) } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["volumes"], exact: true }),
  });
  return (
    <div className="form">
      {preview.error && <Problem error={preview.error} small onRetry={() => void preview.refetch()} />}
      {prune.error && <Problem error={prune.error} small />}
      {prune.data ? (
        <p role="status">Removed: {prune.data.items.length === 0 ? "none" : prune.data.items.map((one) => one.name).join(", ")}.</p>
      ) : !items ? (
        !preview.error && <Skeleton />
      ) : items.length === 0 ? (
        <p className="muted">There are none.</p>
      ) : (
        <ul className="names">
          {items.map((one) => (
            <li key={one.name}>
              <label>
                <input type="checkbox" checked={is(one)} onChange={(event) => setChosen({ ...chosen, [one.name]: event.target.checked })} /> <code>{one.name}</code> {one.owner && <span className="muted">of {one.owner}</span>} {kind(one)}
              </label>
            </li>
          ))}
        </ul>
      )}
      {[...(preview.data?.kept ?? []), ...(prune.data?.kept ?? [])].map((line) => (
        <p key={line} className="tone-warn">
          ▲ {line}
        </p>
      ))}
      <div className="dialog-foot">
        <Button onClick={onClose}>{prune.data ? "Close" : "Cancel"}</Button>
        {!prune.data && (
          <Button kind="danger" needs="remove:volumes" off={wanted.length === 0} busy={prune.isPending} onClick={() => prune.mutate()}>
            Remove {plural(wanted.length, "volume")}
          </Button>
        )}
      </div>
    </div>
  );
}
