/** One template: its JSON in an editor that is checked by the server as one writes, and saved there. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Play, RotateCcw, Save } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { api, data } from "../../lib/api";
import { useCommands } from "../../lib/commands";
import { plural } from "../../lib/format";
import { drafts, sampleValues, templateOfText } from "../../lib/launch";
import { notify, notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { type Place, problemOf } from "../../lib/problem";
import { templateQuery } from "../../lib/queries";
import { flag, useAddress } from "../../lib/search";
import { type SavedBy, type TemplateEntry, removeTemplate, savedBy, savedNow, textOf } from "../../lib/templates";
import { save } from "../../lib/transfer";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CodeEditor, type Diagnostic } from "../../ui/code-editor";
import { Conflict } from "../../ui/conflict";
import { Confirm } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { SaveDialog } from "./save";

const ADDRESS = { draft: flag() };
/** How long the text rests before it is checked, in milliseconds. */
const REST = 400;

export default function TemplatePage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const [address] = useAddress(ADDRESS);
  const isNew = address.draft && drafts.has(name);
  const found = useQuery({ ...templateQuery(name), enabled: !isNew });
  // One component, saved or not: saving must not take the keyboard, nor what can be undone.
  if (isNew) return <Editing key={name} name={name} entry={undefined} />;
  if (found.error && !found.data) {
    return (
      <>
        <PageHeader title={name} />
        <Problem error={found.error} onRetry={() => void found.refetch()} />
      </>
    );
  }
  if (!found.data) return <Skeleton lines={8} label="Loading the template" />;
  return <Editing key={name} name={name} entry={found.data} />;
}

const toDiagnostic = (tone: Diagnostic["tone"]) => (place: Place): Diagnostic => ({ line: place.line ?? 1, ...(place.column ? { column: place.column } : {}), text: `${place.pointer ? `${place.pointer}: ` : ""}${place.detail}`, tone });

