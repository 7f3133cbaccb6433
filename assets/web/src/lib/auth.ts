/**
 * Who is signed in, and how requests say so: nothing else in the page knows of cookies, tokens or CSRF.
 *
 * The session is a cookie that no script can read; only its CSRF word is held here, as long as the page lives. A reload asks for it again.
 */
import type { components } from "../generated/api";
import { BASE } from "./base";
import { ApiError, refusal } from "./problem";
import { Store } from "./store";

/** Rights, as the server names them (`src/model/access.rs`). */
export type Action = components["schemas"]["Action"];
export type Role = components["schemas"]["Role"];

export interface Account {
  name: string;
  role: Role;
  actions: Action[];
}

export type Auth =
  | { state: "unknown" }
  /** Nobody; `ended` says that somebody was, until now. */
  | { state: "out"; ended: boolean }
  | { state: "in"; account: Account };

export type Credentials = { name: string; password: string } | { token: string };

export const auth = new Store<Auth>({ state: "unknown" });
let csrf: string | undefined;

/** Headers that a request needs to be believed. */
export function authHeaders(method: string): Record<string, string> {
  return csrf !== undefined && method !== "GET" && method !== "HEAD" ? { "X-CSRF-Token": csrf } : {};
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${BASE}/api/v1${path}`, {
    method,
    headers: { ...authHeaders(method), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const reply: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw refusal(response, reply);
  return reply;
}

/** Asks who is signed in: at the page's beginning, after signing in, and when a socket is refused. */
export async function recognise(): Promise<void> {
  try {
    const me = (await ask("GET", "/me")) as components["schemas"]["Me"];
    csrf = me.csrf ?? undefined;
    auth.set({ state: "in", account: { name: me.name, role: me.role, actions: me.actions } });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    forget(auth.get().state === "in");
  }
}

/** Signs in; throws the server's refusal. */
export async function signIn(credentials: Credentials): Promise<void> {
  forget(false);
  csrf = ((await ask("POST", "/login", credentials)) as components["schemas"]["LoggedIn"]).csrf;
  await recognise();
}

/** Whether the server waits for its first admin. */
export async function setupNeeded(): Promise<boolean> {
  try {
    return ((await ask("GET", "/setup")) as { needed: boolean }).needed;
  } catch {
    return false;
  }
}

/** Makes the first admin with the code that the server printed, and signs in. */
export async function setUp(first: { code: string; name: string; password: string }): Promise<void> {
  csrf = ((await ask("POST", "/setup", first)) as components["schemas"]["LoggedIn"]).csrf;
  await recognise();
}

/** Changes the own password. Elsewhere one is signed out by it. */
export async function changePassword(old: string, fresh: string): Promise<void> {
  await ask("PUT", "/me/password", { old, new: fresh } satisfies components["schemas"]["ChangePassword"]);
}

/** Ends the session here and on the server. */
export async function signOut(): Promise<void> {
  try {
    await ask("POST", "/logout", {});
  } catch (error) {
    // Who is not known there any more is signed out.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  forget(false);
}

/** The server no longer knows who this is. */
export function sessionEnded(): void {
  if (auth.get().state === "in") forget(true);
}

function forget(ended: boolean): void {
  csrf = undefined;
  auth.set({ state: "out", ended });
}
