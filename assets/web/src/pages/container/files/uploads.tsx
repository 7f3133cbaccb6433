/** Uploads under way: how far each is, and how it ended. */
import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Container } from "../../../lib/api";
import type { Place } from "../../../lib/files";
import { bytes, plural } from "../../../lib/format";
import { problemOf } from "../../../lib/problem";
import { type TarEntry, makeTar } from "../../../lib/tar";
import { wasCancelled } from "../../../lib/transfer";
import { Button } from "../../../ui/button";
import { put } from "./requests";

interface One {
  id: number;
  title: string;
  done: number;
  total: number;
  state: "running" | "done" | "failed" | "cancelled";
  error?: string;
  cancel: () => void;
}

export interface Uploads {
  list: One[];
  send: (at: Place, entries: TarEntry[]) => void;
  forget: (id: number) => void;
}

/** How long one that succeeded is shown, in milliseconds. */
const STAYS = 6_000;

export function useUploads(container: Container, after: () => void): Uploads {
  const [list, setList] = useState<One[]>([]);
  const next = useRef(1);
  const ended = useRef(after);
  ended.current = after;
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const going = list.some((one) => one.state === "running");
  useEffect(() => {
    if (!going) return;
    // Leaving the page would cut it.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [going]);
  const change = (id: number, what: Partial<One>) => alive.current && setList((before) => before.map((one) => (one.id === id ? { ...one, ...what } : one)));
  const forget = (id: number) => setList((before) => before.filter((one) => one.id !== id));
  const send = (at: Place, entries: TarEntry[]) => {
    const id = next.current++;
    const files = entries.filter((entry) => entry.kind === "file");
    const only = files.length === 1 ? files[0] : undefined;
    const body = makeTar(entries);
    const going = put(container.id, at, body, ({ done, total }) => change(id, { done, total }));
    setList((before) => [...before, { id, title: `${only ? only.path : plural(files.length, "file")} to ${at.path}`, done: 0, total: body.size, state: "running", cancel: going.cancel }]);
    going.ended.then(
      () => {
        change(id, { state: "done", done: body.size });
        ended.current();
        window.setTimeout(() => alive.current && forget(id), STAYS);
      },
      (error: unknown) => {
        change(id, wasCancelled(error) ? { state: "cancelled" } : { state: "failed", error: problemOf(error).detail });
        ended.current();
      },
    );
  };
  return { list, send, forget };
}

const WORDS = { running: { glyph: "◐", word: "", tone: "info" }, done: { glyph: "✔", word: "uploaded", tone: "ok" }, failed: { glyph: "✖", word: "failed", tone: "bad" }, cancelled: { glyph: "○", word: "cancelled; what came before it stays", tone: "muted" } };

export function UploadList({ uploads }: { uploads: Uploads }) {
  if (uploads.list.length === 0) return null;
  return (
    <ul className="uploads" aria-label="Uploads">
      {uploads.list.map((one) => (
        <li key={one.id}>
          <span className={`tone-${WORDS[one.state].tone}`} aria-hidden="true">
            {WORDS[one.state].glyph}
          </span>
          <span className="mono cut">{one.title}</span>
          {one.state === "running" ? <progress aria-label={one.title} value={one.done} max={one.total} /> : <span role="status">{one.error ?? WORDS[one.state].word}</span>}
          <span className="spring" />
          <span className="mono muted">
            {one.state === "running" ? `${bytes(one.done)} of ` : ""}
            {bytes(one.total)}
          </span>
          <Button kind="quiet" label={one.state === "running" ? "Cancel" : "Close"} icon={<X size={14} />} onClick={() => (one.state === "running" ? one.cancel() : uploads.forget(one.id))} />
        </li>
      ))}
    </ul>
  );
}
