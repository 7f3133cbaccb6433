/** The line over a terminal's screen: what keeps it from being live, and what to do. */
import type { ReactNode } from "react";
import { bytes, duration } from "../../lib/format";
import { Button } from "../button";
import { useNow } from "../time";
import type { State } from "./use-terminal";

const WHY = { closed: "was closed", stopped: "ended: its container stopped", oom_killed: "ended: out of memory", lost: "was lost with the server" };

export function Banner({ state, waiting, onRetry, onCopy, onDismiss, afterExit }: { state: State; waiting: number; onRetry: () => void; onCopy: (yes: boolean) => void; onDismiss: () => void; afterExit?: ReactNode }) {
  const { status, exit, notice, copies } = state;
  if (exit) {
    const why = exit.reason === "exited" ? `ended${exit.code === undefined || exit.code === null ? "" : ` with ${exit.code}`}` : WHY[exit.reason];
    return (
      <div className={`banner ${exit.code ? "warn" : ""}`} role="status">
        <span>The program {why}. Its last screen stays.</span>
        {afterExit}
      </div>
    );
  }
  if (status.state === "lost") return <Lost status={status} waiting={waiting} onRetry={onRetry} />;
  if (status.state === "refused") {
    return (
      <div className="banner bad" role="alert">
        ✖ {status.reason}
      </div>
    );
  }
  if (copies !== null) {
    return (
      <div className="banner" role="alert">
        <span>The program wants to copy {copies.length} letters to your clipboard.</span>
        <Button onClick={() => onCopy(true)}>Copy</Button>
        <Button kind="quiet" onClick={() => onCopy(false)}>
          No
        </Button>
      </div>
    );
  }
  if (notice) {
    return (
      <div className="banner" role="status">
        <span>{notice}</span>
        <Button kind="quiet" onClick={onDismiss}>
          OK
        </Button>
      </div>
    );
  }
  return null;
}

function Lost({ status, waiting, onRetry }: { status: Extract<State["status"], { state: "lost" }>; waiting: number; onRetry: () => void }) {
  const now = useNow();
  const left = Math.max(0, Math.ceil((status.retryAt - now) / 1000));
  return (
    <div className="banner warn" role="status">
      <span>
        ▲ Connection lost {duration(now - status.since)} ago; the program goes on. Try {status.attempt} {left > 0 ? `in ${left}s` : "now"}.{waiting > 0 && ` ${bytes(waiting)} that you typed wait.`}
      </span>
      <Button onClick={onRetry}>Try now</Button>
    </div>
  );
}
