/** A trigger's form: what it waits for, and what it starts. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { type Trigger, scriptsQuery, typedValue } from "../../lib/automation";
import { ApiError, type Place } from "../../lib/problem";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input, Select } from "../../ui/field";
import { Problem } from "../../ui/problem";

type When = Schemas["TriggerWhen"];
type Match = Schemas["ContainerMatch"];

const KINDS: { value: When["event"]; label: string }[] = [
  { value: "container", label: "something happens to a container" },
  { value: "log", label: "a line comes in a log" },
  { value: "metric", label: "a container uses much" },
  { value: "session", label: "something happens in a terminal" },
  { value: "hook", label: "a signed request comes in" },
  { value: "file", label: "a template or script is changed" },
];
const HAPPENINGS: Schemas["ContainerHappening"][] = ["started", "died", "oom", "unhealthy", "healthy", "removed"];
const SESSION: Schemas["SessionHappening"][] = ["output", "idle", "bell", "prompt", "opened", "ended"];

/** What `${event.…}` can stand for, by what is waited for. */
const VALUES: Record<When["event"], string[]> = {
  container: ["container", "container_id", "template", "stack", "exit_code", "image"],
  log: ["container", "line", "group.1"],
  metric: ["container", "metric", "value"],
  session: ["container", "session", "line", "exit_code"],
  hook: ["body/…", "hook_event"],
  file: ["name"],
};

function fresh(event: When["event"]): When {
  switch (event) {
    case "container":
      return { event, is: ["died"], of: {} };
    case "log":
      return { event, matches: "", of: {} };
    case "metric":
      return { event, metric: "cpu_percent", above: 90, seconds: 30, of: {} };
    case "session":
      return { event, is: "output", matches: "", of: {} };
    case "hook":
      return { event, signed: "standard" };
    case "file":
      return { event, of: "template" };
  }
}

export function TriggerForm({ open, onClose, trigger, onSecret }: { open: boolean; onClose: () => void; trigger?: Trigger; onSecret: (secret: string | null, name: string) => void }) {
  return (
    <Dialog open={open} onClose={onClose} size="wide" title={trigger ? `Change ${trigger.name}` : "New trigger"} about="Its runs have the rights of whoever saves it.">
      {open && <Form onClose={onClose} trigger={trigger} onSecret={onSecret} />}
    </Dialog>
  );
}

