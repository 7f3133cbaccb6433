/** Builds an image from a folder of the person's own, which is sent as a tar. */
import { useState, type FormEvent, useRef } from "react";
import { type Operation, newKey } from "../../lib/api";
import { chosen } from "../../lib/files";
import { bytes, percent, plural } from "../../lib/format";
import { type TarEntry, makeTar } from "../../lib/tar";
import { type Upload, query, upload, wasCancelled } from "../../lib/transfer";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input, Switch, TextArea } from "../../ui/field";
import { Problem } from "../../ui/problem";
import { Working } from "./pull";

export const BuildDialog = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title="Build an image" about="From a folder with a Dockerfile; the folder is sent to the server.">
    <Building onClose={onClose} />
  </Dialog>
);

/** The folder's own name is no part of the paths in it. */
const inside = (entries: TarEntry[]): TarEntry[] => entries.flatMap((entry) => (entry.path.includes("/") ? [{ ...entry, path: entry.path.slice(entry.path.indexOf("/") + 1) }] : []));

/** `NAME=VALUE` lines as JSON, the way the API takes them. */
function argsOf(lines: string): string | undefined {
  const pairs = lines.split("\n").flatMap((line): [string, string][] => (line.indexOf("=") > 0 ? [[line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1)]] : []));
  return pairs.length === 0 ? undefined : JSON.stringify(Object.fromEntries(pairs));
}

function Building({ onClose }: { onClose: () => void }) {
  const [tag, setTag] = useState("");
  const [recipe, setRecipe] = useState("");
  const [args, setArgs] = useState("");
  const [noCache, setNoCache] = useState(false);
  const [entries, setEntries] = useState<TarEntry[] | null>(null);
  const [far, setFar] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [operation, setOperation] = useState<string | null>(null);
  const going = useRef<Upload<Operation> | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const size = (entries ?? []).reduce((all, entry) => all + (entry.content instanceof Blob ? entry.content.size : 0), 0);
  const has = entries?.some((entry) => entry.path === (recipe.trim() || "Dockerfile")) ?? false;
  const ready = tag.trim() !== "" && entries !== null && has && far === null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready || !entries) return;
    setError(null);
    setFar(0);
    try {
      const address = `/api/v1/images/build${query({ tag: tag.trim(), dockerfile: recipe.trim(), args: argsOf(args), no_cache: noCache || undefined })}`;
      going.current = upload<Operation>("POST", address, makeTar(entries), ({ done, total }) => setFar(total > 0 ? done / total : 0), { "Idempotency-Key": newKey() });
      setOperation((await going.current.ended).id);
    } catch (problem) {
      if (!wasCancelled(problem)) setError(problem);
    } finally {
      setFar(null);
    }
  };
  if (operation) return <Working id={operation} onClose={onClose} onAgain={() => setOperation(null)} />;
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field label="Folder" help={entries ? `${plural(entries.filter((entry) => entry.kind === "file").length, "file")}, ${bytes(size)}` : "Choose the folder that the recipe copies from"} error={entries && !has ? `has no ${recipe.trim() || "Dockerfile"}` : undefined}>
        {({ id, ...attributes }) => (
          <span>
            <Button id={id} onClick={() => field.current?.click()}>
              {entries ? "Choose another" : "Choose a folder"}
            </Button>
            <input
              {...attributes}
              required={false}
              ref={field}
              type="file"
              hidden
              multiple
              aria-label="Folder to build"
              {...{ webkitdirectory: "" }}
              onChange={(event) => setEntries(inside(chosen(event.target.files ?? [])))}
            />
          </span>
        )}
      </Field>
      <Field label="Name" help="With a tag, or latest">
        {(attributes) => <Input {...attributes} className="mono" autoCapitalize="off" placeholder="mine/app:1" value={tag} onChange={setTag} />}
      </Field>
      <details className="form-fold">
        <summary>More</summary>
        <div className="form-group">
          <Field label="Recipe" help="Its path in the folder">
            {(attributes) => <Input {...attributes} className="mono" autoCapitalize="off" placeholder="Dockerfile" value={recipe} onChange={setRecipe} />}
          </Field>
          <Field label="Arguments" help="NAME=VALUE, one a line. They stay in the image's history: no secrets.">
            {(attributes) => <TextArea {...attributes} rows={3} value={args} onChange={setArgs} />}
          </Field>
          <Switch checked={noCache} onChange={setNoCache}>
            Take nothing from earlier builds
          </Switch>
        </div>
      </details>
      {error !== null && <Problem error={error} small />}
      <div className="dialog-foot">
        {far !== null && <span className="mono muted" role="status">{percent(far * 100)} sent</span>}
        <Button onClick={() => (far !== null ? going.current?.cancel() : onClose())}>Cancel</Button>
        <Button type="submit" kind="primary" needs="create:images" off={!ready && far === null} busy={far !== null}>
          Build
        </Button>
      </div>
    </form>
  );
}
