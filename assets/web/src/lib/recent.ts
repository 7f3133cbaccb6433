/** What happened lately, in words: kept while the page is open. */
import type { Container, Event } from "./api";
import { containerState, sessionState } from "./state";
import { Store } from "./store";

export interface Happening {
  seq: number;
  at: string;
  /** Which container it concerns. */
  container: string | undefined;
  what: string;
  text: string;
  tone: "ok" | "warn" | "bad" | "info" | "muted";
}

/** How many are kept. */
const KEPT = 1_000;

/** Newest first. */
export const recent = new Store<Happening[]>([]);
const known = new Map<string, Container>();

function changes(before: Container | undefined, now: Container): Pick<Happening, "text" | "tone"> | undefined {
  const state = containerState(now);
  if (!before) return { text: state.word, tone: state.tone };
  const said: string[] = [];
  const earlier = containerState(before);
  if (earlier.word !== state.word) said.push(`${earlier.word} → ${state.word}`);
  if (before.name !== now.name) said.push(`renamed from ${before.name} to ${now.name}`);
  if ((before.upkeep?.restarts ?? 0) < (now.upkeep?.restarts ?? 0)) said.push("restarted by the engine");
  if (Boolean(before.recording) !== Boolean(now.recording)) said.push(now.recording ? "is recorded" : "is no longer recorded");
  if (before.error !== now.error && now.error) said.push(now.error);
  return said.length === 0 ? undefined : { text: said.join("; "), tone: earlier.word === state.word ? "info" : state.tone };
}

/** An event in words; none where there is nothing to say. */
export function inWords(event: Event, before: Container | undefined): Omit<Happening, "seq" | "at"> | undefined {
  switch (event.type) {
    case "container_changed": {
      const said = changes(before, event.container);
      return said && { container: event.container.id, what: "container", ...said };
    }
    case "container_removed":
      return { container: event.id, what: "container", text: "removed", tone: "muted" };
    case "session_changed": {
      const { session } = event;
      const state = sessionState(session);
      return { container: session.container, what: "session", text: `${session.command.join(" ") || session.kind}: ${state.word}${session.state === "live" ? `, ${session.viewers} watching` : ""}`, tone: state.tone };
    }
    case "bell":
      return { container: undefined, what: "bell", text: `session ${event.session} rang`, tone: "info" };
    case "operation_changed": {
      const { operation } = event;
      const tone = operation.state === "failed" ? "bad" : operation.state === "succeeded" ? "ok" : "info";
      return { container: operation.result?.id, what: "operation", text: `${operation.title}: ${operation.state === "running" ? operation.progress.phase : operation.state}`, tone };
    }
    default:
      return undefined;
  }
}

/** Takes an event in. */
export function remember(event: Event): void {
  const before = event.type === "container_changed" ? known.get(event.container.id) : undefined;
  if (event.type === "container_changed") known.set(event.container.id, event.container);
  if (event.type === "container_removed") known.delete(event.id);
  const said = inWords(event, before);
  if (!said) return;
  recent.update((list) => {
    const same = list[0];
    // Each step of long work is one line that changes.
    if (same?.what === said.what && same.text === said.text && same.container === said.container) return list;
    return [{ ...said, seq: event.seq, at: event.at }, ...list].slice(0, KEPT);
  });
}
