/** The typed API. Its types are made from the server's OpenAPI description; who asks is `auth.ts`' matter. */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "../generated/api";
import { authHeaders, sessionEnded } from "./auth";
import { BASE } from "./base";
import { refusal } from "./problem";

export type Schemas = components["schemas"];
export type Container = Schemas["Container"];
export type Session = Schemas["Session"];
export type Operation = Schemas["Operation"];
export type Event = Schemas["Numbered"];
export type Stats = Schemas["Stats"];
export type Tile = Schemas["Tile"];
/** What is answered to `?dry_run=true`, where the thing itself has another answer. */
export type DryRun = Schemas["DryRun"];

const known: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authHeaders(request.method))) request.headers.set(name, value);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) sessionEnded();
  },
};

export const api = createClient<paths>({ baseUrl: BASE });
api.use(known);

/** A reply without what only dry runs are answered with. */
type Done<T> = T extends { steps: { does: DryRun["steps"][number]["does"] }[] } ? never : T;

/** The data of a reply, or its problem thrown. What only dry runs are answered with is left out of it: see `dryRun`. */
export async function data<T>(reply: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Done<T>> {
  const { data, error, response } = await reply;
  if (response.ok) return data as Done<T>;
  throw refusal(response, error);
}

/** What a request would do, of a reply to one with `dry_run`; what it would be refused for is thrown. */
export async function dryRun(reply: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<DryRun> {
  const { data, error, response } = await reply;
  if (response.ok) return data as DryRun;
  throw refusal(response, error);
}

/** Most things that a list is read to the end of; beyond, pages must page. */
const MOST = 5_000;

/** All pages of a list, one after the other. */
export async function all<T>(page: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor?: string | null }>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(cursor);
    items.push(...next.items);
    cursor = next.next_cursor ?? undefined;
  } while (cursor !== undefined && items.length < MOST);
  return items;
}

/** Makes a POST safe to send twice: a header for `params`. One key for one wish of a person. */
export const once = (key = newKey()) => ({ header: { "Idempotency-Key": key } });

/** A fresh idempotency key; `crypto.randomUUID` is missing on plain HTTP beyond loopback. */
export const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
