/** Keeps the page's data fresh: events of the server go into the caches of TanStack Query. */
import type { QueryClient } from "@tanstack/react-query";
import { type Container, type Event, type Session, type Stats, type Tile, data, api } from "./api";
import { recognise } from "./auth";
import { socketUrl } from "./base";
import { notify } from "./notices";
import { remember } from "./recent";
import { STREAM_PROTOCOL, Stream } from "./stream";
import { Store, useStore } from "./store";

/** The page's one socket. */
export const stream = new Stream({ open: () => new WebSocket(socketUrl("/stream"), STREAM_PROTOCOL), random: Math.random, refused: () => void recognise().catch(() => null) });

/** The engine, as the events last told. */
export const engine = new Store<{ available: boolean; detail?: string | null }>({ available: true });
export const useEngine = () => useStore(engine);

/** First words of query keys that an event makes old. A page whose data comes from events names its key here; `resync` makes all old. */
const STALE: Partial<Record<Event["type"], string[]>> = {
  container_changed: ["stacks"],
  // Who uses them is not told by their lists.
  container_removed: ["stacks", "volumes", "networks"],
  operation_changed: ["operations"],
  run_changed: ["runs", "triggers"],
  schedule_changed: ["schedules"],
  schedule_removed: ["schedules"],
  scripts_changed: ["scripts"],
  templates_changed: ["templates"],
  config_changed: ["config"],
  engine_changed: ["health", "containers", "sessions", "images", "volumes", "networks"],
};

type ListChanged = Extract<Event, { type: "list_changed" }>;

/** The queries of a list that changed: the list under its word, one thing of it below that. Of fires and deliveries the name is that of their trigger or webhook. */
export function listKey({ list, name }: Pick<ListChanged, "list" | "name">): string[] {
  if (list === "fires") return ["triggers", name];
  if (list === "deliveries") return ["webhooks", name];
  return [list];
}

/** How long changes of a list are gathered before it is asked for again, in milliseconds: one pull tells of many. */
const GATHER = 250;
const gathered = new WeakMap<QueryClient, Set<string>>();

/** Makes a list old, once for all changes that come together. */
function listChanged(queries: QueryClient, queryKey: string[]): void {
  const waiting = gathered.get(queries) ?? new Set();
  gathered.set(queries, waiting);
  const word = queryKey.join("/");
  if (waiting.has(word)) return;
  waiting.add(word);
  setTimeout(() => {
    waiting.delete(word);
    void queries.invalidateQueries({ queryKey });
  }, GATHER);
}

/** Puts a changed thing into a cached list, at its place. */
export function placed<T extends { id: string }>(list: T[] | undefined, thing: T): T[] | undefined {
  if (!list) return undefined;
  const at = list.findIndex((one) => one.id === thing.id);
  return at < 0 ? [...list, thing] : list.with(at, thing);
}

function without<T extends { id: string }>(list: T[] | undefined, id: string): T[] | undefined {
  return list?.filter((one) => one.id !== id);
}

/** One event into the caches. */
export function apply(queries: QueryClient, event: Event): void {
  switch (event.type) {
    case "container_changed":
      queries.setQueryData<Container[]>(["containers"], (list) => placed(list, event.container));
      queries.setQueryData<Container>(["containers", event.container.id], event.container);
      break;
    case "container_removed":
      queries.setQueryData<Container[]>(["containers"], (list) => without(list, event.id));
      void queries.invalidateQueries({ queryKey: ["containers", event.id] });
      break;
    case "session_changed":
      queries.setQueryData<Session[]>(["sessions"], (list) => placed(list, event.session));
      queries.setQueryData<Session>(["sessions", event.session.id], event.session);
      break;
    case "session_removed":
      queries.setQueryData<Session[]>(["sessions"], (list) => without(list, event.id));
      void queries.invalidateQueries({ queryKey: ["sessions", event.id] });
      break;
    case "engine_changed":
      engine.set({ available: event.available, ...(event.detail === undefined ? {} : { detail: event.detail }) });
      break;
    case "notice":
      notify({ tone: event.level === "bad" ? "bad" : event.level === "good" ? "ok" : "info", title: event.title, text: event.text });
      break;
    case "list_changed":
      listChanged(queries, listKey(event));
      break;
    case "resync":
      void queries.invalidateQueries();
      break;
    default:
      break;
  }
  for (const key of STALE[event.type] ?? []) void queries.invalidateQueries({ queryKey: [key] });
}

type Watcher = (event: Event) => void;
const watchers = new Set<Watcher>();

/** Calls `watcher` with each event of the server. Returns how to stop. */
export function onEvent(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Begins: called once somebody is signed in. Returns how to stop. */
export function goLive(queries: QueryClient): () => void {
  const end = stream.subscribe(
    { topic: "events" },
    {
      message(message) {
        if (message.type !== "event") return;
        apply(queries, message.event);
        remember(message.event);
        for (const watcher of watchers) watcher(message.event);
      },
      missed: () => void queries.invalidateQueries(),
    },
  );
  stream.start();
  return () => {
    end();
    stream.stop();
  };
}

/** Samples of containers (of all that run where none is named), about one a second each. Returns how to stop. */
export function watchStats(containers: string[], sample: (stats: Stats) => void): () => void {
  return stream.subscribe({ topic: "stats", containers }, { message: (message) => message.type === "stats" && sample(message.stats) });
}

/** Small pictures of containers' screens, at most 4 a second each. Returns how to stop. */
export function watchTiles(containers: string[], size: { cols: number; rows: number }, drawn: (tile: Tile) => void): () => void {
  const tiles = containers.map((container) => ({ container, size }));
  return stream.subscribe({ topic: "tiles", tiles }, { message: (message) => message.type === "tile" && drawn(message.tile) });
}

/** Server's health, asked at the beginning; later by events. */
export async function askHealth() {
  const health = await data(api.GET("/api/v1/health"));
  engine.set({ available: health.engine.available, ...(health.engine.detail === undefined ? {} : { detail: health.engine.detail }) });
  return health;
}
