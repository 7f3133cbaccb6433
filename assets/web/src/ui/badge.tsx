/** A state: glyph and word first, colour last. */
import type { ReactNode } from "react";
import type { Shown, StateTone } from "../lib/state";

export function State({ state, short = false }: { state: Shown; short?: boolean }) {
  return (
    <span className={`state tone-${state.tone}`}>
      <span aria-hidden="true">{state.glyph}</span> <span className={short ? "sr" : undefined}>{state.word}</span>
    </span>
  );
}

/** A small label, such as a role or a count. */
export function Badge({ children, tone = "muted", icon }: { children: ReactNode; tone?: StateTone | "accent"; icon?: ReactNode }) {
  return (
    <span className={`badge tone-${tone}`}>
      {icon}
      {children}
    </span>
  );
}
