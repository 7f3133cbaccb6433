/** A template's form, what it becomes beside it, and the launch. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { type DryRun, type Operation, type Schemas, api, data, dryRun, newKey, once } from "../../lib/api";
import { plural } from "../../lib/format";
import { type CreateContainer, type Template, drafts, launchSchema, runLine, setOf, templateOfText } from "../../lib/launch";
import { useCan } from "../../lib/permissions";
import { type Place, problemOf } from "../../lib/problem";
import { templateQuery } from "../../lib/queries";
import { type Values, check, defaults, fields, placesAt } from "../../lib/schema";
import { flag, text, useAddress } from "../../lib/search";
import { Button, CopyButton } from "../../ui/button";
import { CodeEditor } from "../../ui/code-editor";
import { DrySteps } from "../../ui/dry-steps";
import { Field, Input } from "../../ui/field";
import { OperationView } from "../../ui/operation";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { SchemaForm } from "../../ui/schema-form";
import "./launch.css";

const ADDRESS = { op: text(), draft: flag() };
/** How long the form rests before the server is asked, in milliseconds. */
const REST = 250;

export default function LaunchTemplate() {
  const { template: name = "" } = useParams({ strict: false }) as { template?: string };
  const [address] = useAddress(ADDRESS);
  const draft = address.draft ? drafts.get(name) : undefined;
  const saved = useQuery({ ...templateQuery(name), enabled: !address.draft });
  if (address.draft) {
    const template = draft === undefined ? undefined : templateOfText(draft);
    if (draft === undefined || !template) {
      return (
        <>
          <PageHeader title={`Launch ${name}`} />
          <Empty title="The changed text is gone" action={<Link to={"/templates/$name" as never} params={{ name } as never}>Open the template again</Link>}>
            It is kept as long as the page is open, and was not saved.
          </Empty>
        </>
      );
    }
    return <LaunchForm key={draft} name={name} template={template} inline={{ source: `${name}.json`, text: draft }} />;
  }
  if (saved.error && !saved.data) {
    return (
      <>
        <PageHeader title={`Launch ${name}`} />
        <Problem error={saved.error} onRetry={() => void saved.refetch()} />
      </>
    );
  }
  if (!saved.data) return <Skeleton lines={8} label="Loading the template" />;
  return <LaunchForm key={name} name={name} template={saved.data.template} />;
}

/** The value once it has rested. */
function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), REST);
    return () => window.clearTimeout(timer);
  }, [value]);
  return rested;
}

