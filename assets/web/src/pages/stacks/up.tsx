/** Brings a stack up: what would be done first, then how it goes. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { type Schemas, api, data, once } from "../../lib/api";
import { problemOf } from "../../lib/problem";
import { setOf } from "../../lib/launch";
import { stacksQuery } from "../../lib/queries";
import { type Field as SchemaField, type Values, check, defaults, fields, placesAt, schemaOfParams } from "../../lib/schema";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input, Switch } from "../../ui/field";
import { OperationView } from "../../ui/operation";
import { Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { SchemaForm } from "../../ui/schema-form";
import "./stacks.css";

type Change = Schemas["StackChange"];
const ACTIONS: Record<Change["action"], { glyph: string; word: string; tone: string }> = {
  keep: { glyph: "=", word: "stays", tone: "muted" },
  start: { glyph: "▸", word: "is started", tone: "ok" },
  create: { glyph: "+", word: "is made", tone: "ok" },
  recreate: { glyph: "~", word: "is replaced", tone: "warn" },
  orphan: { glyph: "?", word: "is left over", tone: "muted" },
  remove: { glyph: "−", word: "is removed", tone: "bad" },
};

export function Plan({ changes }: { changes: Change[] }) {
  return (
    <ul className="plan" aria-label="What is done">
      {changes.map((one) => (
        <li key={one.container}>
          <span className={`tone-${ACTIONS[one.action].tone}`}>
            <span aria-hidden="true">{ACTIONS[one.action].glyph}</span> {ACTIONS[one.action].word}
          </span>
          <span className="mono">{one.container}</span>
          <span className="muted">{one.why}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is not as the stack has it, as texts. */
function given(list: SchemaField[], values: Values): Record<string, string> {
  const own = setOf(values);
  for (const field of list) if (field.usual !== undefined && own[field.name] === String(field.usual)) delete own[field.name];
  return own;
}

const REST = 300;

export function UpDialog({ stack, onClose }: { stack: string; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={`Bring ${stack} up`} size="wide">
      <Bringing stack={stack} onClose={onClose} />
    </Dialog>
  );
}

function Bringing({ stack, onClose }: { stack: string; onClose: () => void }) {
  const stacks = useQuery(stacksQuery);
  const saved = stacks.data?.saved?.find((one) => one.name === stack);
  if (!stacks.data) return stacks.error ? <Problem error={stacks.error} onRetry={() => void stacks.refetch()} /> : <Skeleton />;
  return <Form stack={stack} params={saved?.params ?? {}} onClose={onClose} />;
}

function Form({ stack, params, onClose }: { stack: string; params: Record<string, Schemas["Param"]>; onClose: () => void }) {
  // What was there when the window opened: a form does not change under the hand.
  const [schema] = useState(() => schemaOfParams(params));
  const list = useMemo(() => fields(schema), [schema]);
  const [values, setValues] = useState<Values>(() => defaults(list));
  const [tried, setTried] = useState(false);
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [flags, setFlags] = useState({ recreate: false, remove_orphans: false, force: false });
  const request = useMemo((): Schemas["UpStack"] => ({ stack, ...(name.trim() ? { name: name.trim() } : {}), set: given(list, values), ...flags }), [stack, name, list, values, flags]);
  const [rested, setRested] = useState(request);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(request), REST);
    return () => window.clearTimeout(timer);
  }, [request]);
  const plan = useQuery({ queryKey: ["stacks", "plan", rested], queryFn: ({ signal }) => data(api.POST("/api/v1/stacks/plan", { body: rested, signal })), retry: false, placeholderData: keepPreviousData });
  const up = useMutation({ mutationFn: () => data(api.POST("/api/v1/stacks", { body: request, params: once() })) });
  const places = plan.error ? (problemOf(plan.error).errors ?? []) : [];
  const missing = tried ? check(list, values) : [];
  const ofSet = places.filter((place) => place.pointer.startsWith("/set"));
  if (up.data) {
    return (
      <>
        <OperationView
          id={up.data.id}
          onDone={(operation) => {
            onClose();
            if (operation.stack) void navigate({ to: "/stacks/$name" as never, params: { name: operation.stack.name } as never });
          }}
        />
        <div className="dialog-foot">
          <Button onClick={() => up.reset()}>Back</Button>
          <Button onClick={onClose}>Close; it goes on</Button>
        </div>
      </>
    );
  }
  const sure = rested === request && !plan.isFetching;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (sure && !plan.error && !up.isPending) up.mutate();
      }}
    >
      <Field label="Name" help="The file's where none is given" error={placesAt(places, "/name")[0]?.detail}>
        {(attributes) => <Input {...attributes} className="mono" autoCapitalize="off" placeholder={stack} value={name} onChange={setName} />}
      </Field>
      {list.length > 0 && <SchemaForm schema={schema} value={values} onChange={setValues} places={[...missing, ...ofSet]} root="/set" />}
      <Switch checked={flags.recreate} onChange={(recreate) => setFlags({ ...flags, recreate })}>
        Make every container anew
      </Switch>
      <Switch checked={flags.remove_orphans} onChange={(remove_orphans) => setFlags({ ...flags, remove_orphans })}>
        Remove what its file no longer names
      </Switch>
      <Switch checked={flags.force} onChange={(force) => setFlags({ ...flags, force })}>
        Also where programs run that would lose what they hold
      </Switch>
      {plan.error ? (
        <Problem error={plan.error} small />
      ) : !plan.data ? (
        <Skeleton />
      ) : (
        <div role="status">
          <Plan changes={plan.data.changes} />
          {(plan.data.networks ?? []).length > 0 && <p className="muted">Networks that are made: {plan.data.networks?.join(", ")}</p>}
          {(plan.data.volumes ?? []).length > 0 && <p className="muted">Volumes that are made: {plan.data.volumes?.join(", ")}</p>}
          {(plan.data.warnings ?? []).map((place, at) => (
            <p key={at} className="tone-warn">
              ▲ <code>{place.pointer}</code> {place.detail}
            </p>
          ))}
        </div>
      )}
      {up.error && <Problem error={up.error} small title="It was not brought up" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="create:containers" off={!sure || Boolean(plan.error)} busy={up.isPending}>
          Bring it up
        </Button>
      </div>
    </form>
  );
}
