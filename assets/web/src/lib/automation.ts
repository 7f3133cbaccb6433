/** Queries of scripts, runs, schedules, triggers, webhooks, plugins and recordings, and how their states are shown. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Schemas, all, api, data } from "./api";
import type { Shown } from "./state";

/** Pairs come as lists of any length: so the typed client reads them. */
export type Run = Omit<Schemas["Run"], "progress" | "steps"> & { progress?: number[] | null; steps?: number[] };
export type RunEntry = Schemas["RunEntry"];
export type Schedule = Schemas["Schedule"];
export type Webhook = Schemas["Webhook"];
export type Trigger = Schemas["Trigger"];
export type Plugin = Schemas["Plugin"];
export type Recording = Schemas["Recording"];
export type ScriptEntry = Schemas["ScriptEntry"];
export type Params = Record<string, Schemas["ParamValue"]>;

/** Rows of one page of what has no end. */
const PAGE = 100;
const MOST = 500;
/** Another server on the same database delivers and fires too, and tells this one nothing: asked for again while they are looked at, in milliseconds. */
const NOW_AND_THEN = 60_000;

const at = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const scriptsQuery = queryOptions({ queryKey: ["scripts"], queryFn: () => data(api.GET("/api/v1/scripts")) });
export const scriptQuery = (name: string) => queryOptions({ queryKey: ["scripts", name], queryFn: () => data(api.GET("/api/v1/scripts/{name}", { params: { path: { name } } })) });

export const RUN_STATES = ["queued", "running", "succeeded", "failed", "timed_out", "cancelled", "lost"] as const;
export type RunState = (typeof RUN_STATES)[number];