function Form({ onClose, trigger, onSecret }: { onClose: () => void; trigger: Trigger | undefined; onSecret: (secret: string | null, name: string) => void }) {
  const queries = useQueryClient();
  const scripts = useQuery(scriptsQuery);
  const [name, setName] = useState(trigger?.name ?? "");
  const [when, setWhen] = useState<When>(trigger?.when ?? fresh("container"));
  const [script, setScript] = useState(trigger?.run.script ?? "");
  const [params, setParams] = useState<Record<string, string>>(() => Object.fromEntries(Object.entries(trigger?.run.params ?? {}).map(([key, value]) => [key, String(value)])));
  const [quiet, setQuiet] = useState(String(trigger?.quiet_seconds ?? 0));
  const [limit, setLimit] = useState(trigger?.limit ?? { times: 10, seconds: 60 });
  const [places, setPlaces] = useState<Place[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const header = scripts.data?.items.find((one) => one.name === script)?.header;
  const names = useMemo(() => [...new Set([...Object.keys(header?.params ?? {}), ...Object.keys(params)])], [header, params]);
  const wrong = (...pointers: string[]) => places.filter((place) => pointers.some((pointer) => place.pointer === pointer || place.pointer.startsWith(`${pointer}/`))).map((place) => place.detail).join("; ") || undefined;
  const change = (part: object) => setWhen((now) => ({ ...now, ...part }) as When);

  const save = async () => {
    const found: Place[] = [...(name === "" ? [{ pointer: "/name", detail: "must be filled in" }] : []), ...(script === "" ? [{ pointer: "/run/script", detail: "must be chosen" }] : [])];
    setPlaces(found);
    setError(null);
    if (found.length > 0 || busy) return;
    setBusy(true);
    const body: Schemas["SaveTrigger"] = {
      name,
      when: cleaned(when),
      run: { script, params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== "").map(([key, value]) => [key, header?.params?.[key]?.type === "text" ? value : typedValue(value)])) },
      quiet_seconds: Number(quiet) || 0,
      limit,
    };
    try {
      const made = await data(trigger ? api.PUT("/api/v1/triggers/{name}", { params: { path: { name: trigger.name } }, body }) : api.POST("/api/v1/triggers", { body }));
      await queries.invalidateQueries({ queryKey: ["triggers"] });
      onClose();
      onSecret(made.secret ?? null, made.trigger.name);
    } catch (problem) {
      const said = problem instanceof ApiError ? (problem.problem.errors ?? []) : [];
      setPlaces(said);
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
        void save();
      }}
    >
      <div className="form-beside">
        <div className="form">
          <Field label="Name" required error={wrong("/name")}>
            {(attributes) => <Input {...attributes} required={false} className="mono" autoCapitalize="off" readOnly={trigger !== undefined} value={name} onChange={setName} />}
          </Field>
          <Field label="When" error={wrong("/when")}>
            {(attributes) => <Select {...attributes} value={when.event} onChange={(event) => setWhen(fresh(event as When["event"]))} options={KINDS} />}
          </Field>
          <Wait when={when} change={change} />
          {"of" in when && when.event !== "file" && <Containers of={when.of ?? {}} onChange={(of) => change({ of })} />}
        </div>
        <div className="form">
          <Field label="Script" required error={wrong("/run/script", "/run")} help={header?.about}>
            {(attributes) => <Select {...attributes} required={false} value={script} onChange={setScript} options={[{ value: "", label: "choose…" }, ...(scripts.data?.items ?? []).map((one) => ({ value: one.name, label: one.name }))]} />}
          </Field>
          {names.map((key) => (
            <Field key={key} label={<span className="mono">{key}</span>} help={header?.params?.[key]?.description} error={wrong(`/run/params/${key}`)}>
              {(attributes) => <Input {...attributes} className="mono" list="event-values" placeholder={header?.params?.[key]?.default === undefined ? "" : String(header.params[key]?.default ?? "")} value={params[key] ?? ""} onChange={(value) => setParams({ ...params, [key]: value })} />}
            </Field>
          ))}
          <datalist id="event-values">
            {["text", "at", "id", "owner", ...VALUES[when.event]].map((value) => (
              <option key={value} value={`\${event.${value}}`} />
            ))}
          </datalist>
          {names.length > 0 && (
            <p className="help">
              What happened: {VALUES[when.event].map((value) => (
                <code key={value}>{`\${event.${value}} `}</code>
              ))}
            </p>
          )}
          <Field label="Wait until it is quiet" error={wrong("/quiet_seconds")} help="Seconds without a further event; the last one counts.">
            {(attributes) => <Input {...attributes} inputMode="numeric" unit="seconds" value={quiet} onChange={setQuiet} />}
          </Field>
          <div className="pair">
            <Field label="At most" error={wrong("/limit")}>
              {(attributes) => <Input {...attributes} inputMode="numeric" unit="times" value={String(limit.times)} onChange={(times) => setLimit({ ...limit, times: Number(times) || 0 })} />}
            </Field>
            <Field label="within">
              {(attributes) => <Input {...attributes} inputMode="numeric" unit="seconds" value={String(limit.seconds)} onChange={(seconds) => setLimit({ ...limit, seconds: Number(seconds) || 0 })} />}
            </Field>
          </div>
        </div>
      </div>
      {error !== null && <Problem error={error} small title="It was not saved" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="manage:triggers" busy={busy}>
          {trigger ? "Save" : "Make it"}
        </Button>
      </div>
    </form>
  );
}

