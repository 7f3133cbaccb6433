/** The wall: tabs of panes with live terminals, or small pictures of all of them. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Columns2, FolderOpen, LayoutGrid, Plus, Rows2, Save, SquareTerminal, X } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Container, api, data } from "../../lib/api";
import { useCommands } from "../../lib/commands";
import { useShortcuts } from "../../lib/keyboard";
import { type Border, type Direction, type SavedPane, type SavedWork, WHOLE, arranged, borders, frames, readWork } from "../../lib/layout";
import { notify, notifyError } from "../../lib/notices";
import { useAccount } from "../../lib/permissions";
import { usePreferences } from "../../lib/preferences";
import { containersQuery, sessionsQuery } from "../../lib/queries";
import { oneOf, text, useAddress } from "../../lib/search";
import { useStore } from "../../lib/store";
import * as walls from "../../lib/wall";
import { Button } from "../../ui/button";
import { useWidth } from "../../ui/data-table";
import { Dialog } from "../../ui/dialog";
import { Choice } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { type WallKey, useLeader } from "./leader";
import { Ask, KeepLayout, Layouts } from "./layouts";
import { Pane, type PaneActions } from "./pane";
import { Pick } from "./pick";
import { openKept, paneOf, recall, wall as store, whose } from "./state";
import { Tiles } from "./tiles";
import "./wall.css";

const ADDRESS = { view: oneOf("panes", "tiles"), q: text(), layout: text(), show: text() };
/** How far one key moves a border: about a cell, and five. */
const STEP = 0.01;
const PHONE = 640;

type Asked = { what: "tab" } | { what: "pane"; pane: walls.PaneId };
type Where = "right" | "down" | "tab";

