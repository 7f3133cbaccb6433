/** A webhook's or notification's form. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { EVENTS, type Webhook } from "../../lib/automation";
import { useAccount } from "../../lib/permissions";
import { ApiError, type Place } from "../../lib/problem";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input, Select, Switch } from "../../ui/field";
import { Problem } from "../../ui/problem";

type Save = Schemas["SaveWebhook"];

export function WebhookForm({ open, onClose, webhook, onSecret }: { open: boolean; onClose: () => void; webhook?: Webhook; onSecret: (secret: string | null, name: string) => void }) {
  return (
    <Dialog open={open} onClose={onClose} size="wide" title={webhook ? `Change ${webhook.name}` : "New webhook or notification"}>
      {open && <Form onClose={onClose} webhook={webhook} onSecret={onSecret} />}
    </Dialog>
  );
}

function Form({ onClose, webhook, onSecret }: { onClose: () => void; webhook: Webhook | undefined; onSecret: (secret: string | null, name: string) => void }) {
  const queries = useQueryClient();
  const account = useAccount();
  const [name, setName] = useState(webhook?.name ?? "");
  const [to, setTo] = useState<Save["to"]>(webhook?.to ?? { kind: "webhook", url: "" });
  const [events, setEvents] = useState<string[]>(webhook?.events ?? ["run.failed"]);
  const [filter, setFilter] = useState<Schemas["HookFilter"]>(webhook?.filter ?? {});
  const [allowPrivate, setAllowPrivate] = useState(webhook?.allow_private ?? false);
  const [places, setPlaces] = useState<Place[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const wrong = (pointer: string) => places.filter((place) => place.pointer === pointer || place.pointer.startsWith(`${pointer}/`)).map((place) => place.detail).join("; ") || undefined;
  const kinds = [...EVENTS, ...events.filter((one) => !EVENTS.includes(one))];
  const save = async () => {
    const found: Place[] = [...(name === "" ? [{ pointer: "/name", detail: "must be filled in" }] : []), ...(events.length === 0 ? [{ pointer: "/events", detail: "choose one at least" }] : [])];
    setPlaces(found);
    setError(null);
    if (found.length > 0 || busy) return;
    setBusy(true);
    const body: Save = { name, to, events, filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value)), allow_private: allowPrivate };
    try {
      if (webhook) {
        await data(api.PUT("/api/v1/webhooks/{name}", { params: { path: { name: webhook.name } }, body }));
      } else {
        const made = await data(api.POST("/api/v1/webhooks", { body }));
        onSecret(made.secret ?? null, made.webhook.name);
      }
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
      onClose();
    } catch (problem) {
      const said = problem instanceof ApiError ? (problem.problem.errors ?? []) : [];
      setPlaces(said);
      if (said.length === 0 || said.every((place) => place.pointer === "")) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const target = (kind: string): Save["to"] => (kind === "email" ? { kind, server: "", from: "", to: [] } : kind === "terminal" ? { kind } : kind === "desktop" ? { kind } : { kind: "webhook", url: "" });
  return (
    <form
      noValidate
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="pair">
        <Field label="Name" required error={wrong("/name")}>
          {(attributes) => <Input {...attributes} required={false} className="mono" autoCapitalize="off" readOnly={webhook !== undefined} value={name} onChange={setName} />}
        </Field>
        <Field label="Where to">
          {(attributes) => (
            <Select
              {...attributes}
              value={to.kind}
              onChange={(kind) => setTo(target(kind))}
              options={[
                { value: "webhook", label: "a URL" },
                { value: "email", label: "mail" },
                { value: "terminal", label: "my terminal clients" },
                { value: "desktop", label: "my desktop, by the terminal" },
              ]}
            />
          )}
        </Field>
      </div>
      {to.kind === "webhook" && (
        <Field label="URL" required error={wrong("/to")}>
          {(attributes) => <Input {...attributes} required={false} type="url" className="mono" placeholder="https://ci.example.com/cto" value={to.url} onChange={(url) => setTo({ ...to, url })} />}
        </Field>
      )}
      {to.kind === "email" && (
        <>
          <div className="pair">
            <Field label="Mail server" required error={wrong("/to/server")} help="HOST:PORT">
              {(attributes) => <Input {...attributes} required={false} className="mono" placeholder="smtp.example.com:587" value={to.server} onChange={(server) => setTo({ ...to, server })} />}
            </Field>
            <Field label="Sender" required error={wrong("/to/from")}>
              {(attributes) => <Input {...attributes} required={false} type="email" value={to.from} onChange={(from) => setTo({ ...to, from })} />}
            </Field>
          </div>
          <Field label="Receivers" required error={wrong("/to/to")} help="With blanks between them.">
            {(attributes) => <Input {...attributes} required={false} value={to.to.join(" ")} onChange={(said) => setTo({ ...to, to: said.split(/[\s,]+/).filter((one, at, all) => one !== "" || at === all.length - 1) })} />}
          </Field>
          <div className="pair">
            <Field label="Name at the server" error={wrong("/to/user")}>
              {(attributes) => <Input {...attributes} value={to.user ?? ""} onChange={(user) => setTo({ ...to, user: user || null })} />}
            </Field>
            <Field label="Password" error={wrong("/to/password")} help="The name of a secret of yours for scripts.">
              {(attributes) => <Input {...attributes} value={to.password ?? ""} onChange={(password) => setTo({ ...to, password: password || null })} />}
            </Field>
          </div>
        </>
      )}
      <fieldset className="checks">
        <legend>Tells of</legend>
        {kinds.map((kind) => (
          <label key={kind}>
            <input type="checkbox" checked={events.includes(kind)} onChange={(event) => setEvents(event.target.checked ? [...events, kind] : events.filter((one) => one !== kind))} />
            <span className="mono">{kind}</span>
          </label>
        ))}
      </fieldset>
      <MoreEvents onAdd={(kind) => !events.includes(kind) && setEvents([...events, kind])} />
      {wrong("/events") && <p className="field-error">✖ {wrong("/events")}</p>}
      <details className="form-fold" open={Object.values(filter).some(Boolean) || wrong("/filter") !== undefined}>
        <summary>Only some of them</summary>
        <div className="form-group">
          <Field label="Container" help="* stands for any letters" error={wrong("/filter/container")}>
            {(attributes) => <Input {...attributes} className="mono" value={filter.container ?? ""} onChange={(container) => setFilter({ ...filter, container })} />}
          </Field>
          <Field label="Script" help="* stands for any letters" error={wrong("/filter/script")}>
            {(attributes) => <Input {...attributes} className="mono" value={filter.script ?? ""} onChange={(script) => setFilter({ ...filter, script })} />}
          </Field>
          <Field label="Owner" error={wrong("/filter/owner")}>
            {(attributes) => <Input {...attributes} value={filter.owner ?? ""} onChange={(owner) => setFilter({ ...filter, owner })} />}
          </Field>
        </div>
      </details>
      {(to.kind === "webhook" || to.kind === "email") && account?.role === "admin" && (
        <Field label="" help="Loopback, private and link-local addresses, which are refused otherwise." error={wrong("/allow_private")}>
          {() => (
            <Switch checked={allowPrivate} onChange={setAllowPrivate}>
              It may reach addresses that are not public
            </Switch>
          )}
        </Field>
      )}
      {error !== null && <Problem error={error} small title="It was not saved" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="manage:webhooks" busy={busy}>
          {webhook ? "Save" : "Make it"}
        </Button>
      </div>
    </form>
  );
}

function MoreEvents({ onAdd }: { onAdd: (kind: string) => void }) {
  const [said, setSaid] = useState("");
  const add = () => {
    if (said.trim() !== "") onAdd(said.trim());
    setSaid("");
  };
  return (
    <Field label="Several at once" help="run.* and * stand for several kinds.">
      {(attributes) => (
        <span className="with-unit">
          <Input
            {...attributes}
            className="mono"
            value={said}
            onChange={setSaid}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              add();
            }}
          />
          <Button onClick={add}>Add</Button>
        </span>
      )}
    </Field>
  );
}