/** Without what was left empty. */
function cleaned(when: When): When {
  const filled = (thing: object) => Object.fromEntries(Object.entries(thing).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  if ("of" in when && typeof when.of === "object") return { ...filled(when), of: filled(when.of) } as When;
  return filled(when) as When;
}

function Wait({ when, change }: { when: When; change: (part: object) => void }) {
  switch (when.event) {
    case "container":
      return (
        <fieldset className="checks">
          <legend>It</legend>
          {HAPPENINGS.map((one) => (
            <label key={one}>
              <input type="checkbox" checked={when.is.includes(one)} onChange={(event) => change({ is: event.target.checked ? [...when.is, one] : when.is.filter((other) => other !== one) })} />
              {one === "oom" ? "ran out of memory" : one}
            </label>
          ))}
        </fieldset>
      );
    case "log":
      return <Pattern value={when.matches} onChange={(matches) => change({ matches })} />;
    case "metric":
      return (
        <>
          <Field label="Of">
            {(attributes) => (
              <Select
                {...attributes}
                value={when.metric}
                onChange={(metric) => change({ metric })}
                options={[
                  { value: "cpu_percent", label: "processor, in percent" },
                  { value: "memory_percent", label: "memory, in percent" },
                  { value: "memory_bytes", label: "memory, in bytes" },
                ]}
              />
            )}
          </Field>
          <div className="pair">
            <Field label="More than">{(attributes) => <Input {...attributes} inputMode="decimal" value={String(when.above)} onChange={(above) => change({ above: Number(above) || 0 })} />}</Field>
            <Field label="For">{(attributes) => <Input {...attributes} inputMode="numeric" unit="seconds" value={String(when.seconds ?? 30)} onChange={(seconds) => change({ seconds: Number(seconds) || 0 })} />}</Field>
          </div>
          <Field label="Again once it is below" help="Nine tenths of it where nothing is said.">
            {(attributes) => <Input {...attributes} inputMode="decimal" value={when.below === null || when.below === undefined ? "" : String(when.below)} onChange={(below) => change({ below: below === "" ? null : Number(below) })} />}
          </Field>
        </>
      );
    case "session":
      return (
        <>
          <Field label="What">{(attributes) => <Select {...attributes} value={when.is} onChange={(is) => change({ is, matches: null, seconds: null })} options={SESSION.map((one) => ({ value: one, label: one }))} />}</Field>
          {when.is === "output" && <Pattern value={when.matches ?? ""} onChange={(matches) => change({ matches })} />}
          {when.is === "idle" && <Field label="For">{(attributes) => <Input {...attributes} inputMode="numeric" unit="seconds" value={String(when.seconds ?? "")} onChange={(seconds) => change({ seconds: Number(seconds) || null })} />}</Field>}
        </>
      );
    case "hook":
      return (
        <Field label="Signed as">
          {(attributes) => (
            <Select
              {...attributes}
              value={when.signed ?? "standard"}
              onChange={(signed) => change({ signed })}
              options={[
                { value: "standard", label: "Standard Webhooks" },
                { value: "github", label: "GitHub does it" },
              ]}
            />
          )}
        </Field>
      );
    case "file":
      return (
        <div className="pair">
          <Field label="A">{(attributes) => <Select {...attributes} value={when.of} onChange={(of) => change({ of })} options={[{ value: "template", label: "template" }, { value: "script", label: "script" }]} />}</Field>
          <Field label="With the name" help="* stands for any letters">
            {(attributes) => <Input {...attributes} className="mono" value={when.name ?? ""} onChange={(name) => change({ name })} />}
          </Field>
        </div>
      );
  }
}

const Pattern = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <Field label="Fits" required help="A regular expression; its groups can be used below.">
    {(attributes) => <Input {...attributes} required={false} className="mono" placeholder="level=error code=(?<code>\d+)" value={value} onChange={onChange} />}
  </Field>
);

function Containers({ of, onChange }: { of: Match; onChange: (of: Match) => void }) {
  return (
    <details className="form-fold" open={Object.values(of).some(Boolean)}>
      <summary>Only of some containers</summary>
      <div className="form-group">
        {(["name", "template", "stack", "owner"] as const).map((what) => (
          <Field key={what} label={what.charAt(0).toUpperCase() + what.slice(1)} help={what === "name" ? "* stands for any letters" : undefined}>
            {(attributes) => <Input {...attributes} className="mono" value={of[what] ?? ""} onChange={(value) => onChange({ ...of, [what]: value })} />}
          </Field>
        ))}
      </div>
    </details>
  );
}
