/** States of things as a glyph, a word and a tone: the same as in the terminal client. */
import type { Container, Session } from "./api";

export type StateTone = "ok" | "warn" | "bad" | "muted" | "info";

export interface Shown {
  glyph: string;
  word: string;
  tone: StateTone;
}

export function containerState(container: Container): Shown {
  if (container.oom_killed && container.state !== "running") return { glyph: "✖", word: "out of memory", tone: "bad" };
  if (container.upkeep?.crash_loop) return { glyph: "✖", word: "crash loop", tone: "bad" };
  switch (container.state) {
    case "running":
      if (container.health === "unhealthy") return { glyph: "▲", word: "unhealthy", tone: "warn" };
      if (container.health === "starting") return { glyph: "◐", word: "starting", tone: "info" };
      return { glyph: "●", word: container.health === "healthy" ? "healthy" : "running", tone: "ok" };
    case "paused":
      return { glyph: "⏸", word: "paused", tone: "warn" };
    case "restarting":
      return { glyph: "⟳", word: "restarting", tone: "warn" };
    case "created":
      return { glyph: "◐", word: "created", tone: "muted" };
    case "exited":
    case "dead":
    case "removing":
      if (container.state === "removing") return { glyph: "◐", word: "removing", tone: "muted" };
      return container.exit_code ? { glyph: "✖", word: `exit ${container.exit_code}`, tone: "bad" } : { glyph: "○", word: "stopped", tone: "muted" };
  }
}

export function sessionState(session: Session): Shown {
  if (session.state === "live") return { glyph: "●", word: "live", tone: "ok" };
  const code = session.exit?.code;
  return code ? { glyph: "✖", word: `exit ${code}`, tone: "bad" } : { glyph: "○", word: session.exit?.reason === "lost" ? "lost" : "ended", tone: "muted" };
}

/** Whether a container wants a person: failed, unhealthy, out of memory. */
export const needsAttention = (container: Container): boolean => ["bad", "warn"].includes(containerState(container).tone) && container.state !== "paused";
