/** What a request would do, step by step. */
import type { DryRun } from "../lib/api";
import "./dry-steps.css";

type Step = DryRun["steps"][number];
const VERBS: Record<Step["does"], { glyph: string; word: string; tone: string }> = {
  keep: { glyph: "=", word: "stays", tone: "muted" },
  make: { glyph: "+", word: "is made", tone: "ok" },
  change: { glyph: "~", word: "is changed", tone: "warn" },
  start: { glyph: "▸", word: "is started", tone: "ok" },
  end: { glyph: "■", word: "is ended", tone: "warn" },
  remove: { glyph: "−", word: "is removed", tone: "bad" },
  pull: { glyph: "↓", word: "is pulled", tone: "info" },
  build: { glyph: "⚒", word: "is built", tone: "info" },
};

export function DrySteps({ steps, label = "What would be done" }: { steps: Step[]; label?: string }) {
  return (
    <ol className="dry-steps" aria-label={label}>
      {steps.map((step, at) => (
        <li key={at}>
          <span className={`tone-${VERBS[step.does].tone}`}>
            <span aria-hidden="true">{VERBS[step.does].glyph}</span> {VERBS[step.does].word}
          </span>
          <span>
            <span className="muted">{step.kind}</span> <span className="mono">{step.name}</span> {step.detail && <span className="muted">{step.detail}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
