/** One plugin: what it may do, its commands, and what is wrong with it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Play, Power, Trash2 } from "lucide-react";
import { useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { typedValue, pluginQuery, pluginState } from "../../lib/automation";
import { shortId } from "../../lib/format";
import { notifyError } from "../../lib/notices";
import { containersQuery } from "../../lib/queries";
import { ApiError, type Place } from "../../lib/problem";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Select } from "../../ui/field";
import { LastState } from "../../ui/last-state";
import { Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { SchemaForm } from "../../ui/schema-form";
import { Time } from "../../ui/time";
import { Grants, Places } from "./index";
import "../automation.css";

type Command = Schemas["PluginCommand"];

export default function PluginPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const plugin = useQuery(pluginQuery(name));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<"enable" | "remove" | null>(null);
  const [running, setRunning] = useState<Command | null>(null);
  const params = { path: { name } };
  const fresh = () => queries.invalidateQueries({ queryKey: ["plugins"] });
  const disable = useMutation({ mutationFn: () => data(api.POST("/api/v1/plugins/{name}/disable", { params })), onError: (error) => notifyError(`${name} was not disabled`, error), onSettled: fresh });
  const one = plugin.data;
  if (plugin.error && !one) {
    return (
      <>
        <PageHeader title={name || "Plugin"} />
        <Problem error={plugin.error} onRetry={() => void plugin.refetch()} />
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the plugin" />;
  const { manifest } = one;
  const enabled = one.state === "enabled";
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={<State state={pluginState(one.state)} />}
        about={manifest ? `${manifest.version} · ${manifest.about}` : undefined}
        actions={
          <>
            {enabled ? (
              <Button needs="manage:plugins" icon={<Power size={14} />} busy={disable.isPending} onClick={() => disable.mutate()}>
                Disable
              </Button>
            ) : (
              <Button kind="primary" needs="manage:plugins" icon={<Power size={14} />} off={manifest && one.state !== "broken" ? false : "it is broken"} onClick={() => setAsked("enable")}>
                Enable…
              </Button>
            )}
            <Button kind="danger" needs="manage:plugins" icon={<Trash2 size={14} />} onClick={() => setAsked("remove")}>
              Remove…
            </Button>
          </>
        }
      />
      <LastState of={plugin} />
      {one.state === "changed" && <p className="banner warn">▲ Its files are others than those that were granted: it does nothing until somebody looks at it and enables it again.</p>}
      {one.hooks_off && <p className="banner warn">▲ It does nothing by itself any more: {one.hooks_off}. Enabling it lets it begin again.</p>}
      {(one.broken ?? []).length > 0 && (
        <Section title="What is wrong">
          <Places places={one.broken ?? []} />
        </Section>
      )}
      <div className="columns">
        <Section title="What it may do">
          <Grants asked={manifest?.grants ?? []} granted={one.granted ?? []} />
          <Facts
            facts={[
              ["Granted by", one.installed_by ?? "nobody"],
              ["Granted", <Time at={one.installed_at} />],
              ["Files", <span className="mono">{one.hash?.slice(0, 12)}</span>],
            ]}
          />
        </Section>
        <Section title="What it does by itself">
          {(manifest?.hooks ?? []).length === 0 && <p className="muted">Nothing.</p>}
          <ul>
            {(manifest?.hooks ?? []).map((hook, at) => (
              <li key={at}>
                runs <code>{hook.script}</code> at <code>{hook.events.join(" ")}</code>
              </li>
            ))}
          </ul>
          {manifest?.matchers && (
            <p>
              Scripts call its functions as <code>matchers.{one.name}.…</code>
            </p>
          )}
        </Section>
      </div>
      <Section title="Commands">
        {(manifest?.commands ?? []).length === 0 && <p className="muted">It has none.</p>}
        {(manifest?.commands ?? []).map((command) => (
          <div key={command.name} className="plugin-command">
            <span className="mono strong">{command.name}</span>
            <span className="cut">{command.about}</span>
            <span className="spring" />
            <Button needs="start:runs" icon={<Play size={13} />} off={enabled ? false : "it is not enabled"} label={`Run ${command.name}`} onClick={() => setRunning(command)} />
          </div>
        ))}
      </Section>
      <Dialog open={running !== null} onClose={() => setRunning(null)} title={`Run ${running?.name ?? ""}`} about={running?.about}>
        {running && <Run plugin={one.name} command={running} onClose={() => setRunning(null)} />}
      </Dialog>
      <Confirm
        open={asked === "enable"}
        onClose={() => setAsked(null)}
        title={`Enable ${one.name}?`}
        verb="Grant and enable"
        onConfirm={async () => {
          await data(api.POST("/api/v1/plugins/{name}/enable", { params, body: { grants: manifest?.grants ?? [], ...(one.hash ? { hash: one.hash } : {}) } }));
          await fresh();
        }}
      >
        <p>With its files as they are now it gets all that it asks for:</p>
        <Grants asked={manifest?.grants ?? []} />
      </Confirm>
      <Confirm
        open={asked === "remove"}
        onClose={() => setAsked(null)}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        typed={one.name}
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/plugins/{name}", { params }));
          void queries.invalidateQueries({ queryKey: ["plugins"], exact: true });
          void navigate({ to: "/plugins" as never });
        }}
      >
        <p>Its files are removed from the server. Scripts that call its functions fail from then on.</p>
      </Confirm>
    </>
  );
}

/** A command's values: which there are, its script says when they are missing. */
function Run({ plugin, command, onClose }: { plugin: string; command: Command; onClose: () => void }) {
  const navigate = useNavigate();
  const containers = useQuery({ ...containersQuery, enabled: command.on === "container" });
  const [container, setContainer] = useState("");
  const [value, setValue] = useState<Record<string, unknown>>({});
  const [places, setPlaces] = useState<Place[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const start = async () => {
    if (command.on === "container" && container === "") {
      setPlaces([{ pointer: "/container", detail: "must be chosen" }]);
      return;
    }
    setBusy(true);
    setError(null);
    setPlaces([]);
    try {
      const params = Object.fromEntries(Object.entries((value["params"] ?? {}) as Record<string, string>).map(([key, text]) => [key, typedValue(text)]));
      const run = await data(api.POST("/api/v1/plugins/{name}/run", { params: { path: { name: plugin } }, body: { command: command.name, params, ...(container ? { container } : {}) } }));
      onClose();
      void navigate({ to: "/runs/$id" as never, params: { id: run.id } as never });
    } catch (problem) {
      if (problem instanceof ApiError) setPlaces(problem.problem.errors ?? []);
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      noValidate
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {command.on === "container" && (
        <Field label="Container" required error={places.find((place) => place.pointer === "/container")?.detail}>
          {(attributes) => (
            <Select {...attributes} required={false} value={container} onChange={setContainer} options={[{ value: "", label: "choose…" }, ...(containers.data ?? []).map((one) => ({ value: one.id, label: `${one.name} (${shortId(one.id)})` }))]} />
          )}
        </Field>
      )}
      <SchemaForm schema={PARAMS} value={value} onChange={setValue} places={places.filter((place) => place.pointer.startsWith("/params"))} />
      {error !== null && <Problem error={error} small title="It was not started" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="start:runs" icon={<Play size={13} />} busy={busy}>
          Run
        </Button>
      </div>
    </form>
  );
}

const PARAMS = { type: "object", properties: { params: { type: "object", title: "Parameters", additionalProperties: { type: "string" } } } };
