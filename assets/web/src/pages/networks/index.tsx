/** Networks: who reaches whom. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Scissors, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Schemas, api, data, once } from "../../lib/api";
import { plural } from "../../lib/format";
import { useFreshAfterWork } from "../../lib/operations";
import { problemOf } from "../../lib/problem";
import { networksQuery } from "../../lib/queries";
import { placesAt } from "../../lib/schema";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Input, Switch } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

type Network = Schemas["Network"];
const ADDRESS = { q: text(), sort: text("name") };
const idOf = (network: Network) => network.id;
const members = (network: Network) => network.containers ?? [];
const COLUMNS: Column<Network>[] = [
  { id: "name", title: "Name", width: "minmax(9rem, 2fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
  {
    id: "kind",
    title: "Kind",
    width: "11.5rem",
    sort: (one) => (one.builtin ? "engine's own" : one.internal ? "internal" : one.driver),
    cell: (one) => (
      <>
        <span className="mono muted">{one.driver}</span> {one.builtin ? <Badge>the engine's</Badge> : one.internal ? <Badge tone="info">internal</Badge> : null}
      </>
    ),
  },
  { id: "who", title: "Containers", width: "minmax(8rem, 2fr)", text: (one) => members(one).map((who) => who.name).join(" "), cell: (one) => (members(one).length > 0 ? <span className="mono">{members(one).map((who) => who.name).join(" ")}</span> : <span className="muted">nobody</span>) },
  { id: "subnets", title: "Addresses", width: "minmax(8rem, 1fr)", from: "desk", sort: (one) => (one.subnets ?? []).join(" "), cell: (one) => <span className="mono muted">{(one.subnets ?? []).join(" ")}</span> },
  { id: "owner", title: "Owner", width: "7rem", from: "tablet", sort: (one) => one.owner ?? "", cell: (one) => one.owner ?? <span className="muted">–</span> },
  { id: "made", title: "Made", width: "6rem", right: true, from: "desk", sort: (one) => -Date.parse(one.created_at ?? "0"), text: () => "", cell: (one) => <Time at={one.created_at} /> },
];

export default function Networks() {
  const found = useQuery(networksQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [asked, setAsked] = useState<"new" | "prune" | null>(null);
  const [removing, setRemoving] = useState<Network[]>([]);
  useFreshAfterWork("networks");
  const remove = async () => {
    for (const network of removing) await data(api.DELETE("/api/v1/networks/{name}", { params: { path: { name: network.name } } }));
    void queries.invalidateQueries({ queryKey: ["networks"] });
  };
  return (
    <>
      <PageHeader
        title="Networks"
        about="Who reaches whom"
        actions={
          <>
            <Button kind="primary" needs="create:networks" icon={<Plus size={14} />} onClick={() => setAsked("new")}>
              New network
            </Button>
            <Button needs="remove:networks" icon={<Scissors size={14} />} onClick={() => setAsked("prune")}>
              Remove unused…
            </Button>
          </>
        }
      />
      <DataTable
        label="networks"
        rows={found.data}
        columns={COLUMNS}
        id={idOf}
        onOpen={(one) => void navigate({ to: "/networks/$name" as never, params: { name: one.name } as never })}
        error={found.error ?? undefined}
        onRetry={() => void found.refetch()}
        empty={<Empty title="No networks" action={<Button kind="primary" needs="create:networks" onClick={() => setAsked("new")}>Make one</Button>} />}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        bulk={(rows, clear) => (
          <Button
            kind="danger"
            needs="remove:networks"
            icon={<Trash2 size={13} />}
            onClick={() => {
              setRemoving(rows.filter((one) => !one.builtin));
              clear();
            }}
          >
            Remove…
          </Button>
        )}
      />
      <Dialog open={asked === "new"} onClose={() => setAsked(null)} title="New network">
        <NewNetwork onClose={() => setAsked(null)} />
      </Dialog>
      <Dialog open={asked === "prune"} onClose={() => setAsked(null)} title="Remove unused networks" about="Networks that no container is on.">
        <Pruning onClose={() => setAsked(null)} />
      </Dialog>
      <Confirm open={removing.length > 0} onClose={() => setRemoving([])} title={removing.length === 1 ? `Remove ${removing[0]?.name ?? ""}?` : `Remove ${plural(removing.length, "network")}?`} verb="Remove" danger onConfirm={remove}>
        <p>One that a container is on stays, and says so:</p>
        <ul className="names">
          {removing.map((one) => (
            <li key={one.id}>
              <code>{one.name}</code> {members(one).length > 0 && <span className="tone-warn">▲ {plural(members(one).length, "container")}</span>}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

function NewNetwork({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [subnet, setSubnet] = useState("");
  const [internal, setInternal] = useState(false);
  const make = useMutation({
    mutationFn: () => data(api.POST("/api/v1/networks", { body: { name: name.trim(), internal, ...(subnet.trim() ? { subnet: subnet.trim() } : {}) }, params: once() })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["networks"] });
      onClose();
    },
  });
  const places = make.error ? (problemOf(make.error).errors ?? []) : [];
  const wrong = (pointer: string) => placesAt(places, pointer)[0]?.detail;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") make.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field label="Name" error={wrong("/name")}>
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
      </Field>
      <Field label="Addresses" help="The engine chooses where nothing is said" error={wrong("/subnet")}>
        {(attributes) => <Input {...attributes} className="mono" placeholder="10.9.0.0/24" value={subnet} onChange={setSubnet} />}
      </Field>
      <Switch checked={internal} onChange={setInternal}>
        Internal: nothing on it reaches the outside
      </Switch>
      {make.error && places.length === 0 && <Problem error={make.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" off={name.trim() === ""} busy={make.isPending}>
          Make it
        </Button>
      </div>
    </form>
  );
}

function Pruning({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const preview = useQuery({ queryKey: ["networks", "prune", all], queryFn: () => data(api.POST("/api/v1/networks/prune", { body: { all, dry_run: true } })), staleTime: 0 });
  const prune = useMutation({
    mutationFn: () => data(api.POST("/api/v1/networks/prune", { body: { all } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["networks"], exact: true }),
  });
  const shown = prune.data ?? preview.data;
  return (
    <div className="form">
      {!prune.data && (
        <Switch checked={all} onChange={setAll}>
          Also those that other tools made
        </Switch>
      )}
      {preview.error && <Problem error={preview.error} small onRetry={() => void preview.refetch()} />}
      {prune.error && <Problem error={prune.error} small />}
      {!shown ? (
        !preview.error && <Skeleton />
      ) : shown.items.length === 0 ? (
        <p className="muted">{prune.data ? "None was removed." : "There are none."}</p>
      ) : (
        <>
          <p role="status">
            {prune.data ? "Removed" : "Would be removed"}: {plural(shown.items.length, "network")}.
          </p>
          <ul className="names">
            {shown.items.map((one) => (
              <li key={one.id}>
                <code>{one.name}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      {(shown?.kept ?? []).map((line) => (
        <p key={line} className="tone-warn">
          ▲ {line}
        </p>
      ))}
      <div className="dialog-foot">
        <Button onClick={onClose}>{prune.data ? "Close" : "Cancel"}</Button>
        {!prune.data && (
          <Button kind="danger" needs="remove:networks" off={(preview.data?.items.length ?? 0) === 0} busy={prune.isPending} onClick={() => prune.mutate()}>
            Remove {plural(preview.data?.items.length ?? 0, "network")}
          </Button>
        )}
      </div>
    </div>
  );
}
