/** Who is at a terminal, who types, and whose size it has. */
import { Eye, Keyboard, PenLine, Users } from "lucide-react";
import { Popover } from "radix-ui";
import type { Control } from "../../lib/frames";
import { type Present, clientWord, doing, types } from "../../lib/presence";
import { Badge } from "../badge";
import { Time, useNow } from "../time";
import { Tip } from "../tip";
import type { State } from "./use-terminal";

export function Chips({ state, boxed, wish }: { state: State; boxed: boolean; wish: (op: Control) => void }) {
  const { viewers, lease, mode, size, room } = state;
  return (
    <>
      {mode === "view" && (
        <Badge tone="warn" icon={<Eye size={12} aria-hidden="true" />}>
          read-only
        </Badge>
      )}
      {viewers.length > 1 && <Viewers viewers={viewers} />}
      {lease.holder !== undefined &&
        (mode === "view" ? (
          <Badge icon={<Keyboard size={12} aria-hidden="true" />}>only {lease.holder} types</Badge>
        ) : (
          <Tip text={lease.yours ? "Nobody else types now. Press it to let everyone type again." : "Only they type now. Press it to type instead."}>
            <button type="button" className="chip" onClick={() => wish(lease.yours ? "give_lease" : "take_lease")}>
              <Keyboard size={12} aria-hidden="true" /> {lease.yours ? "only you type" : `only ${lease.holder} types`}
            </button>
          </Tip>
        ))}
      {boxed &&
        (mode === "view" ? (
          <Badge>
            {size.cols}×{size.rows} fixed
          </Badge>
        ) : (
          <Tip text={`There is room for ${room.cols}×${room.rows} here: whoever types has the size. Press it to have it.`}>
            <button type="button" className="chip" onClick={() => wish("take_size")}>
              {size.cols}×{size.rows} fixed
            </button>
          </Tip>
        ))}
      <Typing viewers={viewers} />
    </>
  );
}

/** Who else types now: a quiet word, which goes by itself. What one types oneself is no news. */
function Typing({ viewers }: { viewers: Present[] }) {
  const now = useNow();
  const names = [...new Set(viewers.filter((one) => !one.you && types(one, now)).map((one) => one.name))];
  if (names.length === 0) return null;
  return (
    <span className="typing">
      <PenLine size={12} aria-hidden="true" />
      <span className="cut">{names.length === 1 ? `${names[0]} is typing` : `${names.length} are typing`}</span>
    </span>
  );
}

function Viewers({ viewers }: { viewers: Present[] }) {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" className="chip" title="Who is here">
          <Users size={12} aria-hidden="true" /> {viewers.length} viewers
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover present" align="start" sideOffset={6} collisionPadding={8} aria-label="Who is here">
          <List viewers={viewers} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function List({ viewers }: { viewers: Present[] }) {
  const now = useNow();
  return (
    <ul aria-label="Viewers">
      {viewers.map((viewer) => (
        <li key={viewer.id}>
          <span className="strong cut">{viewer.name}</span>
          {viewer.you && <span className="muted">you</span>}
          <span className="spring" />
          <span className={types(viewer, now) ? "tone-ok" : "muted"}>
            {types(viewer, now) && <span aria-hidden="true">✎ </span>}
            {doing(viewer, viewers, now)}
          </span>
          <span className="muted small present-with">
            {clientWord(viewer) ?? "by a program"} · <span className="mono">{`${viewer.size.cols}×${viewer.size.rows}`}</span>
            {viewer.since !== undefined && (
              <>
                {" "}
                · for <Time at={viewer.since} as="for" />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
