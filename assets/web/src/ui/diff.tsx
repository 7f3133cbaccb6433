/** Two texts that differ: lines of the first begin with −, of the second with +. */
import { useMemo } from "react";
import { diffLines, shortened } from "../lib/diff";

export function Diff({ before, now }: { before: string; now: string }) {
  const lines = useMemo(() => shortened(diffLines(before, now)), [before, now]);
  return (
    <pre className="diff" tabIndex={0} aria-label="Differences">
      {lines.map((line, at) => (
        <span key={at} className={line === null ? "muted" : `diff-${line.kind}`}>
          {line === null ? "…" : line.kind === "same" ? "  " : line.kind === "out" ? "− " : "+ "}
          {line?.text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