function Editing({ name, entry }: { name: string; entry: TemplateEntry | undefined }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const can = useCan();
  const [, setAddress] = useAddress(ADDRESS);
  /** What is saved, as this page last knew it; others may have saved since. */
  const [base, setBase] = useState(entry);
  const saved = useMemo(() => (base ? textOf(base) : ""), [base]);
  const [value, setValue] = useState(() => drafts.get(name) ?? saved);
  const [saving, setSaving] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [conflict, setConflict] = useState<{ theirs: TemplateEntry | undefined; by: SavedBy | undefined } | null>(null);
  const changed = value !== saved;
  // Somebody else's change is taken over where nothing was written here.
  const newer = entry !== undefined && base !== undefined && entry.etag !== base.etag;
  useEffect(() => {
    if (!newer || changed || saving) return;
    setBase(entry);
    setValue(textOf(entry));
  }, [newer, changed, saving, entry]);
  useEffect(() => {
    if (changed) drafts.set(name, value);
    else drafts.delete(name);
  }, [value, changed, name]);

  const source = `${name}.json`;
  const { mistakes, diagnostics, sure, problem } = useMistakes(source, value);
  const launch = () => void navigate({ to: "/launch/$template" as never, params: { template: name } as never, search: (changed ? { draft: "1" } : {}) as never });
  const compare = async () => {
    setSaving(false);
    try {
      const [theirs, by] = await Promise.all([savedNow(name), savedBy(name)]);
      setConflict({ theirs, by });
    } catch (error) {
      notifyError("What is saved now could not be read", error);
    }
  };
  const took = (now: TemplateEntry, text: string) => {
    queries.setQueryData(templateQuery(name).queryKey, now);
    setBase(now);
    setValue(text);
    drafts.delete(name);
    setAddress({ draft: false });
  };
  const may = can("write:templates");
  const ask = () => {
    if (may.ok && changed && !(mistakes.length > 0 && sure)) setSaving(true);
  };
  useCommands([{ label: `Save ${name}…`, group: "This template", needs: "write:templates", keys: "Ctrl+S", run: ask }], name);

  return (
    <div className="fill-page">
      <PageHeader
        title={<span className="mono">{name}</span>}
        name={`${name}, template`}
        beside={
          <>
            {base ? <Badge tone={base.origin === "gallery" ? "muted" : "info"}>{base.origin}</Badge> : <Badge tone="info">new</Badge>}
            {changed && <Badge tone="warn">not saved</Badge>}
          </>
        }
        about={base?.path ? <span className="mono">{base.path}</span> : base ? "ships inside cto" : undefined}
        actions={
          <>
            <Button icon={<Save size={14} />} needs="write:templates" off={!changed ? "nothing was changed" : mistakes.length > 0 && sure && "there are mistakes in it"} onClick={ask}>
              Save…
            </Button>
            <Button kind="primary" icon={<Play size={13} />} needs="create:containers" off={mistakes.length > 0 && sure && "there are mistakes in it"} onClick={launch}>
              {changed ? "Launch as it is here" : "Launch"}
            </Button>
            <MoreMenu
              items={[
                { label: "Revert", icon: <RotateCcw size={13} />, off: changed && base ? false : "nothing was changed", onSelect: () => setValue(saved) },
                { label: "Copy", onSelect: () => void navigator.clipboard?.writeText(value).catch(() => notify({ tone: "warn", title: "The browser does not let this page copy" })) },
                { label: "Download", onSelect: () => save(value, source) },
                { group: "" },
                { label: "Remove…", danger: true, needs: "write:templates", off: !base ? "it is not saved" : base.origin === "gallery" ? "it ships with cto" : base.origin === "user" ? false : "it is the machine's", onSelect: () => setRemoving(true) },
              ]}
            />
          </>
        }
      />
      {newer && changed && (
        <p className="banner warn" role="status">
          <span>▲ Somebody else has saved it since you began.</span>
          <Button onClick={() => void compare()}>Compare</Button>
        </p>
      )}
      {changed && !may.ok && (
        <p className="banner" role="status">
          <span>Changed here only, and lost with the page: saving {may.reason}. It can be launched as it is here.</span>
        </p>
      )}
      <p role="status" className={mistakes.length > 0 ? "tone-bad" : "muted"}>
        {!sure ? "checking…" : mistakes.length > 0 ? `✖ ${plural(mistakes.length, "mistake")}` : problem && (problem.errors ?? []).length === 0 ? `▲ ${problem.detail}` : "✔ no mistakes"}
      </p>
      {sure && mistakes.length > 0 && (
        <ul className="problem-places" aria-label="Mistakes">
          {mistakes.map((place, at) => (
            <li key={at}>
              <code>{[place.line && `${place.line}:${place.column ?? 1}`, place.pointer].filter(Boolean).join(" ") || "/"}</code> {place.detail}
            </li>
          ))}
        </ul>
      )}
      <CodeEditor label={`Template ${name}`} value={value} language="json" onChange={setValue} diagnostics={diagnostics} onSave={ask} />
      {saving && (
        <SaveDialog
          name={name}
          text={value}
          base={base}
          before={saved}
          onClose={() => setSaving(false)}
          onSaved={(now) => {
            setSaving(false);
            took(now, value);
            notify({ tone: "ok", title: `${name} is saved` });
          }}
          onStale={() => void compare()}
        />
      )}
      <Conflict
        open={conflict !== null}
        theirs={conflict?.theirs && textOf(conflict.theirs)}
        mine={value}
        by={
          conflict?.by && (
            <>
              Last {conflict.theirs ? "saved" : "changed"} here by <strong>{conflict.by.actor}</strong>, <Time at={conflict.by.at} />.
            </>
          )
        }
        onClose={() => setConflict(null)}
        onTake={() => {
          if (conflict?.theirs) took(conflict.theirs, textOf(conflict.theirs));
          setConflict(null);
        }}
        onOver={() => {
          // Once more over what there is now: its window shows what that changes.
          setBase(conflict?.theirs);
          setConflict(null);
          setSaving(true);
        }}
      />
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await removeTemplate(name, base?.etag ?? "");
          drafts.delete(name);
          void queries.invalidateQueries({ queryKey: ["templates"], exact: true });
          queries.removeQueries({ queryKey: templateQuery(name).queryKey, exact: true });
          void navigate({ to: "/templates" as never });
        }}
      >
        <p>
          Its file <code>{base?.path}</code> is removed. Containers that were launched from it stay; one that ships with cto and was covered by it is there again.
        </p>
      </Confirm>
    </div>
  );
}

/** What is wrong in a text, asked of the server when it rests. */
function useMistakes(source: string, value: string) {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), REST);
    return () => window.clearTimeout(timer);
  }, [value]);
  const checked = useQuery({
    queryKey: ["templates", "check", rested],
    queryFn: ({ signal }) => data(api.POST("/api/v1/templates/render", { body: { inline: { source, text: rested }, set: sampleValues(templateOfText(rested)) }, signal })),
    retry: false,
  });
  const problem = checked.error ? problemOf(checked.error) : undefined;
  // Values are the launch's matter, not the text's.
  const mistakes = (problem?.errors ?? []).filter((place) => !place.pointer.startsWith("/set/") || place.line);
  const diagnostics = useMemo(() => [...mistakes.map(toDiagnostic("bad")), ...(checked.data?.warnings ?? []).filter((place) => place.line).map(toDiagnostic("warn"))], [checked.data, checked.error]);
  return { mistakes, diagnostics, problem, sure: rested === value && !checked.isFetching };
}
