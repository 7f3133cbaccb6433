/** How a container is set up: environment, mounts, limits; and the engine's whole report. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Container, api, data } from "../../lib/api";
import { bytes, parseBytes } from "../../lib/format";
import { HIDDEN, at, environment, limits, masked, textAt } from "../../lib/inspect";
import { placed } from "../../lib/live";
import { notify } from "../../lib/notices";
import { problemOf } from "../../lib/problem";
import { placesAt } from "../../lib/schema";
import { Button, CopyButton } from "../../ui/button";
import { CodeEditor } from "../../ui/code-editor";
import { Field, Input } from "../../ui/field";
import { Facts, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import "./container.css";

export default function Configuration({ container }: { container: Container }) {
  const report = useQuery({
    queryKey: ["containers", container.id, "inspect", container.started_at, container.name],
    queryFn: () => data(api.GET("/api/v1/containers/{id}/inspect", { params: { path: { id: container.id } } })) as Promise<unknown>,
  });
  const [shown, setShown] = useState<string[]>([]);
  const [whole, setWhole] = useState(false);
  if (report.error && report.data === undefined) return <Problem error={report.error} onRetry={() => void report.refetch()} title="The configuration could not be read" />;
  if (report.data === undefined) return <Skeleton lines={8} label="Loading the configuration" />;
  const said = report.data;
  const variables = environment(said);
  const mounts = (at(said, "Mounts") as unknown[] | undefined) ?? [];
  const networks = Object.entries((at(said, "NetworkSettings", "Networks") as Record<string, unknown> | undefined) ?? {});
  return (
    <div className="columns">
      <Section title="Environment">
        {variables.length === 0 ? (
          <p className="muted">Nothing is set.</p>
        ) : (
          <table className="plain-table">
            <colgroup>
              <col style={{ width: "35%" }} />
              <col />
              <col style={{ width: "2.4rem" }} />
            </colgroup>
            <thead className="sr">
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Value</th>
                <th scope="col">Show</th>
              </tr>
            </thead>
            <tbody>
              {variables.map((one) => {
                const open = !one.secret || shown.includes(one.name);
                return (
                  <tr key={one.name}>
                    <th scope="row" className="mono">
                      {one.name}
                    </th>
                    <td className="mono">{open ? one.value : <span className="muted" aria-label="hidden">{HIDDEN}</span>}</td>
                    <td>{one.secret && <Button kind="quiet" label={open ? `Hide ${one.name}` : `Show ${one.name}`} icon={open ? <EyeOff size={15} /> : <Eye size={15} />} onClick={() => setShown(open ? shown.filter((name) => name !== one.name) : [...shown, one.name])} />}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Section>
      <Section title="Limits">
        <Limits key={JSON.stringify(limits(said))} container={container} report={said} onSaved={() => void report.refetch()} />
      </Section>
      <Section title="Set up">
        <Facts
          facts={[
            ["User", textAt(said, "Config", "User") || "the image's own"],
            ["Directory", textAt(said, "Config", "WorkingDir") || "/"],
            ["Host name", textAt(said, "Config", "Hostname")],
            ["Network", textAt(said, "HostConfig", "NetworkMode")],
            ["Root", textAt(said, "HostConfig", "ReadonlyRootfs") === "true" ? "can't be written" : "can be written"],
            ["Privileged", textAt(said, "HostConfig", "Privileged") === "true" ? <span key="p" className="tone-warn">▲ yes</span> : "no"],
            ["Capabilities", [...((at(said, "HostConfig", "CapAdd") as string[] | null) ?? []).map((one) => `+${one}`), ...((at(said, "HostConfig", "CapDrop") as string[] | null) ?? []).map((one) => `-${one}`)].join(" ") || "the usual ones"],
          ]}
        />
      </Section>
      <Section title="Mounts and networks">
        {mounts.length + networks.length === 0 && <p className="muted">None.</p>}
        <ul className="lines">
          {mounts.map((mount, index) => (
            <li key={`m${index}`}>
              <span className="mono break">
                {textAt(mount, "Name") ?? textAt(mount, "Source") ?? textAt(mount, "Type")} → {textAt(mount, "Destination")}
              </span>
              {textAt(mount, "RW") === "false" && <span className="muted">read-only</span>}
            </li>
          ))}
          {networks.map(([name, network]) => (
            <li key={name}>
              <span className="mono">{name}</span> <span className="mono muted">{textAt(network, "IPAddress") ?? ""}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section
        title="The engine's report"
        className="whole-row"
        actions={
          <span>
            <CopyButton text={() => masked(said)} />
            <Button kind="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
              {whole ? "Close" : "Show"}
            </Button>
          </span>
        }
      >
        {whole && <CodeEditor label="The engine's report" value={masked(said)} language="json" readOnly height="30rem" />}
      </Section>
    </div>
  );
}

function Limits({ container, report, onSaved }: { container: Container; report: unknown; onSaved: () => void }) {
  const queries = useQueryClient();
  const now = limits(report);
  const written = { memory: now.memory === undefined ? "" : bytes(now.memory), cpus: now.cpus === undefined ? "" : String(now.cpus), pids: now.pids === undefined ? "" : String(now.pids) };
  const [memory, setMemory] = useState(written.memory);
  const [cpus, setCpus] = useState(written.cpus);
  const [pids, setPids] = useState(written.pids);
  const wish = {
    ...(memory !== written.memory ? { memory_bytes: parseBytes(memory) ?? Number.NaN } : {}),
    ...(cpus !== written.cpus ? { cpus: cpus.trim() === "" ? Number.NaN : Number(cpus) } : {}),
    ...(pids !== written.pids ? { pids: pids.trim() === "" ? Number.NaN : Number(pids) } : {}),
  };
  const changed = Object.keys(wish).length > 0;
  const update = useMutation({
    mutationFn: () => data(api.POST("/api/v1/containers/{id}/update", { params: { path: { id: container.id } }, body: wish })),
    onSuccess: (after) => {
      queries.setQueryData<Container[]>(["containers"], (list) => placed(list, after));
      notify({ tone: "ok", title: `${container.name}: limits changed` });
      onSaved();
    },
  });
  const places = update.error ? (problemOf(update.error).errors ?? []) : [];
  const wrong = (name: keyof typeof wish, text: string) => (Number.isNaN(wish[name]) ? text : placesAt(places, `/${name}`)[0]?.detail);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed && Object.values(wish).every((value) => !Number.isNaN(value))) update.mutate();
  };
  return (
    <form className="form limits" onSubmit={submit}>
      <Field label="Memory" help={now.memory === undefined ? "no limit" : undefined} error={wrong("memory_bytes", "is no size, such as 512 MiB")}>
        {(attributes) => <Input {...attributes} className="mono" value={memory} onChange={setMemory} />}
      </Field>
      <Field label="Cores" help={now.cpus === undefined ? "no limit" : undefined} error={wrong("cpus", "is no number")}>
        {(attributes) => <Input {...attributes} className="mono" inputMode="decimal" value={cpus} onChange={setCpus} />}
      </Field>
      <Field label="Processes" help={now.pids === undefined ? "no limit" : undefined} error={wrong("pids", "is no number")}>
        {(attributes) => <Input {...attributes} className="mono" inputMode="numeric" value={pids} onChange={setPids} />}
      </Field>
      <div>
        <Button type="submit" kind="primary" needs="control:containers" off={!changed} busy={update.isPending}>
          Change limits
        </Button>
      </div>
      <p className="muted">They hold at once, also while it runs; a new container of its template has the template's.</p>
      {update.error && <Problem error={update.error} small />}
    </form>
  );
}
