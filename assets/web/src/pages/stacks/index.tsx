/** Stacks: several containers that are brought up and taken down together. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Layers, Play } from "lucide-react";
import { useMemo, useState } from "react";
import type { Schemas } from "../../lib/api";
import { plural } from "../../lib/format";
import { useFreshAfterWork } from "../../lib/operations";
import { stacksQuery } from "../../lib/queries";
import { text, useAddress } from "../../lib/search";
import { containerState } from "../../lib/state";
import { Badge, State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Faults } from "../../ui/faults";
import { Empty, PageHeader, Section, Skeleton } from "../../ui/page";
import { UpDialog } from "./up";
import "./stacks.css";

type Stack = Schemas["Stack"];
const ADDRESS = { q: text(), sort: text("name") };
const idOf = (stack: Stack) => stack.name;
const COLUMNS: Column<Stack>[] = [
  { id: "name", title: "Name", width: "minmax(9rem, 1fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
  {
    id: "containers",
    title: "Containers",
    width: "minmax(8rem, 3fr)",
    text: (one) => one.containers.map((container) => container.name).join(" "),
    cell: (one) => (
      <span className="stack-members">
        {one.containers.map((container) => (
          <span key={container.id}>
            <State state={containerState(container)} short /> <span className="mono">{container.stack?.member ?? container.name}</span>
          </span>
        ))}
      </span>
    ),
  },
  { id: "running", title: "Running", width: "5.5rem", right: true, sort: (one) => one.containers.filter((container) => container.state === "running").length, cell: (one) => <span className="mono">{`${one.containers.filter((container) => container.state === "running").length}/${one.containers.length}`}</span> },
  { id: "owner", title: "Owner", width: "7rem", from: "tablet", sort: (one) => one.owner ?? "", cell: (one) => one.owner ?? <span className="muted">–</span> },
];

export default function Stacks() {
  const found = useQuery(stacksQuery);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [up, setUp] = useState<string | null>(null);
  useFreshAfterWork("stacks");
  const saved = useMemo(() => found.data?.saved ?? [], [found.data]);
  const there = (name: string) => found.data?.items.some((one) => one.name === name) ?? false;
  return (
    <>
      <PageHeader title="Stacks" about="Containers that are brought up and taken down together" />
      <Faults places={found.data?.complaints ?? []} what="stack" />
      <div className={(found.data?.items.length ?? 0) > 8 ? "fill-page" : "stack-table"}>
        <DataTable
          label="stacks"
          rows={found.data?.items}
          columns={COLUMNS}
          id={idOf}
          onOpen={(one) => void navigate({ to: "/stacks/$name" as never, params: { name: one.name } as never })}
          error={found.error ?? undefined}
          onRetry={() => void found.refetch()}
          empty={
            <Empty title="No stack is up" icon={<Layers size={20} aria-hidden="true" className="muted" />}>
              Bring one up that is saved, below.
            </Empty>
          }
          filter={address.q}
          onFilter={(q) => setAddress({ q })}
          sort={address.sort}
          onSort={(sort) => setAddress({ sort })}
        />
      </div>
      <Section title="Saved">
        {!found.data ? (
          !found.error && <Skeleton />
        ) : saved.length === 0 ? (
          <p className="muted">No stack is saved; stacks are JSON files in the server's stacks folder.</p>
        ) : (
          <ul className="lines saved-stacks" aria-label="Saved stacks">
            {saved.map((one) => (
              <li key={one.name}>
                <span className="mono strong">{one.name}</span>
                <span className="cut">{one.description}</span>
                {one.origin !== "gallery" && <Badge tone="info">{one.origin}</Badge>}
                <span className="spring" />
                <Button needs="create:containers" icon={<Play size={13} />} onClick={() => setUp(one.name)}>
                  {there(one.name) ? "Bring up to date" : "Bring up"}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {found.data && <p className="sr">{plural(found.data.items.length, "stack")}</p>}
      {up !== null && <UpDialog stack={up} onClose={() => setUp(null)} />}
    </>
  );
}
