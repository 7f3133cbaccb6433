/** What went wrong, on what, and what to do: one look for all errors. */
import type { ReactNode } from "react";
import { problemOf, problemText } from "../lib/problem";
import { Button, CopyButton } from "./button";

export interface ProblemProps {
  error: unknown;
  /** Tries again. */
  onRetry?: (() => void) | undefined;
  /** What could not be done, such as "Containers could not be read". */
  title?: ReactNode;
  /** One line, for where there is little room. */
  small?: boolean;
}

export function Problem({ error, onRetry, title, small = false }: ProblemProps) {
  const problem = problemOf(error);
  const places = problem.errors ?? [];
  return (
    <div className={small ? "problem small" : "problem"} role="alert">
      <p className="problem-title">
        <span className="tone-bad" aria-hidden="true">
          ✖
        </span>{" "}
        {title && <>{title}: </>}
        {problem.detail}
      </p>
      {problem.fix && (
        <p className="problem-fix">
          <span className="muted">fix:</span> {problem.fix}
        </p>
      )}
      {places.length > 0 && (
        <ul className="problem-places">
          {places.map((place, at) => (
            <li key={at}>
              <code>{[place.file, place.line && `${place.line}:${place.column ?? 1}`, place.pointer].filter(Boolean).join(" ") || "/"}</code> {place.detail}
            </li>
          ))}
        </ul>
      )}
      <div className="problem-foot">
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
        <CopyButton text={() => problemText(problem)} label="Copy details" />
        <span className="muted mono">
          {problem.code}
          {problem.request_id ? ` · ${problem.request_id}` : ""}
        </span>
      </div>
    </div>
  );
}
