/** One file: looked at, and changed where it is text. */
import { useQuery } from "@tanstack/react-query";
import { Download, Save, X } from "lucide-react";
import { useState } from "react";
import { type Container, api, data } from "../../../lib/api";
import { type Entry, type Place, child, languageOf, nameOf, parent, pictureOf, textOf } from "../../../lib/files";
import { bytes } from "../../../lib/format";
import { useShortcuts } from "../../../lib/keyboard";
import { notify, notifyError } from "../../../lib/notices";
import { useCan } from "../../../lib/permissions";
import { makeTar, readTar } from "../../../lib/tar";
import { read } from "../../../lib/transfer";
import { Button } from "../../../ui/button";
import { CodeEditor } from "../../../ui/code-editor";
import { Confirm, Dialog } from "../../../ui/dialog";
import { Diff } from "../../../ui/diff";
import { Empty, Skeleton } from "../../../ui/page";
import { Problem } from "../../../ui/problem";
import { Time } from "../../../ui/time";
import { archive, downloadEntry, place, put } from "./requests";

/** Largest file that is shown, in bytes. */
const MOST = 2 * 1024 ** 2;

interface PreviewProps {
  container: Container;
  directory: Place;
  entry: Entry;
  onClose: () => void;
  onSaved: () => void;
}

export function Preview({ container, directory, entry, onClose, onSaved }: PreviewProps) {
  const can = useCan();
  const write = can("write:files");
  const [changed, setChanged] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  /** What is there now, where somebody wrote it meanwhile: its text, or nothing where it is none. */
  const [conflict, setConflict] = useState<{ text: string | undefined } | null>(null);
  const [leaving, setLeaving] = useState(false);
  const tooLarge = entry.size_bytes > MOST;
  const stat = (at: Place) => data(api.GET("/api/v1/containers/{id}/files/stat", { params: { path: { id: container.id }, query: place(at) } }));
  const found = useQuery({
    queryKey: ["containers", container.id, "file", child(directory, entry).path],
    queryFn: async ({ signal }) => {
      let at = child(directory, entry);
      let seen = await stat(at);
      // What a link leads to is what is read and written.
      if (seen.kind === "link" && seen.target) {
        at = { path: seen.target };
        seen = await stat(at);
      }
      if (seen.size_bytes > MOST) return { at, seen, file: undefined };
      const file = readTar(await read(archive(container.id, at), { most: MOST + 64 * 1024, signal })).find((one) => one.kind === "file");
      return { at, seen, file };
    },
    staleTime: Infinity,
    gcTime: 0,
    enabled: !tooLarge,
    retry: false,
  });
  const file = found.data?.file;
  const said = file ? textOf(file.content) : undefined;
  const picture = file && said === undefined ? pictureOf(entry.name, file.content) : undefined;
  const dirty = changed !== null && changed !== said;

  const save = async (overwrite = false) => {
    if (!dirty || !found.data || !file || busy) return;
    const { at, seen } = found.data;
    setBusy(true);
    try {
      const now = await stat(at).catch(() => undefined);
      if (!overwrite && now && (now.modified_at !== seen.modified_at || now.size_bytes !== seen.size_bytes)) {
        const theirs = now.size_bytes > MOST ? undefined : readTar(await read(archive(container.id, at), { most: MOST + 64 * 1024 })).find((one) => one.kind === "file");
        setConflict({ text: theirs && textOf(theirs.content) });
        return;
      }
      const to = at.path_base64 ? directory : { path: parent(at.path) };
      await put(container.id, to, makeTar([{ path: nameOf(at.path), kind: "file", content: new TextEncoder().encode(changed), mode: file.mode, uid: file.uid, gid: file.gid, modified: Date.now() }])).ended;
      notify({ tone: "ok", title: `${entry.name} was saved` });
      await found.refetch();
      setChanged(null);
      onSaved();
    } catch (error) {
      notifyError(`${entry.name} could not be saved`, error);
    } finally {
      setBusy(false);
    }
  };
  const leave = () => (dirty ? setLeaving(true) : onClose());
  useShortcuts([{ keys: "Escape", label: "close the file", group: "Files", run: leave }]);
  const download = <Button kind={tooLarge ? "primary" : "quiet"} label="Download" icon={<Download size={15} />} onClick={() => downloadEntry(container, directory, entry).catch((error: unknown) => notifyError(`${entry.name} could not be downloaded`, error))} />;

  return (
    <section className="preview" aria-label={entry.name}>
      <div className="preview-head">
        <h2 className="mono cut">{entry.name}</h2>
        {dirty && <span className="tone-warn">● not saved</span>}
        <span className="muted wide-only">
          {bytes(entry.size_bytes)} · <Time at={entry.modified_at} />
        </span>
        <span className="spring" />
        {said !== undefined && (
          <Button kind="primary" needs="write:files" icon={<Save size={14} />} off={!dirty} busy={busy} onClick={() => void save()}>
            Save
          </Button>
        )}
        {!tooLarge && download}
        <Button kind="quiet" label="Close the file" icon={<X size={16} />} onClick={leave} />
      </div>
      {found.error ? (
        <Problem error={found.error} onRetry={() => void found.refetch()} title={`${entry.name} could not be read`} />
      ) : tooLarge || (found.data && !file) ? (
        <Empty title={tooLarge || (found.data?.seen.size_bytes ?? 0) > MOST ? `${entry.name} is too large to be shown (${bytes(Math.max(entry.size_bytes, found.data?.seen.size_bytes ?? 0))})` : `${entry.name} is no file that can be shown`} action={download} />
      ) : !found.data ? (
        <Skeleton lines={8} label="Loading the file" />
      ) : said !== undefined ? (
        <CodeEditor label={`Text of ${entry.name}`} value={changed ?? said} language={languageOf(entry.name)} readOnly={!write.ok} onChange={setChanged} onSave={() => void save()} />
      ) : picture ? (
        <div className="picture">
          <img src={picture} alt={entry.name} />
        </div>
      ) : (
        <Empty title={`${entry.name} is no text`} action={download}>
          {bytes(entry.size_bytes)} of other bytes.
        </Empty>
      )}
      <Dialog
        open={conflict !== null}
        onClose={() => setConflict(null)}
        size="wide"
        title={`${entry.name} was changed meanwhile`}
        about="Somebody, or a program, has changed it since you opened it. Lines of theirs that yours lacks begin with −, yours that theirs lacks with +."
        foot={
          <>
            <Button onClick={() => setConflict(null)}>Go on writing</Button>
            <Button
              onClick={() => {
                setConflict(null);
                setChanged(null);
                void found.refetch();
              }}
            >
              Take theirs, lose mine
            </Button>
            <Button
              kind="danger"
              onClick={() => {
                setConflict(null);
                void save(true);
              }}
            >
              Save mine over it
            </Button>
          </>
        }
      >
        {conflict?.text === undefined ? <p className="muted">What is there now is no text that can be shown.</p> : <Diff before={conflict.text} now={changed ?? ""} />}
      </Dialog>
      <Confirm open={leaving} onClose={() => setLeaving(false)} title={`Close ${entry.name} without saving?`} verb="Close it" danger onConfirm={onClose}>
        <p>What you changed is lost.</p>
      </Confirm>
    </section>
  );
}
