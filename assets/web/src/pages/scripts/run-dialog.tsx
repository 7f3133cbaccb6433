/** What a run needs: values of the parameters, where it pauses, or the recording that it is tried against. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useMemo, useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { type Params, recordingsQuery } from "../../lib/automation";
import { clock } from "../../lib/cast";
import { useCan } from "../../lib/permissions";
import { ApiError, type Place } from "../../lib/problem";
import { type Values, check, fields, schemaOfParams } from "../../lib/schema";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Select, Switch } from "../../ui/field";
import { Problem } from "../../ui/problem";
import { SchemaForm } from "../../ui/schema-form";

export interface RunWish {
  name: string;
  header: Schemas["ScriptHeader"];
  /** The text, where it is not what is saved. */
  source?: string;
  breakpoints?: number[];
}

export function RunDialog({ wish, onClose }: { wish: RunWish | null; onClose: () => void }) {
  return (
    <Dialog open={wish !== null} onClose={onClose} title={`Run ${wish?.name ?? ""}`} about={wish?.header.about || "It runs with your rights."}>
      {wish && <Wishes wish={wish} onClose={onClose} />}
    </Dialog>
  );
}

function Wishes({ wish, onClose }: { wish: RunWish; onClose: () => void }) {
  const navigate = useNavigate();
  const can = useCan();
  const schema = useMemo(() => schemaOfParams(wish.header.params ?? {}), [wish]);
  const [values, setValues] = useState<Values>({});
  const [places, setPlaces] = useState<Place[]>([]);
  const [dry, setDry] = useState("");
  const [step, setStep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const recordings = useQuery({ ...recordingsQuery, enabled: can("read:recordings").ok });
  const points = wish.breakpoints ?? [];

  const start = async () => {
    const wrong = check(fields(schema), values);
    setPlaces(wrong);
    setError(null);
    if (wrong.length > 0 || busy) return;
    setBusy(true);
    try {
      const run = await data(
        api.POST("/api/v1/runs", {
          body: {
            ...(wish.source === undefined ? { script: wish.name } : { inline: { name: `${wish.name}.luau`, source: wish.source } }),
            params: values as Params,
            step,
            breakpoints: points,
            ...(dry ? { against: dry } : {}),
          },
        }),
      );
      onClose();
      void navigate({ to: "/runs/$id" as never, params: { id: run.id } as never });
    } catch (problem) {
      const found = problem instanceof ApiError ? (problem.problem.errors ?? []) : [];
      const own = found.filter((place) => place.pointer.startsWith("/params"));
      if (own.length > 0 && own.length === found.length) setPlaces(own.map((place) => ({ ...place, pointer: place.pointer.slice("/params".length) })));
      else setError(problem);
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
      {Object.keys(wish.header.params ?? {}).length > 0 ? <SchemaForm schema={schema} value={values} onChange={setValues} places={places} /> : <p className="muted">It has no parameters.</p>}
      {wish.source !== undefined && <p className="muted">The text as it is here runs; what is saved stays as it is.</p>}
      {points.length > 0 && <p className="muted">It pauses at {points.length === 1 ? "line" : "lines"} {points.join(", ")}.</p>}
      <details className="form-fold">
        <summary>Step by step, or tried against a recording</summary>
        <div className="form-group">
          <Switch checked={step} onChange={setStep}>
            Pause before the first call
          </Switch>
          <Field label="Dry run" help="Every session that it opens is this recording, and nothing is touched.">
            {(attributes) => (
              <Select
                {...attributes}
                value={dry}
                onChange={setDry}
                options={[{ value: "", label: "no, for real" }, ...(recordings.data ?? []).map((one) => ({ value: one.id, label: `${one.container_name}, ${new Date(one.started_at).toLocaleString()}, ${clock(one.duration_ms)}` }))]}
              />
            )}
          </Field>
        </div>
      </details>
      {error !== null && <Problem error={error} small title="It was not started" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="start:runs" icon={<Play size={13} />} busy={busy}>
          {dry ? "Try it" : "Run"}
        </Button>
      </div>
    </form>
  );
}