export const runPages = (q: string, state: RunState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", q, state ?? ""],
    queryFn: ({ pageParam }: { pageParam: string | undefined }) => data(api.GET("/api/v1/runs", { params: { query: { limit: PAGE, ...(q ? { q } : {}), ...(state ? { state } : {}), ...at(pageParam) } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
export const runQuery = (id: string) => queryOptions({ queryKey: ["runs", id], queryFn: () => data(api.GET("/api/v1/runs/{id}", { params: { path: { id } } })) });
/** The newest runs of a script, this one among them. */
export const runsOf = (script: string) =>
  queryOptions({ queryKey: ["runs", "of", script], queryFn: () => data(api.GET("/api/v1/runs", { params: { query: { limit: PAGE, q: script } } })).then((page) => page.items.filter((run) => run.script === script)) });

export const schedulesQuery = queryOptions({ queryKey: ["schedules"], queryFn: () => all((cursor) => data(api.GET("/api/v1/schedules", { params: { query: { limit: MOST, ...at(cursor) } } }))) });
export const scheduleQuery = (name: string) => queryOptions({ queryKey: ["schedules", name], queryFn: () => data(api.GET("/api/v1/schedules/{name}", { params: { path: { name } } })) });
export const nextFiresQuery = (zone: string, count: number) => queryOptions({ queryKey: ["schedules", "", "next", zone, count], queryFn: () => data(api.GET("/api/v1/schedules/next", { params: { query: { zone, count } } })) });
export const scheduleNextQuery = (name: string, zone: string) => queryOptions({ queryKey: ["schedules", name, "next", zone], queryFn: () => data(api.GET("/api/v1/schedules/{name}/next", { params: { path: { name }, query: { zone, count: 10 } } })) });
export const scheduleFiresQuery = (name: string) => queryOptions({ queryKey: ["schedules", name, "fires"], queryFn: () => data(api.GET("/api/v1/schedules/{name}/fires", { params: { path: { name }, query: { limit: MOST } } })).then((page) => page.items) });

export const triggersQuery = queryOptions({ queryKey: ["triggers"], queryFn: () => data(api.GET("/api/v1/triggers")).then((page) => page.items) });
export const triggerQuery = (name: string) => queryOptions({ queryKey: ["triggers", name], queryFn: () => data(api.GET("/api/v1/triggers/{name}", { params: { path: { name } } })) });
export const firesQuery = (name: string) => queryOptions({ queryKey: ["triggers", name, "fires"], queryFn: () => data(api.GET("/api/v1/triggers/{name}/fires", { params: { path: { name }, query: { limit: PAGE } } })).then((page) => page.items), refetchInterval: NOW_AND_THEN });

export const webhooksQuery = queryOptions({ queryKey: ["webhooks"], queryFn: () => data(api.GET("/api/v1/webhooks")).then((page) => page.items) });
export const webhookQuery = (name: string) => queryOptions({ queryKey: ["webhooks", name], queryFn: () => data(api.GET("/api/v1/webhooks/{name}", { params: { path: { name } } })) });
export const deliveriesQuery = (name: string) => queryOptions({ queryKey: ["webhooks", name, "deliveries"], queryFn: () => data(api.GET("/api/v1/webhooks/{name}/deliveries", { params: { path: { name }, query: { limit: PAGE } } })).then((page) => page.items), refetchInterval: NOW_AND_THEN });

/** With its body, which never changes. */
export const deliveryQuery = (id: string) => queryOptions({ queryKey: ["delivery", id], queryFn: () => data(api.GET("/api/v1/deliveries/{id}", { params: { path: { id } } })), staleTime: Infinity });

export const pluginsQuery = queryOptions({ queryKey: ["plugins"], queryFn: () => data(api.GET("/api/v1/plugins")).then((page) => page.items) });
export const pluginQuery = (name: string) => queryOptions({ queryKey: ["plugins", name], queryFn: () => data(api.GET("/api/v1/plugins/{name}", { params: { path: { name } } })) });

export const recordingsQuery = queryOptions({ queryKey: ["recordings"], queryFn: () => all((cursor) => data(api.GET("/api/v1/recordings", { params: { query: { limit: MOST, ...at(cursor) } } }))) });
export const recordingQuery = (id: string) => queryOptions({ queryKey: ["recordings", id], queryFn: () => data(api.GET("/api/v1/recordings/{id}", { params: { path: { id } } })) });

/** The zone of whoever looks. */
export const myZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export const runOver = (run: Pick<Run, "state">): boolean => run.state !== "queued" && run.state !== "running";

export function runState(run: Pick<Run, "state"> & Partial<Pick<Run, "paused">>): Shown {
  if (run.paused && !runOver(run)) return { glyph: "⏸", word: "paused", tone: "warn" };
  return stateOfRun(run.state);
}

export function stateOfRun(state: RunState): Shown {
  switch (state) {
    case "queued":
      return { glyph: "◌", word: "queued", tone: "muted" };
    case "running":
      return { glyph: "◐", word: "running", tone: "info" };
    case "succeeded":
      return { glyph: "✔", word: "succeeded", tone: "ok" };
    case "failed":
      return { glyph: "✖", word: "failed", tone: "bad" };
    case "timed_out":
      return { glyph: "✖", word: "timed out", tone: "bad" };
    case "cancelled":
      return { glyph: "○", word: "cancelled", tone: "muted" };
    case "lost":
      return { glyph: "✖", word: "lost", tone: "bad" };
  }
}

export function causeText(run: Pick<Run, "cause">): string {
  const { cause } = run;
  switch (cause.kind) {
    case "asked":
      return "by hand";
    case "again":
      return "again";
    case "schedule":
      return `schedule ${cause.name}`;
    case "trigger":
      return `trigger ${cause.name}`;
    case "plugin":
      return `plugin ${cause.name}`;
  }
}

export function scheduleState(schedule: Schedule): Shown {
  if (schedule.paused) return { glyph: "⏸", word: schedule.paused_why ? "stopped" : "paused", tone: schedule.paused_why ? "bad" : "warn" };
  if (!schedule.next_due) return { glyph: "○", word: "over", tone: "muted" };
  return { glyph: "●", word: "on", tone: "ok" };
}

export function fireState(fire: Schemas["ScheduleFire"]): Shown {
  if (fire.run_state) return stateOfRun(fire.run_state);
  const shown: Record<typeof fire.state, Shown> = {
    claimed: { glyph: "◌", word: "taken up", tone: "muted" },
    waiting: { glyph: "◌", word: "waits", tone: "muted" },
    started: { glyph: "◐", word: "started", tone: "info" },
    skipped: { glyph: "○", word: "left out", tone: "muted" },
    failed: { glyph: "✖", word: "not started", tone: "bad" },
  };
  return shown[fire.state];
}

export function triggerState(trigger: Trigger): Shown {
  if (trigger.paused) return { glyph: "⏸", word: "paused", tone: "warn" };
  return trigger.trouble ? { glyph: "▲", word: "trouble", tone: "bad" } : { glyph: "●", word: "on", tone: "ok" };
}

export function outcomeState(outcome: Schemas["FireOutcome"]): Shown {
  const shown: Record<typeof outcome, Shown> = {
    started: { glyph: "✔", word: "started", tone: "ok" },
    failed: { glyph: "✖", word: "failed", tone: "bad" },
    limited: { glyph: "▲", word: "beyond its limit", tone: "warn" },
    loop: { glyph: "▲", word: "a circle", tone: "warn" },
  };
  return shown[outcome];
}

export const webhookState = (hook: Webhook): Shown => (hook.disabled ? { glyph: "✖", word: "disabled", tone: "bad" } : { glyph: "●", word: "on", tone: "ok" });

export function deliveryState(state: Schemas["HookDeliveryState"]): Shown {
  const shown: Record<typeof state, Shown> = {
    waiting: { glyph: "◌", word: "waits", tone: "warn" },
    delivered: { glyph: "✔", word: "delivered", tone: "ok" },
    failed: { glyph: "✖", word: "failed", tone: "bad" },
  };
  return shown[state];
}

export function pluginState(state: Schemas["PluginState"]): Shown {
  const shown: Record<typeof state, Shown> = {
    enabled: { glyph: "●", word: "enabled", tone: "ok" },
    disabled: { glyph: "○", word: "disabled", tone: "muted" },
    waiting: { glyph: "▲", word: "waits to be granted", tone: "warn" },
    changed: { glyph: "▲", word: "changed", tone: "warn" },
    broken: { glyph: "✖", word: "broken", tone: "bad" },
  };
  return shown[state];
}

/** What a grant lets a script do, in words. */
export function grantText(grant: string): string {
  if (grant.startsWith("secrets:")) return `read the secret ${grant.slice(8)} of whoever runs it`;
  const words: Record<string, string> = {
    containers: "see and use every container that whoever runs it may use",
    launch: "launch containers",
    events: "be run when something happens, with the rights of whoever installed it",
  };
  return words[grant] ?? grant;
}

/** A body as people read it: JSON on many lines, anything else as it is. */
export function bodyText(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** Kinds of events that webhooks tell and plugins hear. */
export const EVENTS = [
  "container.started",
  "container.died",
  "container.oom",
  "container.removed",
  "container.unhealthy",
  "container.healthy",
  "session.opened",
  "session.ended",
  "session.bell",
  "run.started",
  "run.succeeded",
  "run.failed",
  "run.cancelled",
  "operation.failed",
  "template.changed",
  "script.changed",
  "trigger.refused",
  "engine.lost",
  "engine.back",
  "image.added",
  "image.removed",
  "volume.added",
  "volume.removed",
  "network.added",
  "network.removed",
  "recording.started",
  "recording.ended",
  "recording.removed",
];

/** Values as scripts take them, from what was typed: `3` and `true` are what they look like, the rest is text. */
export function typedValue(text: string): Schemas["ParamValue"] {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
