/** A schedule's form, with the times that it would have beside it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { type Params, type Schedule, myZone, scriptsQuery } from "../../lib/automation";
import { spoken } from "../../lib/calendar";
import { ApiError, type Place } from "../../lib/problem";
import { type Values, check, fields, schemaOfParams } from "../../lib/schema";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Choice, Field, Input, Select } from "../../ui/field";
import { Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { SchemaForm } from "../../ui/schema-form";

type Spec = Schemas["ScheduleSpec"];
type Next = Schemas["NextFires"];

/** How long what is typed must rest before it is looked at, in milliseconds. */
const REST = 300;
const LINES = [
  { value: "0 * * * *", label: "every hour" },
  { value: "30 2 * * *", label: "every night at 02:30" },
  { value: "0 9 * * MON-FRI", label: "on working days at 9" },
  { value: "0 18 * * FRIL", label: "on the last Friday of a month at 18" },
  { value: "@every 90m", label: "every 90 minutes" },
];
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone")];

export function ScheduleForm({ open, onClose, schedule, script }: { open: boolean; onClose: () => void; schedule?: Schedule | undefined; script?: string }) {
  return (
    <Dialog open={open} onClose={onClose} size="wide" title={schedule ? `Change ${schedule.name}` : "New schedule"} about="It runs on the server, with nobody attached, with the rights of whoever saves it.">
      {open && <Form onClose={onClose} schedule={schedule} script={script} />}
    </Dialog>
  );
}

