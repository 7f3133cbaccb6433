/** Notices: a while in the corner, then in the notification centre. */
import { Bell, X } from "lucide-react";
import { Popover } from "radix-ui";
import { useEffect, useState } from "react";
import { problemText } from "../lib/problem";
import { type Notice, clearNotices, markSeen, notices } from "../lib/notices";
import { useStore } from "../lib/store";
import { Button, CopyButton } from "./button";
import { Empty } from "./page";
import { Time, useNow } from "./time";

/** How long a toast stays; errors stay longer. Milliseconds. */
const STAYS = { ok: 4_000, info: 6_000, warn: 10_000, bad: 15_000 };
const GLYPHS = { ok: "✔", info: "ℹ", warn: "▲", bad: "✖" };
/** Most at once. */
const MOST = 3;

export function Toasts() {
  const all = useStore(notices);
  const now = useNow();
  const [closed, setClosed] = useState<number[]>([]);
  const [opened] = useState(() => Date.now());
  const shown = all.filter((notice) => !notice.seen && notice.at >= opened && !closed.includes(notice.id) && now - notice.at < STAYS[notice.tone]).slice(0, MOST);
  return (
    <div className="toasts" role="region" aria-label="Notifications" aria-live="polite">
      {shown.map((notice) => (
        <div key={notice.id} className={`toast tone-edge-${notice.tone}`}>
          <Words notice={notice} />
          <Button kind="quiet" label="Close" icon={<X size={14} />} onClick={() => setClosed([...closed, notice.id])} />
        </div>
      ))}
    </div>
  );
}

function Words({ notice }: { notice: Notice }) {
  return (
    <div className="notice">
      <p>
        <span className={`tone-${notice.tone}`} aria-hidden="true">
          {GLYPHS[notice.tone]}
        </span>{" "}
        {notice.title}
      </p>
      {notice.text && <p className="muted">{notice.text}</p>}
      {notice.problem?.fix && (
        <p>
          <span className="muted">fix:</span> {notice.problem.fix}
        </p>
      )}
      {(notice.action ?? notice.problem) && (
        <div className="notice-foot">
          {notice.action && <Button onClick={notice.action.run}>{notice.action.label}</Button>}
          {notice.problem && <CopyButton text={problemText(notice.problem)} label="Copy details" />}
        </div>
      )}
    </div>
  );
}

/** The bell: what was told, newest first. */
export function NoticeCentre() {
  const all = useStore(notices);
  const [open, setOpen] = useState(false);
  const fresh = all.filter((notice) => !notice.seen).length;
  useEffect(() => {
    if (open) markSeen();
  }, [open, all]);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" className="button quiet bare" aria-label={fresh > 0 ? `Notifications, ${fresh} new` : "Notifications"}>
          <Bell size={16} aria-hidden="true" />
          {fresh > 0 && <span className="dot">{fresh}</span>}
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover centre" align="end" sideOffset={6} collisionPadding={8} aria-label="Notifications">
          <div className="section-head">
            <h2>Notifications</h2>
            {all.length > 0 && (
              <Button kind="quiet" onClick={clearNotices}>
                Clear
              </Button>
            )}
          </div>
          {all.length === 0 ? (
            <Empty title="Nothing was told yet" />
          ) : (
            <ul>
              {all.map((notice) => (
                <li key={notice.id}>
                  <Words notice={notice} />
                  <Time at={notice.at} />
                </li>
              ))}
            </ul>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
