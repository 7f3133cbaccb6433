/** Queries that several pages share. Lists are arrays under one word (`["containers"]`), one thing is under its id: events find them so. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { type Container, type Session, all, api, data, once } from "./api";
import { askHealth, placed } from "./live";
import { notifyError } from "./notices";
import { ApiError } from "./problem";

const MOST = 500;
const page = (cursor: string | undefined) => ({ params: { query: { limit: MOST, ...(cursor === undefined ? {} : { cursor }) } } });

/** Events keep these fresh; they are only asked for again after a gap. */
const LIVE = { staleTime: Infinity };

export const containersQuery = queryOptions({ queryKey: ["containers"], queryFn: () => all((cursor) => data(api.GET("/api/v1/containers", page(cursor)))), ...LIVE });

export const containerQuery = (id: string) => queryOptions({ queryKey: ["containers", id], queryFn: () => data(api.GET("/api/v1/containers/{id}", { params: { path: { id } } })), ...LIVE });

export const sessionsQuery = queryOptions({ queryKey: ["sessions"], queryFn: () => all((cursor) => data(api.GET("/api/v1/sessions", page(cursor)))), ...LIVE });

export const operationsQuery = queryOptions({ queryKey: ["operations"], queryFn: () => data(api.GET("/api/v1/operations", { params: { query: { limit: 50 } } })).then((found) => found.items) });

export const runsQuery = queryOptions({ queryKey: ["runs", "newest"], queryFn: () => data(api.GET("/api/v1/runs", { params: { query: { limit: 20 } } })).then((found) => found.items) });

export const healthQuery = queryOptions({ queryKey: ["health"], queryFn: askHealth });

export const versionQuery = queryOptions({ queryKey: ["version"], queryFn: () => data(api.GET("/api/v1/version")), staleTime: Infinity });

/** A session of the container: opened, or one that is there already where one may only watch. */
export async function openSession(container: Container, fresh = false): Promise<Session> {
  try {
    return await data(api.POST("/api/v1/sessions", { body: { container: container.id, main: container.tty && !fresh }, params: once() }));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403) || fresh) throw error;
    const sessions = await all((cursor) => data(api.GET("/api/v1/sessions", page(cursor))));
    const live = sessions.filter((session) => session.container === container.id && session.state === "live");
    const shown = live.find((session) => session.kind === "main") ?? live.at(-1);
    if (shown === undefined) throw error;
    return shown;
  }
}

export const VERBS = ["start", "stop", "restart", "pause", "unpause", "kill", "remove"] as const;
export type Verb = (typeof VERBS)[number];

async function act(verb: Verb, id: string): Promise<Container | null> {
  const params = { path: { id } };
  switch (verb) {
    case "start":
      return data(api.POST("/api/v1/containers/{id}/start", { params }));
    case "stop":
      return data(api.POST("/api/v1/containers/{id}/stop", { params, body: {} }));
    case "restart":
      return data(api.POST("/api/v1/containers/{id}/restart", { params, body: {} }));
    case "pause":
      return data(api.POST("/api/v1/containers/{id}/pause", { params }));
    case "unpause":
      return data(api.POST("/api/v1/containers/{id}/unpause", { params }));
    case "kill":
      return data(api.POST("/api/v1/containers/{id}/kill", { params, body: {} }));
    case "remove":
      await data(api.DELETE("/api/v1/containers/{id}", { params: { ...params, query: { force: true } } }));
      return null;
  }
}

/** Does something to containers, one after the other; each refusal is told. */
export function useContainerAction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ verb, containers }: { verb: Verb; containers: Container[] }) => {
      for (const container of containers) {
        try {
          const after = await act(verb, container.id);
          if (after) {
            queries.setQueryData<Container[]>(["containers"], (list) => placed(list, after));
            queries.setQueryData(["containers", after.id], after);
          } else {
            queries.setQueryData<Container[]>(["containers"], (list) => list?.filter((one) => one.id !== container.id));
          }
        } catch (error) {
          notifyError(`${container.name}: could not ${verb}`, error);
        }
      }
    },
  });
}

export const templatesQuery = queryOptions({ queryKey: ["templates"], queryFn: () => data(api.GET("/api/v1/templates")), ...LIVE });

export const templateQuery = (name: string) => queryOptions({ queryKey: ["templates", name], queryFn: () => data(api.GET("/api/v1/templates/{name}", { params: { path: { name } } })), ...LIVE });

/** Lists that `list_changed` keeps fresh, also when another tool has changed something at the engine. */
export const imagesQuery = queryOptions({ queryKey: ["images"], queryFn: () => all((cursor) => data(api.GET("/api/v1/images", page(cursor)))), ...LIVE });

export const volumesQuery = queryOptions({ queryKey: ["volumes"], queryFn: () => all((cursor) => data(api.GET("/api/v1/volumes", page(cursor)))), ...LIVE });

export const networksQuery = queryOptions({ queryKey: ["networks"], queryFn: () => all((cursor) => data(api.GET("/api/v1/networks", page(cursor)))), ...LIVE });

/** Stacks' files change without a word: asked for again while they are looked at, in milliseconds. */
export const UNTOLD = 20_000;

export const stacksQuery = queryOptions({ queryKey: ["stacks"], queryFn: () => data(api.GET("/api/v1/stacks")), refetchInterval: UNTOLD });
