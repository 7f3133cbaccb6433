/** The wall that is open: it stays while other pages are shown, and is found again after a reload, in another browser, and in the terminal client. */
import { type Container, type Session, api, data } from "../../lib/api";
import { auth } from "../../lib/auth";
import { type Asks, LastLayout } from "../../lib/last-layout";
import { type SavedPane, type SavedWork, readWork, writeWork } from "../../lib/layout";
import { notify, notifyError } from "../../lib/notices";
import { ApiError } from "../../lib/problem";
import { Store } from "../../lib/store";
import { EMPTY, type Facts, type Wall, open, save } from "../../lib/wall";

/** What a person comes back to, here and in the terminal client. */
export const LAST = "last";

export const wall = new Store<Wall>(EMPTY);

/** Whose it is; nobody's before it was read. */
export const whose = new Store<string | undefined>(undefined);

const asks: Asks = {
  get: () =>
    data(api.GET("/api/v1/layouts/{name}", { params: { path: { name: LAST } } })).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }),
  put: (content, replaces) => data(api.PUT("/api/v1/layouts/{name}", { params: { path: { name: LAST } }, body: { data: content, replaces }, keepalive: true })),
  stale: (error) => error instanceof ApiError && error.problem.code === "stale",
};

let last: LastLayout | undefined;
let reading: string | undefined;
/** Whether it was said that it can't be kept: once is enough. */
let complained = false;

const lost = (error: unknown) => {
  if (complained) return;
  complained = true;
  notifyError("The arrangement of the wall could not be kept", error);
};

auth.watch(() => {
  if (auth.get().state !== "out") return;
  last?.stop();
  last = undefined;
  reading = undefined;
  complained = false;
  whose.set(undefined);
  wall.set(EMPTY);
});

/** What the page knows, for opening what was kept. `anew`: shells whose session is gone begin again. */
export function facts(containers: Container[], sessions: Session[], anew: boolean): Facts {
  return {
    live: (id) => sessions.some((one) => one.id === id && one.state === "live"),
    find(pane: SavedPane) {
      const found = containers.find((one) => one.id === pane.container) ?? containers.find((one) => one.name === pane.name);
      return found && { id: found.id, name: found.name, runs: found.state === "running" && (anew || pane.shows !== "shell") };
    },
  };
}

/** Reads the account's arrangement of before, once. */
export async function recall(name: string, containers: Container[], sessions: Session[]): Promise<void> {
  if (reading === name) return;
  reading = name;
  const own = new LastLayout(asks, lost);
  let kept: SavedWork | undefined;
  try {
    kept = await own.read();
  } catch (error) {
    notifyError("The arrangement of before could not be read", error);
  }
  if (reading !== name) return;
  const earlier = ofBrowser(name);
  if (earlier && (kept?.tabs.length ?? 0) > 0) await aside(earlier);
  const work = (kept?.tabs.length ?? 0) > 0 ? kept : earlier;
  if (work) wall.set(open(EMPTY, work, facts(containers, sessions, false)).wall);
  own.is(kept ?? { tabs: [], active: 0 });
  last = own;
  whose.set(name);
  if (earlier) {
    own.want(save(wall.get()));
    if (await own.flush()) localStorage.removeItem(place(name));
  }
}

const place = (name: string) => `cto.wall.${name}`;
/** The layout in which an arrangement is put that a browser kept by itself, where there is another to come back to. */
const ASIDE = "browser";

/** What this browser kept before the server did. */
function ofBrowser(name: string): SavedWork | undefined {
  try {
    const work = readWork(JSON.parse(localStorage.getItem(place(name)) ?? "null"));
    return work.tabs.length > 0 ? work : undefined;
  } catch {
    return undefined;
  }
}

async function aside(work: SavedWork): Promise<void> {
  await data(api.PUT("/api/v1/layouts/{name}", { params: { path: { name: ASIDE } }, body: { data: writeWork(work), replaces: 0 } }))
    .then(() => notify({ tone: "info", title: `What this browser had open is the layout '${ASIDE}' now` }))
    .catch(() => null);
}

wall.watch(() => {
  if (whose.get() !== undefined) last?.want(save(wall.get()));
});
if (typeof window !== "undefined") window.addEventListener("pagehide", () => void last?.flush());

/** Opens what was kept under a name, beside what is open; the names of containers that do not run. */
export function openKept(work: SavedWork, containers: Container[], sessions: Session[]): string[] {
  const { wall: opened, gone } = open(wall.get(), work, facts(containers, sessions, true));
  wall.set(opened);
  return gone;
}

/** What a session is to the wall. */
export const paneOf = (session: Session): SavedPane => ({ container: session.container, name: session.container_name, shows: session.kind === "main" ? "main" : "shell", session: session.id });
