/** One pane: its frame, and the terminal or log in it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Columns2, Maximize2, Minimize2, MoreHorizontal, Rows2, X } from "lucide-react";
import { type CSSProperties, memo, useEffect, useRef, useState } from "react";
import { type Container, type Session, api, data } from "../../lib/api";
import type { SavedPane } from "../../lib/layout";
import { placed } from "../../lib/live";
import { containersQuery, openSession, sessionsQuery } from "../../lib/queries";
import { sessionState } from "../../lib/state";
import type { PaneId } from "../../lib/wall";
import { Button } from "../../ui/button";
import { Menu } from "../../ui/menu";
import { Empty, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Terminal } from "../../ui/terminal";
import { Log } from "./log";

export interface PaneActions {
  focus: (pane: PaneId) => void;
  shows: (pane: PaneId, session: string | undefined) => void;
  split: (pane: PaneId, axis: "right" | "down") => void;
  zoom: (pane: PaneId) => void;
  close: (pane: PaneId) => void;
  rename: (pane: PaneId) => void;
  breakOut: (pane: PaneId) => void;
  float: (pane: PaneId) => void;
}

export interface PaneProps {
  id: PaneId;
  pane: SavedPane;
  style: CSSProperties;
  hidden: boolean;
  focused: boolean;
  zoomed: boolean;
  floats: boolean;
  /** The focused pane takes the keyboard when this grows: by a key, not by a pointer that is elsewhere. */
  summons: number;
  act: PaneActions;
}

/** Sessions that are being opened: a pane that is drawn twice opens one. */
const opening = new Map<PaneId, Promise<Session>>();

function opened(id: PaneId, pane: SavedPane, container: Container): Promise<Session> {
  const before = opening.get(id);
  if (before) return before;
  const begun = openSession(container, pane.shows !== "main").finally(() => opening.delete(id));
  opening.set(id, begun);
  return begun;
}

export const Pane = memo(function Pane({ id, pane, style, hidden, focused, zoomed, floats, summons, act }: PaneProps) {
  const box = useRef<HTMLElement>(null);
  const [chips, setChips] = useState<HTMLElement | null>(null);
  const sessions = useQuery(sessionsQuery);
  const session = pane.session === undefined ? undefined : sessions.data?.find((one) => one.id === pane.session);
  useEffect(() => {
    if (!focused || hidden || summons === 0) return;
    const inside = box.current?.querySelector<HTMLElement>(".xterm-helper-textarea, [data-focus]");
    inside?.focus();
  }, [focused, hidden, summons]);
  const name = pane.called ?? pane.name;
  const shown = session ? sessionState(session) : undefined;
  return (
    <section ref={box} className={["pane", focused ? "focused" : "", floats ? "floats" : ""].join(" ")} style={style} data-hidden={hidden || undefined} inert={hidden} aria-label={`Pane ${name}`} onPointerDown={() => act.focus(id)}>
      <div className="pane-head" onDoubleClick={() => act.zoom(id)}>
        <span className={`tone-${shown?.tone ?? "muted"}`} title={shown?.word}>
          <span aria-hidden="true">{shown?.glyph ?? (pane.shows === "log" ? "≡" : "◐")}</span> <span className="sr">{shown?.word}</span>
        </span>
        <span className="mono strong cut">{name}</span>
        <span className="mono muted cut pane-title">{pane.shows === "log" ? "log" : session?.title}</span>
        <span className="spring" />
        <span ref={setChips} className="pane-chips" />
        <Button kind="quiet" label={zoomed ? "Back to its place" : "Fill the wall"} icon={zoomed ? <Minimize2 size={13} /> : <Maximize2 size={13} />} onClick={() => act.zoom(id)} />
        <Menu
          label={`What to do with ${name}`}
          trigger={
            <button type="button" className="button quiet bare" aria-label={`What to do with ${name}`}>
              <MoreHorizontal size={14} aria-hidden="true" />
            </button>
          }
          items={[
            { label: "Split: a shell to the right", keys: "%", icon: <Columns2 size={14} />, needs: "open:sessions", onSelect: () => act.split(id, "right") },
            { label: "Split: a shell below", keys: '"', icon: <Rows2 size={14} />, needs: "open:sessions", onSelect: () => act.split(id, "down") },
            { group: "" },
            { label: "Name it…", keys: "T", onSelect: () => act.rename(id) },
            { label: "To a tab of its own", keys: "!", onSelect: () => act.breakOut(id) },
            { label: floats ? "Into the arrangement" : "Let it float", keys: "@", onSelect: () => act.float(id) },
          ]}
        />
        <Button kind="quiet" label={`Close ${name}`} icon={<X size={14} />} onClick={() => act.close(id)} />
      </div>
      <Content {...{ id, pane, session, loaded: sessions.data !== undefined, focused, act, chips }} />
    </section>
  );
});

function Content({ id, pane, session, loaded, focused, act, chips }: Pick<PaneProps, "id" | "pane" | "focused" | "act"> & { session: Session | undefined; loaded: boolean; chips: HTMLElement | null }) {
  if (pane.shows === "log") return <Log container={pane.container} name={pane.name} onFocus={() => act.focus(id)} />;
  if (session) {
    return (
      <Terminal
        session={session}
        bare
        chips={chips}
        autoFocus={focused}
        onFocus={() => act.focus(id)}
        afterExit={
          <>
            <Button onClick={() => act.shows(id, undefined)}>Open it again</Button>
            <Button kind="quiet" onClick={() => act.close(id)}>
              Close the pane
            </Button>
          </>
        }
      />
    );
  }
  if (!loaded) return <Skeleton lines={4} label="Loading the terminal" />;
  if (pane.session !== undefined) {
    return (
      <Empty title="This session is no more" action={<Button onClick={() => act.shows(id, undefined)}>Open it again</Button>}>
        It has ended, or you may not see it.
      </Empty>
    );
  }
  return <Opening id={id} pane={pane} act={act} />;
}

function Opening({ id, pane, act }: Pick<PaneProps, "id" | "pane" | "act">) {
  const queries = useQueryClient();
  const containers = useQuery(containersQuery);
  const container = containers.data?.find((one) => one.id === pane.container);
  const open = useMutation({
    mutationFn: (of: Container) => opened(id, pane, of),
    onSuccess: (session) => {
      queries.setQueryData<Session[]>(["sessions"], (list) => placed(list, session));
      act.shows(id, session.id);
    },
  });
  const runs = container?.state === "running";
  const { mutate } = open;
  useEffect(() => {
    if (runs && container) mutate(container);
    // Once for each time that it begins to run.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [runs, container?.id, mutate]);
  if (open.error) return <Problem error={open.error} onRetry={() => container && mutate(container)} title="No terminal could be opened" small />;
  if (containers.data && !container) return <Empty title={`There is no container ${pane.name}`} action={<Button onClick={() => act.close(id)}>Close the pane</Button>} />;
  if (container && !runs) {
    return (
      <Empty
        title={`${pane.name} does not run`}
        action={
          <Button kind="primary" needs="control:containers" onClick={() => void data(api.POST("/api/v1/containers/{id}/start", { params: { path: { id: container.id } } })).catch(() => null)}>
            Start it
          </Button>
        }
      >
        Its terminal is there as soon as it does.
      </Empty>
    );
  }
  return <Skeleton lines={4} label="Opening the terminal" />;
}