function LaunchForm({ name, template, inline }: { name: string; template: Template; inline?: Schemas["InlineTemplate"] }) {
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const schema = useMemo(() => launchSchema(template), [template]);
  const list = useMemo(() => fields(schema), [schema]);
  const [values, setValues] = useState<Values>(() => defaults(list));
  const [called, setCalled] = useState("");
  const [tried, setTried] = useState(false);
  // One key for one wish: pressed twice, it is launched once.
  const [key, setKey] = useState(newKey);

  const request = useMemo((): CreateContainer => {
    const own = setOf(values);
    // What is as the template has it need not be said.
    for (const field of list) if (field.usual !== undefined && own[field.name] === String(field.usual)) delete own[field.name];
    return { ...(inline ? { inline } : { template: name }), ...(called.trim() ? { name: called.trim() } : {}), set: own };
  }, [values, called, list, inline, name]);
  const rested = useRested(request);
  const missing = useMemo(() => check(list, values), [list, values]);
  const may = useCan()("create:containers").ok;
  const rendered = useQuery({
    queryKey: ["templates", "render", rested, may],
    queryFn: ({ signal }) => would(rested, may, signal),
    placeholderData: keepPreviousData,
    retry: false,
    enabled: address.op === "",
  });
  const launch = useMutation({
    mutationFn: () => data(api.POST("/api/v1/containers", { body: request, params: once(key) })),
    onSuccess: (operation) => setAddress({ op: operation.id }),
    onSettled: () => setKey(newKey()),
  });

  const current = rested === request && !rendered.isFetching;
  const said = rendered.error ? (problemOf(rendered.error).errors ?? []) : [];
  const refused = launch.error ? (problemOf(launch.error).errors ?? []) : [];
  // What is empty and must not be is only said after a try.
  const places = [...said, ...refused].filter((place) => place.pointer.startsWith("/set")).concat(tried ? missing.map((place) => ({ ...place, pointer: `/set${place.pointer}` })) : missing.filter((place) => place.detail !== "must be filled in").map((place) => ({ ...place, pointer: `/set${place.pointer}` })));
  const taken = [rendered.error, launch.error].find((error) => error && problemOf(error).code === "name_in_use");
  const named = placesAt([...said, ...refused], "/name")[0]?.detail ?? (taken ? problemOf(taken).detail : undefined);
  // The server's word for what is empty and must not be; the form says that itself.
  const empty = said.length > 0 && said.every((place) => place.pointer.startsWith("/params/")) && missing.length > 0;
  const elsewhere = rendered.error && !taken && said.every((place) => !place.pointer.startsWith("/set") && !place.pointer.startsWith("/name"));
  const spec = rendered.error ? undefined : rendered.data?.rendered;
  const steps = rendered.error ? [] : (rendered.data?.steps ?? []);
  const shown = useMemo(() => (spec ? JSON.stringify(tidy(spec.spec), null, 2) : ""), [spec]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (missing.length === 0 && !launch.isPending) launch.mutate();
  };
  const done = (operation: Operation) => {
    if (operation.result) void navigate({ to: "/containers/$id" as never, params: { id: operation.result.id } as never, replace: true });
  };

  return (
    <>
      <PageHeader title={<>Launch <span className="mono">{name}</span></>} name={`Launch ${name}`} about={template.description} actions={<Link className="button" to={"/templates/$name" as never} params={{ name } as never}>See the template</Link>} />
      {address.op !== "" ? (
        <div className="launch-form">
          <OperationView id={address.op} onDone={done} />
          <div className="launch-foot">
            <Button onClick={() => setAddress({ op: "" })}>Back to the form</Button>
          </div>
        </div>
      ) : (
        <form className="launch" onSubmit={submit} aria-label={`Launch ${name}`}>
          <div className="launch-form">
            <Field label="Name" help="Made up where none is given" error={named}>
              {(attributes) => <Input {...attributes} className="mono" autoCapitalize="off" placeholder={spec?.spec.name ?? `${name}-1`} value={called} onChange={setCalled} autoFocus />}
            </Field>
            <SchemaForm schema={schema} value={values} onChange={setValues} places={places} root="/set" />
            {launch.error && <Problem error={launch.error} small title="It was not launched" />}
            <div className="launch-foot">
              <Button type="submit" kind="primary" icon={<Play size={13} />} needs="create:containers" busy={launch.isPending}>
                Launch
              </Button>
            </div>
          </div>
          <div className="launch-spec" data-stale={!current}>
            <div className="section-head">
              <h2>What is launched</h2>
              <span className="muted" role="status">
                {!current ? "asking…" : empty ? "fill in what is marked *" : rendered.error ? <span className="tone-bad">✖ not as it is</span> : <span className="tone-ok">✔ can be launched</span>}
              </span>
            </div>
            {!inline && (
              <div className="command-line">
                <code tabIndex={0} aria-label="The command that does the same">
                  {runLine(name, request)}
                </code>
                <CopyButton text={() => runLine(name, request)} />
              </div>
            )}
            {rendered.error && !empty && (elsewhere ? <Problem error={rendered.error} small onRetry={() => void rendered.refetch()} /> : <p className="field-error">✖ {problemOf(rendered.error).detail}</p>)}
            {(spec?.warnings ?? []).map((place, at) => (
              <p key={at} className="tone-warn">
                ▲ <code>{place.pointer}</code> {place.detail}
              </p>
            ))}
            {(spec?.directories ?? []).length > 0 && <p className="muted">{plural(spec?.directories?.length ?? 0, "directory", "directories")} of the server's machine will be made: {spec?.directories?.join(", ")}</p>}
            {steps.length > 0 && <DrySteps steps={steps} />}
            {shown ? <CodeEditor label="The container's specification" value={shown} language="json" readOnly /> : !rendered.error && <Skeleton lines={10} />}
          </div>
        </form>
      )}
    </>
  );
}

/** What is shown of a container that would be made. */
interface Shown {
  spec: { name: string };
  directories?: string[];
  warnings?: Place[];
}

/** What a launch would do, and the container that it would make; of who may not launch, only the latter can be asked. */
async function would(request: CreateContainer, may: boolean, signal: AbortSignal): Promise<{ steps: DryRun["steps"]; rendered?: Shown | null }> {
  if (may) return dryRun(api.POST("/api/v1/containers", { params: { query: { dry_run: true } }, body: request, signal }));
  return { steps: [], rendered: await data(api.POST("/api/v1/templates/render", { body: request, signal })) };
}

/** Without what is empty: what is left is what was said. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, one]): [string, unknown] => [name, tidy(one)])
      .filter(([, one]) => one !== null && one !== false && !(typeof one === "object" && one !== null && Object.keys(one).length === 0)),
  );
}