export default function WallPage() {
  const account = useAccount();
  const containers = useQuery(containersQuery);
  const sessions = useQuery(sessionsQuery);
  const [address, setAddress] = useAddress(ADDRESS);
  const wall = useStore(store);
  const narrow = useWidth() < PHONE;
  const [summons, setSummons] = useState(0);
  const [picking, setPicking] = useState<Where | null>(null);
  const [layouts, setLayouts] = useState(false);
  const [keeping, setKeeping] = useState<{ work: SavedWork; title: string; name: string } | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [closing, setClosing] = useState<walls.PaneId | null>(null);
  const { leader } = usePreferences();
  const navigate = useNavigate();
  const recalled = useStore(whose) === account?.name;
  const ready = containers.data !== undefined && sessions.data !== undefined && account !== null && recalled;
  const tab = walls.tabOf(wall);

  const { data: known } = containers;
  const { data: open } = sessions;
  useEffect(() => {
    if (account && known && open && !recalled) void recall(account.name, known, open);
  }, [account, known, open, recalled]);

  /** By a key: the keyboard goes where the focus is. */
  const key = useCallback((change: (wall: walls.Wall) => walls.Wall) => {
    store.update(change);
    setSummons((count) => count + 1);
  }, []);
  const put = useCallback((pane: SavedPane, where: Where) => key((now) => walls.add(now, pane, where)), [key]);
  const fresh = (of: walls.PaneId | undefined = tab?.focus): SavedPane | undefined => {
    const pane = of === undefined ? undefined : store.get().panes[of];
    return pane && { container: pane.container, name: pane.name, shows: "shell" };
  };
  const split = (axis: "right" | "down") => {
    const pane = fresh();
    if (pane) put(pane, axis);
    else setPicking(axis);
  };
  const close = useCallback(
    (pane: walls.PaneId) => {
      const shown = store.get().panes[pane];
      const session = sessions.data?.find((one) => one.id === shown?.session);
      // What has ended, or goes on by itself, is no question.
      if (session?.state === "live" && session.kind === "exec") setClosing(pane);
      else key((now) => walls.close(now, pane));
    },
    [sessions.data, key],
  );
  const opened = (name: string, work: SavedWork) => {
    const gone = openKept(work, containers.data ?? [], sessions.data ?? []);
    if (gone.length > 0) notify({ tone: "warn", title: `'${name}' is not whole`, text: `Left out, since they do not run: ${gone.join(", ")}` });
    setSummons((count) => count + 1);
  };
  const keep = (only?: number) => {
    const work = walls.save(store.get(), only);
    if (work.tabs.length === 0) return notify({ tone: "info", title: "There are no terminals to keep" });
    return setKeeping({ work, title: only === undefined ? "Keep all tabs as" : "Keep this tab as", name: only === undefined ? "" : (tab?.name ?? "") });
  };
  const openAll = (chosen: Container[]) => {
    setAddress({ view: "panes" }, true);
    const live = (sessions.data ?? []).filter((one) => one.state === "live");
    const pane = (one: Container): SavedPane => {
      const own = live.filter((session) => session.container === one.id);
      const session = own.find((session) => session.kind === "main") ?? own.at(-1);
      return session ? paneOf(session) : { container: one.id, name: one.name, shows: one.tty ? "main" : "shell" };
    };
    key((before) => {
      const [first, ...rest] = chosen.map(pane);
      const seen = chosen.length === 1 && first?.session !== undefined ? walls.showing(before, first.session) : undefined;
      if (seen !== undefined) return walls.focus(before, seen);
      if (!first) return before;
      const begun = rest.reduce((now, one) => walls.add(now, one, "right"), walls.add(before, first, "tab"));
      const own = walls.tabOf(begun);
      return own ? { ...begun, tabs: begun.tabs.with(begun.active, { ...own, tree: arranged(own.tree, "tiled"), focus: own.id }) } : begun;
    });
  };

  // What the address asks for is done once, and taken out of it.
  const { layout, show } = address;
  const asking = useRef("");
  useEffect(() => {
    const wish = `${layout} ${show}`;
    if (!ready || wish === " " || asking.current === wish) return;
    asking.current = wish;
    if (show !== "") {
      const session = sessions.data.find((one) => one.id === show);
      const seen = session && walls.showing(store.get(), session.id);
      if (seen !== undefined) key((now) => walls.focus(now, seen));
      else if (session) put(paneOf(session), walls.tabOf(store.get()) ? "right" : "tab");
      else notify({ tone: "warn", title: "This session is no more" });
      setAddress({ show: "" });
    }
    if (layout !== "") {
      data(api.GET("/api/v1/layouts/{name}", { params: { path: { name: layout } } }))
        .then((found) => opened(layout, readWork(found.data)))
        .catch((error: unknown) => notifyError(`The layout '${layout}' could not be opened`, error));
      setAddress({ layout: "" });
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ready, layout, show]);

  const moves: [Direction, string, string][] = [
    ["left", "Left", "h"],
    ["down", "Down", "j"],
    ["up", "Up", "k"],
    ["right", "Right", "l"],
  ];
  const keys: WallKey[] = [
    { keys: ["%", "|"], label: "split: a new shell to the right", hint: "right", run: () => split("right") },
    { keys: ['"', "-"], label: "split: a new shell below", hint: "below", run: () => split("down") },
    { keys: ["z"], label: "let the pane fill the wall, and back", hint: "fill", run: () => key(walls.zoom) },
    { keys: ["x"], label: "close the pane", hint: "close", run: () => tab && close(tab.focus) },
    { keys: ["o"], label: "next pane", hint: "next", run: () => key((now) => walls.cycle(now, 1)) },
    { keys: [";"], label: "pane before", run: () => key(walls.back) },
    ...moves.flatMap(([direction, arrow, letter]): WallKey[] => [
      { keys: [arrow, letter], label: `pane ${direction}`, run: () => key((now) => walls.move(now, direction)) },
      { keys: [`C-${arrow}`], label: `border ${direction}`, run: () => store.update((now) => walls.grow(now, direction, STEP)) },
      { keys: [`M-${arrow}`], label: `border ${direction}, by more`, run: () => store.update((now) => walls.grow(now, direction, STEP * 5)) },
    ]),
    { keys: ["{"], label: "change places with the pane before", run: () => key((now) => walls.exchange(now, -1)) },
    { keys: ["}"], label: "change places with the next pane", run: () => key((now) => walls.exchange(now, 1)) },
    { keys: ["Space"], label: "next ready arrangement", hint: "arrange", run: () => key(walls.nextArrangement) },
    { keys: ["E"], label: "panes equally large", run: () => key(walls.evenOut) },
    { keys: ["!"], label: "pane to a tab of its own", run: () => key(walls.breakOut) },
    { keys: ["*"], label: "show or hide the floating pane", run: () => key((now) => walls.float(now, fresh())) },
    { keys: ["@"], label: "let the pane float, or put it back", run: () => key(walls.floatOrTile) },
    { keys: ["c"], label: "new tab with a shell of the same container", hint: "tab", run: () => (tab && fresh() ? put(fresh() as SavedPane, "tab") : setPicking("tab")) },
    { keys: ["C"], label: "pick what a new tab shows", run: () => setPicking("tab") },
    { keys: ["n"], label: "next tab", run: () => key((now) => walls.turn(now, 1)) },
    { keys: ["p"], label: "tab before", run: () => key((now) => walls.turn(now, -1)) },
    { keys: [","], label: "name the tab", run: () => tab && setAsked({ what: "tab" }) },
    { keys: ["T"], label: "name the pane", run: () => tab && setAsked({ what: "pane", pane: tab.focus }) },
    { keys: ["L"], label: "the container's log to the right", run: () => { const pane = fresh(); if (pane) put({ ...pane, shows: "log" }, "right"); } },
    { keys: ["s"], label: "layouts", hint: "layouts", run: () => setLayouts(true) },
    { keys: ["W"], label: "keep all tabs as a layout", hint: "keep", run: () => void keep() },
    { keys: ["d"], label: "back to the containers", run: () => void navigate({ to: "/containers" as never }) },
    ...Array.from({ length: 9 }, (_, at): WallKey => ({ keys: [String(at + 1)], label: `tab ${at + 1}`, run: () => key((now) => walls.show(now, at)) })),
  ];
  const panesShown = address.view === "panes";
  const armed = useLeader(leader, panesShown ? keys : []);
  useShortcuts([
    { keys: "v", label: "panes or tiles", group: "Wall", run: () => setAddress({ view: panesShown ? "tiles" : "panes" }) },
    { keys: "a", label: "add a terminal", group: "Wall", run: () => setPicking("right") },
    // Listed on the key sheet; `useLeader` hears them.
    ...keys.filter((one) => !/^\d$/.test(one.keys[0] ?? "")).map((one) => ({ keys: `${leader} ${one.keys[0] ?? ""}`, label: one.label, group: `Wall, after ${leader}`, run: one.run })),
  ]);
  useCommands(
    [
      { label: "Add a terminal…", group: "Wall", run: () => setPicking("right") },
      { label: "Layouts…", group: "Wall", run: () => setLayouts(true) },
      { label: "Keep all tabs as a layout…", group: "Wall", run: () => void keep() },
      { label: "Keep this tab as a layout…", group: "Wall", run: () => tab && void keep(tab.id) },
      ...keys.filter((one) => !/^\d$/.test(one.keys[0] ?? "")).map((one) => ({ label: one.label, group: "Wall", keys: `${leader} ${one.keys[0] ?? ""}`, run: one.run })),
    ],
    `${leader} ${tab?.id ?? ""}`,
  );

  const act = useMemo(
    (): PaneActions => ({
      focus: (pane) => store.update((now) => walls.focus(now, pane)),
      shows: (pane, session) => store.update((now) => walls.shows(now, pane, session)),
      split: (pane, axis) => {
        const own = store.get().panes[pane];
        if (own) key((now) => walls.add(walls.focus(now, pane), { container: own.container, name: own.name, shows: "shell" }, axis));
      },
      zoom: (pane) => key((now) => walls.zoom(walls.focus(now, pane))),
      close,
      rename: (pane) => setAsked({ what: "pane", pane }),
      breakOut: (pane) => key((now) => walls.breakOut(walls.focus(now, pane))),
      float: (pane) => key((now) => walls.floatOrTile(walls.focus(now, pane))),
    }),
    [close, key],
  );

  const error = containers.error ?? sessions.error;
  const closed = closing === null ? undefined : wall.panes[closing];
  return (
    <div className="fill-page wall-page">
      <PageHeader
        title="Wall"
        actions={
          <>
            {panesShown && (
              <>
                <Button icon={<Plus size={14} />} onClick={() => setPicking("right")}>
                  Add
                </Button>
                <Button kind="quiet" label="Split: a shell to the right" icon={<Columns2 size={15} />} needs="open:sessions" onClick={() => split("right")} />
                <Button kind="quiet" label="Split: a shell below" icon={<Rows2 size={15} />} needs="open:sessions" onClick={() => split("down")} />
                <Button kind="quiet" label="Layouts" icon={<FolderOpen size={15} />} needs="use:layouts" onClick={() => setLayouts(true)} />
                <Button kind="quiet" label="Keep all tabs as a layout" icon={<Save size={15} />} needs="use:layouts" onClick={() => void keep()} />
              </>
            )}
            <Choice
              label="View"
              value={address.view}
              onChange={(view) => setAddress({ view }, true)}
              options={[
                { value: "panes", label: "Panes", icon: <SquareTerminal size={15} aria-hidden="true" /> },
                { value: "tiles", label: "Tiles", icon: <LayoutGrid size={15} aria-hidden="true" /> },
              ]}
            />
          </>
        }
      />
      {error && !ready ? (
        <Problem error={error} onRetry={() => void Promise.all([containers.refetch(), sessions.refetch()])} title="The terminals could not be read" />
      ) : !ready ? (
        <Skeleton lines={8} label="Loading the wall" />
      ) : !panesShown ? (
        <Tiles containers={containers.data} filter={address.q} onFilter={(q) => setAddress({ q })} onOpen={openAll} />
      ) : tab ? (
        <>
          <Tabs wall={wall} onShow={(at) => key((now) => walls.show(now, at))} onClose={(id) => key((now) => walls.closeTab(now, id))} onName={() => setAsked({ what: "tab" })} onNew={() => setPicking("tab")} />
          {narrow && walls.allPanes(tab).length > 1 && (
            <div className="pane-picker" role="toolbar" aria-label="Panes">
              {walls.allPanes(tab).map((pane) => (
                <button key={pane} type="button" className="session-tab mono" aria-pressed={pane === tab.focus} onClick={() => key((now) => walls.focus(now, pane))}>
                  {wall.panes[pane]?.called ?? wall.panes[pane]?.name}
                </button>
              ))}
            </div>
          )}
          <Area key={tab.id} wall={wall} tab={tab} narrow={narrow} summons={summons} act={act} />
          <p className={armed ? "wall-hint armed" : "wall-hint"} role="status">
            {armed ? (
              keys.filter((one) => one.hint).map((one) => (
                <span key={one.label}>
                  <kbd>{one.keys[0]}</kbd> {one.hint}
                </span>
              ))
            ) : (
              <span className="muted wide-only">
                <kbd>{leader}</kbd> then a key: all are listed at <kbd>?</kbd>
              </span>
            )}
          </p>
        </>
      ) : (
        <Empty
          title="No terminal is open here"
          action={
            <span className="row">
              <Button kind="primary" icon={<Plus size={14} />} onClick={() => setPicking("tab")}>
                Add a terminal
              </Button>
              <Button needs="use:layouts" onClick={() => setLayouts(true)}>
                Open a layout
              </Button>
            </span>
          }
        >
          Terminals beside each other, in tabs, kept as layouts that the terminal client opens too.
        </Empty>
      )}
      <Pick open={picking !== null} onClose={() => setPicking(null)} containers={containers.data ?? []} sessions={sessions.data ?? []} onPick={(pane) => put(pane, picking ?? "right")} />
      <Layouts open={layouts} onClose={() => setLayouts(false)} onOpen={opened} />
      <KeepLayout work={keeping?.work ?? null} title={keeping?.title ?? ""} name={keeping?.name ?? ""} onClose={() => setKeeping(null)} />
      <Ask
        open={asked !== null}
        onClose={() => setAsked(null)}
        title={asked?.what === "tab" ? "Name of the tab" : "Name of the pane"}
        label="Name; nothing takes it away"
        verb="Name it"
        empty
        value={asked?.what === "tab" ? (tab?.name ?? "") : asked ? (wall.panes[asked.pane]?.called ?? "") : ""}
        onSay={(said) => key((now) => (asked?.what === "pane" ? walls.namePane(now, asked.pane, said) : walls.nameTab(now, said)))}
      />
      <Dialog
        open={closing !== null}
        onClose={() => setClosing(null)}
        title={`Close ${closed?.called ?? closed?.name ?? "the pane"}?`}
        foot={
          <>
            <Button
              kind="danger"
              needs="close:sessions"
              onClick={() => {
                const session = closed?.session;
                const pane = closing;
                setClosing(null);
                if (pane === null || session === undefined) return;
                data(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: session } } })).then(
                  () => key((now) => walls.close(now, pane)),
                  (problem: unknown) => notifyError("The program could not be ended", problem),
                );
              }}
            >
              End its program
            </Button>
            <Button
              kind="primary"
              autoFocus
              onClick={() => {
                if (closing !== null) key((now) => walls.close(now, closing));
                setClosing(null);
              }}
            >
              Close the pane
            </Button>
          </>
        }
      >
        <p>The pane alone can be closed: its program goes on, and is found among the sessions. What the program has not saved is lost when it is ended.</p>
      </Dialog>
    </div>
  );
}

