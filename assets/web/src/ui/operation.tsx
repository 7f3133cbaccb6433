/** Long work as it goes on: what it does now, how far it is, and its end. */
import { useEffect, useRef } from "react";
import type { Operation } from "../lib/api";
import { bytes, count, percent } from "../lib/format";
import { isOver, useCancel, useOperation } from "../lib/operations";
import type { StateTone } from "../lib/state";
import { ApiError } from "../lib/problem";
import { Button } from "./button";
import { Skeleton } from "./page";
import { Problem } from "./problem";
import { Time } from "./time";
import "./operation.css";

const STATES: Record<Operation["state"], { glyph: string; word: string; tone: StateTone }> = {
  running: { glyph: "◐", word: "under way", tone: "info" },
  succeeded: { glyph: "✔", word: "done", tone: "ok" },
  failed: { glyph: "✖", word: "failed", tone: "bad" },
  cancelled: { glyph: "○", word: "cancelled", tone: "muted" },
};

export function OperationView({ id, onDone }: { id: string; onDone?: (operation: Operation) => void }) {
  const found = useOperation(id);
  const cancel = useCancel();
  const operation = found.data;
  const told = useRef("");
  const done = useRef(onDone);
  done.current = onDone;
  useEffect(() => {
    if (!operation || !isOver(operation) || told.current === operation.id) return;
    told.current = operation.id;
    if (operation.state === "succeeded") done.current?.(operation);
  }, [operation]);

  if (found.error && !operation) return <Problem error={found.error} onRetry={() => void found.refetch()} title="How far it is could not be read" />;
  if (!operation) return <Skeleton label="Loading" />;
  const state = STATES[operation.state];
  const { progress } = operation;
  const { done: far, total } = { done: progress.done ?? 0, total: progress.total ?? 0 };
  const amount = total > 0 ? (progress.unit === "bytes" ? `${bytes(far)} of ${bytes(total)}` : `${count(far)} of ${count(total)}`) : far > 0 && progress.unit === "bytes" ? bytes(far) : "";
  return (
    <div className="operation" role="group" aria-label={operation.title}>
      <div className="operation-head">
        <span className={`state tone-${state.tone}`} role="status">
          <span aria-hidden="true">{state.glyph}</span> {state.word}
        </span>
        <span className="strong cut">{operation.title}</span>
        <span className="spring" />
        {operation.state === "running" && <Time at={operation.created_at} as="for" />}
        {operation.state === "running" && (
          <Button needs="cancel:operations" busy={cancel.isPending} onClick={() => cancel.mutate(operation.id)}>
            Cancel
          </Button>
        )}
      </div>
      {operation.state === "running" && (
        <>
          <progress aria-label={operation.title} {...(total > 0 ? { value: far, max: total } : {})} />
          <p className="operation-phase">
            <span className="cut">{progress.phase}</span>
            <span className="spring" />
            <span className="mono muted">
              {amount} {total > 0 ? percent((far / total) * 100) : ""}
            </span>
          </p>
          <p className="mono muted cut operation-line">{progress.line ?? " "}</p>
        </>
      )}
      {operation.problem && <Problem error={new ApiError(operation.problem)} />}
    </div>
  );
}
