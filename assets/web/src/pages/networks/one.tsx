/** One network, who is on it, and who comes and goes. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Plug, Trash2, Unplug } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, data } from "../../lib/api";
import { containersQuery } from "../../lib/queries";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { ContainerLink } from "../../ui/container-link";
import { Confirm } from "../../ui/dialog";
import { Field, Input, Select } from "../../ui/field";
import { LastState } from "../../ui/last-state";
import { Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

export default function NetworkPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const navigate = useNavigate();
  const queries = useQueryClient();
  const params = { path: { name } };
  const found = useQuery({ queryKey: ["networks", name], queryFn: () => data(api.GET("/api/v1/networks/{name}", { params })) });
  const [removing, setRemoving] = useState(false);
  const [leaving, setLeaving] = useState<string | null>(null);
  const one = found.data;
  const fresh = () => void queries.invalidateQueries({ queryKey: ["networks"] });
  if (!one) {
    return (
      <>
        <PageHeader title={name} />
        {found.error ? <Problem error={found.error} onRetry={() => void found.refetch()} /> : <Skeleton lines={6} label="Loading the network" />}
      </>
    );
  }
  const members = one.containers ?? [];
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={one.builtin ? <Badge>the engine's</Badge> : one.internal ? <Badge tone="info">internal</Badge> : null}
        actions={
          <Button kind="danger" needs="remove:networks" off={one.builtin ? "it is the engine's own" : members.length > 0 ? "containers are on it" : false} icon={<Trash2 size={13} />} onClick={() => setRemoving(true)}>
            Remove…
          </Button>
        }
      />
      <LastState of={found} />
      <div className="columns">
        <Section title="On it">
          {members.length === 0 ? (
            <p className="muted">No container.</p>
          ) : (
            <ul className="lines" aria-label="Containers on it">
              {members.map((who) => (
                <li key={who.name}>
                  <ContainerLink name={who.name} />
                  <span className="mono muted">{who.address}</span>
                  <span className="spring" />
                  <Button kind="quiet" needs="connect:networks" label={`Take ${who.name} off`} icon={<Unplug size={14} />} onClick={() => setLeaving(who.name)} />
                </li>
              ))}
            </ul>
          )}
          <Connect network={one.name} taken={members.map((who) => who.name)} onDone={fresh} />
        </Section>
        <Section title="Network">
          <Facts
            facts={[
              ["Driver", one.driver],
              ["Addresses", <span key="addresses" className="mono">{(one.subnets ?? []).join(", ") || "–"}</span>],
              ["Reaches the outside", one.internal ? "no" : "yes"],
              ["Owner", one.owner ?? (one.other_server ? "another server's" : null)],
              ["Made", <Time key="made" at={one.created_at} as="date" />],
              ...Object.entries(one.labels ?? {}).map(([key, value]): [string, string] => [key, value || "–"]),
            ]}
          />
        </Section>
      </div>
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Take ${leaving ?? ""} off ${one.name}?`}
        verb="Take it off"
        danger
        onConfirm={async () => {
          await data(api.POST("/api/v1/networks/{name}/disconnect", { params, body: { container: leaving ?? "" } }));
          fresh();
        }}
      >
        <p>Its connections there are cut at once.</p>
      </Confirm>
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/networks/{name}", { params }));
          void queries.invalidateQueries({ queryKey: ["networks"], exact: true });
          void navigate({ to: "/networks" as never });
        }}
      >
        <p>Nobody is on it. What names it in a template has to have it made again.</p>
      </Confirm>
    </>
  );
}

function Connect({ network, taken, onDone }: { network: string; taken: string[]; onDone: () => void }) {
  const containers = useQuery(containersQuery);
  const [container, setContainer] = useState("");
  const [aliases, setAliases] = useState("");
  const connect = useMutation({
    mutationFn: () => data(api.POST("/api/v1/networks/{name}/connect", { params: { path: { name: network } }, body: { container, aliases: aliases.split(/[\s,]+/).filter(Boolean) } })),
    onSuccess: () => {
      setContainer("");
      setAliases("");
      onDone();
    },
  });
  const others = (containers.data ?? []).map((one) => one.name).filter((name) => !taken.includes(name)).sort();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (container !== "") connect.mutate();
  };
  return (
    <form className="connect" onSubmit={submit} aria-label="Put a container on it">
      <Field label="Container">{(attributes) => <Select {...attributes} value={container} onChange={setContainer} options={[{ value: "", label: others.length > 0 ? "choose…" : "there is no other" }, ...others.map((name) => ({ value: name, label: name }))]} />}</Field>
      <Field label="Other names there">{(attributes) => <Input {...attributes} className="mono" autoCapitalize="off" placeholder="db, cache" value={aliases} onChange={setAliases} />}</Field>
      <Button type="submit" needs="connect:networks" icon={<Plug size={14} />} off={container === ""} busy={connect.isPending}>
        Put it on
      </Button>
      {connect.error && <Problem error={connect.error} small />}
    </form>
  );
}
