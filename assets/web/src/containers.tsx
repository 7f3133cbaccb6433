/** The list of containers. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type Api, ApiError, type Container, type Session, data } from "./api";

/** State as a glyph and a word, before it is a colour. */
function state(container: Container): { glyph: string; word: string; tone: string } {
  if (container.oom_killed) return { glyph: "✖", word: "out of memory", tone: "bad" };
  if (container.health === "unhealthy") return { glyph: "▲", word: "unhealthy", tone: "warn" };
  switch (container.state) {
    case "running":
      return { glyph: "●", word: "running", tone: "ok" };
    case "paused":
      return { glyph: "⏸", word: "paused", tone: "warn" };
    case "restarting":
      return { glyph: "⟳", word: "restarting", tone: "warn" };
    case "created":
      return { glyph: "◐", word: "created", tone: "muted" };
    case "exited":
    case "dead":
    case "removing":
      return container.exit_code ? { glyph: "✖", word: `exit ${container.exit_code}`, tone: "bad" } : { glyph: "○", word: "stopped", tone: "muted" };
  }
}

/** A session of the container: opened, or one that is there already where the token may only watch. */
async function opened(api: Api, container: Container): Promise<Session> {
  try {
    return await data(api.POST("/api/v1/sessions", { body: { container: container.id, main: container.tty } }));
  } catch (error) {
    if (!(error instanceof ApiError && error.problem.status === 403)) throw error;
    const { items } = await data(api.GET("/api/v1/sessions", { params: { query: { q: container.id, limit: 500 } } }));
    const live = items.filter((session) => session.container === container.id && session.state === "live");
    const shown = live.find((session) => session.kind === "main") ?? live.at(-1);
    if (shown === undefined) throw error;
    return shown;
  }
}

export function Containers({ api, selected, onOpen }: { api: Api; selected: string | null; onOpen: (session: Session) => void }) {
  const list = useQuery({ queryKey: ["containers"], queryFn: () => data(api.GET("/api/v1/containers", { params: { query: { limit: 500 } } })) });
  const open = useMutation({
    mutationFn: (container: Container) => opened(api, container),
    onSuccess: onOpen,
  });

  const complaint = open.error ?? list.error;
  return (
    <nav aria-label="Containers">
      {complaint && (
        <p className="bad" role="alert">
          {complaint.message}
          {complaint instanceof ApiError && complaint.problem.fix ? `: ${complaint.problem.fix}` : ""}
        </p>
      )}
      {list.isLoading && <p className="hint">Loading…</p>}
      {list.data?.items.length === 0 && (
        <p className="hint">
          No containers yet. Launch one with <code>cto run shell</code>.
        </p>
      )}
      <ul>
        {list.data?.items.map((container) => {
          const { glyph, word, tone } = state(container);
          const running = container.state === "running";
          return (
            <li key={container.id}>
              <button type="button" disabled={!running || open.isPending} aria-current={container.id === selected} onClick={() => open.mutate(container)}>
                <span className="name">{container.name}</span>
                <span className={tone}>
                  {glyph} {word}
                </span>
                <span className="muted">{container.template ?? container.image}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
