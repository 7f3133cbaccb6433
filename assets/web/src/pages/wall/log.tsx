/** A container's log in a pane: its end, followed. */
import { useEffect, useRef, useState } from "react";
import { stream } from "../../lib/live";
import type { Problem as Said } from "../../lib/problem";

/** Lines that are kept. */
const KEPT = 2_000;
const TAIL = 500;
/** How long lines are gathered before they are drawn, in milliseconds. */
const BATCH = 100;
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|.)|[\u0000-\u0008\u000b-\u001f\u007f]/g;

export function Log({ container, name, onFocus }: { container: string; name: string; onFocus: () => void }) {
  const [lines, setLines] = useState<string[]>([]);
  const [problem, setProblem] = useState<Said | undefined>(undefined);
  const view = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    let kept: string[] = [];
    let rest = "";
    let timer: number | undefined;
    const text = new TextDecoder();
    const end = stream.subscribe(
      { topic: "logs", container, query: { follow: true, tail: TAIL } },
      {
        message(message) {
          if (message.type !== "log") return;
          const parts = (rest + text.decode(Uint8Array.from(atob(message.base64), (char) => char.charCodeAt(0)), { stream: true })).split("\n");
          rest = parts.pop() ?? "";
          kept = [...kept, ...parts.map((line) => line.replace(ESCAPES, ""))].slice(-KEPT);
          timer ??= window.setTimeout(() => {
            timer = undefined;
            setLines(kept);
          }, BATCH);
        },
        // Subscribed anew, it begins with its end again.
        missed() {
          kept = [];
          rest = "";
        },
        ended: setProblem,
      },
    );
    return () => {
      window.clearTimeout(timer);
      end();
    };
  }, [container]);
  useEffect(() => {
    const element = view.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <pre
      ref={view}
      className="pane-log"
      role="log"
      aria-label={`Log of ${name}`}
      aria-live="off"
      tabIndex={0}
      data-focus
      onFocus={onFocus}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        follows.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
    >
      {lines.join("\n")}
      {problem && <span className="tone-bad">{`\n✖ ${problem.detail}`}</span>}
      {lines.length === 0 && !problem && <span className="muted">Nothing yet.</span>}
    </pre>
  );
}