function Tabs({ wall, onShow, onClose, onName, onNew }: { wall: walls.Wall; onShow: (at: number) => void; onClose: (id: number) => void; onName: () => void; onNew: () => void }) {
  return (
    <div className="wall-tabs" role="toolbar" aria-label="Tabs">
      {wall.tabs.map((tab, at) => {
        const name = tab.name ?? wall.panes[walls.tileOf(tab)]?.name ?? "tab";
        const count = walls.allPanes(tab).length;
        return (
          <span key={tab.id} className="wall-tab" data-shown={at === wall.active}>
            <button type="button" aria-pressed={at === wall.active} onClick={() => onShow(at)} onDoubleClick={onName}>
              <span className="muted">{at + 1}</span> {name}
              {count > 1 && <span className="muted"> · {count}</span>}
            </button>
            {at === wall.active && <Button kind="quiet" label={`Close the tab ${name}`} icon={<X size={12} />} onClick={() => onClose(tab.id)} />}
          </span>
        );
      })}
      <Button kind="quiet" label="New tab" icon={<Plus size={14} />} onClick={onNew} />
    </div>
  );
}

const part = (share: number) => `${(share * 100).toFixed(4)}%`;

/** The panes of a tab. They lie in one list, so that a terminal is never made anew when its neighbours change. */
function Area({ wall, tab, narrow, summons, act }: { wall: walls.Wall; tab: walls.WallTab; narrow: boolean; summons: number; act: PaneActions }) {
  const area = useRef<HTMLDivElement>(null);
  const tile = walls.tileOf(tab);
  const floats = walls.isFloating(tab, tab.focus);
  const alone = narrow || tab.zoomed;
  const places = useMemo(() => new Map(frames(tab.tree).map((frame) => [frame.pane, frame])), [tab.tree]);
  const above = tab.floating;
  const fillsAll = above?.shown === true && (above.full === true || narrow);
  return (
    <div ref={area} className="wall-area">
      {walls.allPanes(tab).map((id) => {
        const pane = wall.panes[id];
        if (!pane) return null;
        const lies = walls.isFloating(tab, id);
        const frame = lies && above ? { x: above.x / WHOLE, y: above.y / WHOLE, width: above.width / WHOLE, height: above.height / WHOLE } : places.get(id);
        const whole = lies ? fillsAll : alone;
        const style = whole || !frame ? { left: 0, top: 0, width: "100%", height: "100%" } : { left: part(frame.x), top: part(frame.y), width: part(frame.width), height: part(frame.height) };
        const hidden = lies ? !(above?.shown ?? false) || (narrow && !floats) : fillsAll || (alone && id !== (narrow && !floats ? tab.focus : tile));
        // A phone has the one that it shows, and no more.
        if (narrow && hidden) return null;
        return <Pane key={id} id={id} pane={pane} style={style} hidden={hidden} focused={id === tab.focus} zoomed={id === tab.focus && walls.fills(tab)} floats={lies} summons={id === tab.focus ? summons : 0} act={act} />;
      })}
      {!alone && !fillsAll && borders(tab.tree).map((border) => <Handle key={border.path.join("") || "root"} border={border} area={area} />)}
    </div>
  );
}

/** A border that is dragged, or moved by its arrow keys. */
function Handle({ border, area }: { border: Border; area: { current: HTMLDivElement | null } }) {
  const across = border.axis === "right";
  const moved = (event: PointerEvent<HTMLDivElement>) => {
    const box = area.current?.getBoundingClientRect();
    if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const at = across ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
    const [from, whole] = across ? [border.of.x, border.of.width] : [border.of.y, border.of.height];
    store.update((now) => walls.drag(now, border.path, ((at - from) / whole) * WHOLE));
  };
  const key = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by === undefined || across !== (event.key === "ArrowLeft" || event.key === "ArrowRight")) return;
    event.preventDefault();
    store.update((now) => walls.drag(now, border.path, border.share + by * STEP * WHOLE));
  };
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-label={across ? "Border between left and right" : "Border between above and below"}
      aria-orientation={across ? "vertical" : "horizontal"}
      aria-valuenow={Math.round((border.share / WHOLE) * 100)}
      aria-valuemin={5}
      aria-valuemax={95}
      className={across ? "wall-border across" : "wall-border"}
      style={{ left: part(border.x), top: part(border.y), width: across ? undefined : part(border.width), height: across ? part(border.height) : undefined }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={moved}
      onKeyDown={key}
    />
  );
}