function Form({ onClose, schedule, script }: { onClose: () => void; schedule: Schedule | undefined; script: string | undefined }) {
  const queries = useQueryClient();
  const scripts = useQuery(scriptsQuery);
  const before = schedule?.spec;
  const [name, setName] = useState(schedule?.name ?? "");
  const [kind, setKind] = useState<"cron" | "at">(before?.at ? "at" : "cron");
  const [spec, setSpec] = useState<Spec>(before ?? { script: script ?? null, cron: "30 2 * * *", zone: myZone(), missed: { policy: "once" }, overlap: "forbid", jitter_seconds: 0 });
  const [places, setPlaces] = useState<Place[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Spec>) => setSpec((now) => ({ ...now, ...part }));
  const wish = useMemo((): Spec => ({ ...spec, cron: kind === "cron" ? (spec.cron ?? "") : null, at: kind === "at" ? (spec.at ?? "") : null }), [spec, kind]);
  const preview = usePreview(wish);
  const header = scripts.data?.items.find((one) => one.name === spec.script)?.header;
  const schema = useMemo(() => schemaOfParams(header?.params ?? {}), [header]);
  const all = [...places, ...preview.places];
  const wrong = (pointer: string) => all.find((place) => place.pointer === pointer)?.detail;

  const save = async () => {
    const found: Place[] = [
      ...(name === "" ? [{ pointer: "/name", detail: "must be filled in" }] : []),
      ...(!spec.script && !spec.inline ? [{ pointer: "/spec/script", detail: "must be chosen" }] : []),
      ...check(fields(schema), (spec.params ?? {}) as Values).map((place) => ({ ...place, pointer: `/spec/params${place.pointer}` })),
    ];
    setPlaces(found);
    setError(null);
    if (found.length > 0 || busy) return;
    setBusy(true);
    try {
      if (schedule) await data(api.PUT("/api/v1/schedules/{name}", { params: { path: { name: schedule.name } }, body: { spec: wish, replaces: schedule.version } }));
      else await data(api.POST("/api/v1/schedules", { body: { name, spec: wish } }));
      await queries.invalidateQueries({ queryKey: ["schedules"] });
      onClose();
    } catch (problem) {
      const said = problem instanceof ApiError ? (problem.problem.errors ?? []) : [];
      setPlaces(said);
      if (said.length === 0) setError(problem);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="form-beside">
        <div className="form">
          {!schedule && (
            <Field label="Name" required error={wrong("/name")}>
              {(attributes) => <Input {...attributes} required={false} className="mono" autoCapitalize="off" value={name} onChange={setName} />}
            </Field>
          )}
          {spec.inline ? (
            <p className="muted">It runs a text of its own, {spec.inline.name}.</p>
          ) : (
            <Field label="Script" required error={wrong("/spec/script")} help={header?.about}>
              {(attributes) => (
                <Select
                  {...attributes}
                  required={false}
                  value={spec.script ?? ""}
                  onChange={(script) => change({ script, params: {} })}
                  options={[{ value: "", label: "choose…" }, ...(scripts.data?.items ?? []).map((one) => ({ value: one.name, label: one.name }))]}
                />
              )}
            </Field>
          )}
          {Object.keys(header?.params ?? {}).length > 0 && <SchemaForm schema={schema} value={(spec.params ?? {}) as Values} onChange={(params) => change({ params: params as Params })} places={all.filter((place) => place.pointer.startsWith("/spec/params"))} root="/spec/params" />}
          <Choice label="When" value={kind} onChange={setKind} options={[{ value: "cron", label: "Again and again" }, { value: "at", label: "Once" }]} />
          {kind === "cron" ? (
            <Field label="Cron line" error={wrong("/spec/cron")} help="minute hour day month weekday; @daily; @every 90m">
              {(attributes) => (
                <>
                  <Input {...attributes} required={false} className="mono" list="cron-lines" value={spec.cron ?? ""} onChange={(cron) => change({ cron })} />
                  <datalist id="cron-lines">
                    {LINES.map((line) => (
                      <option key={line.value} value={line.value}>
                        {line.label}
                      </option>
                    ))}
                  </datalist>
                </>
              )}
            </Field>
          ) : (
            <Field label="Time" error={wrong("/spec/at")} help="By the clocks of the zone below.">
              {(attributes) => <Input {...attributes} required={false} type="datetime-local" value={(spec.at ?? "").slice(0, 16)} onChange={(at) => change({ at })} />}
            </Field>
          )}
          <Field label="Time zone" error={wrong("/spec/zone")}>
            {(attributes) => (
              <>
                <Input {...attributes} required={false} list="zones" value={spec.zone ?? ""} onChange={(zone) => change({ zone })} />
                <datalist id="zones">
                  {ZONES.map((zone) => (
                    <option key={zone} value={zone} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
          <div className="pair">
            <Field label="What was missed" error={wrong("/spec/missed")} help="Times at which no server ran.">
              {(attributes) => (
                <Select
                  {...attributes}
                  value={spec.missed?.policy ?? "once"}
                  onChange={(policy) => change({ missed: policy === "all" ? { policy: "all", most: 10 } : { policy: policy as "skip" | "once" } })}
                  options={[
                    { value: "once", label: "one run for all" },
                    { value: "skip", label: "nothing" },
                    { value: "all", label: "a run for each" },
                  ]}
                />
              )}
            </Field>
            <Field label="While one still runs" error={wrong("/spec/overlap")}>
              {(attributes) => (
                <Select
                  {...attributes}
                  value={spec.overlap ?? "forbid"}
                  onChange={(overlap) => change({ overlap: overlap as Schemas["Overlap"] })}
                  options={[
                    { value: "forbid", label: "leave the new one out" },
                    { value: "allow", label: "both run" },
                    { value: "replace", label: "cancel the old one" },
                    { value: "queue", label: "wait for its turn" },
                  ]}
                />
              )}
            </Field>
          </div>
          {spec.missed?.policy === "all" && (
            <Field label="At most" error={wrong("/spec/missed/most")}>
              {(attributes) => <Input {...attributes} inputMode="numeric" unit="runs" value={String(spec.missed && "most" in spec.missed ? (spec.missed.most ?? "") : "")} onChange={(most) => change({ missed: { policy: "all", ...(most === "" ? {} : { most: Number(most) }) } })} />}
            </Field>
          )}
          <Field label="Up to so much later" error={wrong("/spec/jitter_seconds")} help="So that not everything starts in the same second.">
            {(attributes) => <Input {...attributes} inputMode="numeric" unit="seconds" value={String(spec.jitter_seconds ?? 0)} onChange={(seconds) => change({ jitter_seconds: Number(seconds) || 0 })} />}
          </Field>
        </div>
        <Preview preview={preview} zone={spec.zone ?? "UTC"} />
      </div>
      {error !== null && <Problem error={error} small title="It was not saved" />}
      {places.filter((place) => !/^\/(?:name|spec\/(?:script|cron|at|zone|missed|overlap|jitter_seconds|params))/.test(place.pointer)).map((place, at) => (
        <p key={at} className="field-error" role="alert">
          ✖ {place.detail}
        </p>
      ))}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="manage:schedules" busy={busy}>
          {schedule ? "Save" : "Make it"}
        </Button>
      </div>
    </form>
  );
}

interface Previewed {
  next: Next | null;
  places: Place[];
  error: unknown;
}

/** The next times of what is in the form, asked when it rests. */
function usePreview(spec: Spec): Previewed {
  const [found, setFound] = useState<Previewed>({ next: null, places: [], error: null });
  const { cron, at, zone, missed, overlap, jitter_seconds } = spec;
  const asked = useMemo((): Spec => ({ cron: cron || null, at: at || null, ...(zone === undefined ? {} : { zone }), ...(missed ? { missed } : {}), ...(overlap ? { overlap } : {}), ...(jitter_seconds ? { jitter_seconds } : {}) }), [cron, at, zone, missed, overlap, jitter_seconds]);
  useEffect(() => {
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      data(api.POST("/api/v1/schedules/preview", { body: { spec: asked, zone: myZone(), count: 10 }, signal: stop.signal })).then(
        (next) => setFound({ next, places: [], error: null }),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          const places = error instanceof ApiError ? (error.problem.errors ?? []) : [];
          setFound({ next: null, places, error: places.length > 0 ? null : error });
        },
      );
    }, REST);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [asked]);
  return found;
}

function Preview({ preview, zone }: { preview: Previewed; zone: string }) {
  return (
    <div role="region" aria-label="Next times" aria-live="polite">
      <h3>Next times</h3>
      {preview.error !== null ? (
        <Problem error={preview.error} small />
      ) : preview.places.length > 0 ? (
        <p className="muted">There are none until what is wrong is put right.</p>
      ) : preview.next === null ? (
        <Skeleton lines={5} />
      ) : (
        <NextTimes next={preview.next} zone={zone} />
      )}
    </div>
  );
}

/** Times by the clocks of the schedule and by those of whoever looks, and what changes of the clocks do to them. */
export function NextTimes({ next, zone }: { next: Next; zone: string }) {
  const mine = myZone();
  if (next.items.length === 0) return <p className="muted">No time is to come.</p>;
  return (
    <>
      <ul className="fires">
        <li className="muted">
          <span>{zone}</span>
          <span>{mine === zone ? "" : `yours, ${mine}`}</span>
        </li>
        {next.items.map((fire) => (
          <li key={fire.due}>
            <span className="mono">{spoken(fire.local)}</span>
            <span className="mono muted">{mine === zone ? "" : spoken(fire.yours ?? fire.due)}</span>
            {fire.note && <span className="wide tone-warn">▲ {fire.note}</span>}
          </li>
        ))}
      </ul>
      {next.warnings.length > 0 && (
        <ul className="warnings" aria-label="Changes of the clocks">
          {next.warnings.map((warning, at) => (
            <li key={at} className="tone-warn">
              ▲ {warning.text}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
