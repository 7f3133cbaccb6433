/** The wall: tabs of panes, and all that can be done with them, as functions of one state to the next. */
import {
  type Axis,
  type Direction,
  FLOAT_PLACE,
  type Floating,
  READY,
  type SavedPane,
  type SavedWork,
  type Tree,
  arranged,
  even,
  filterMap,
  neighbour,
  nthAfter,
  panesOf,
  resize,
  setShare,
  split,
  swap,
  without,
} from "./layout";

/** Names a pane as long as the page lives. */
export type PaneId = number;

export interface WallTab {
  id: number;
  name?: string;
  tree: Tree<PaneId>;
  floating?: Floating<PaneId>;
  focus: PaneId;
  /** The one that had the focus before. */
  last?: PaneId;
  zoomed: boolean;
  /** Which ready arrangement comes next. */
  ready: number;
}

export interface Wall {
  tabs: WallTab[];
  active: number;
  panes: Record<PaneId, SavedPane>;
  /** The next id. */
  next: number;
}

export const EMPTY: Wall = { tabs: [], active: 0, panes: {}, next: 1 };

/** What opening a layout has to know of the world. */
export interface Facts {
  /** Whether the session lives. */
  live(session: string): boolean;
  /** The container of the pane's id, or else of its name; `runs` where something may begin in it. */
  find(pane: SavedPane): { id: string; name: string; runs: boolean } | undefined;
}

export const tabOf = (wall: Wall): WallTab | undefined => wall.tabs[wall.active];

/** All panes of a tab: those of the arrangement, then the one that floats. */
export const allPanes = (tab: WallTab): PaneId[] => [...panesOf(tab.tree), ...(tab.floating ? [tab.floating.pane] : [])];

export const isFloating = (tab: WallTab, pane: PaneId): boolean => tab.floating?.pane === pane;

/** Whether one pane fills the tab. */
export const fills = (tab: WallTab): boolean => (isFloating(tab, tab.focus) ? tab.floating?.full === true : tab.zoomed);

/** The pane of the arrangement that has the focus, or had it last. */
export function tileOf(tab: WallTab): PaneId {
  const tiles = panesOf(tab.tree);
  return [tab.focus, tab.last].find((pane) => pane !== undefined && tiles.includes(pane)) ?? tiles[0] ?? tab.focus;
}

function changed(wall: Wall, change: (tab: WallTab) => WallTab): Wall {
  const tab = tabOf(wall);
  return tab ? { ...wall, tabs: wall.tabs.with(wall.active, change(tab)) } : wall;
}

/** Gives a pane the focus, in whichever tab it lies. */
export function focus(wall: Wall, pane: PaneId): Wall {
  const active = wall.tabs.findIndex((tab) => allPanes(tab).includes(pane));
  if (active < 0) return wall;
  return changed({ ...wall, active }, (tab) => {
    if (tab.focus === pane) return tab;
    const zoomed = tab.zoomed && (isFloating(tab, pane) || tileOf(tab) === pane);
    const floating = tab.floating && isFloating(tab, pane) ? { ...tab.floating, shown: true } : tab.floating;
    return { ...tab, last: tab.focus, focus: pane, zoomed, ...(floating ? { floating } : {}) };
  });
}

/** Puts a pane beside the focused one, or into a tab of its own where there is none. */
export function add(wall: Wall, pane: SavedPane, where: Axis | "tab"): Wall {
  const id = wall.next;
  const grown = { ...wall, next: id + 1, panes: { ...wall.panes, [id]: pane } };
  const tab = tabOf(wall);
  if (!tab || where === "tab") {
    const fresh: WallTab = { id, tree: { pane: id }, focus: id, zoomed: false, ready: 0 };
    return { ...grown, tabs: [...wall.tabs, fresh], active: wall.tabs.length };
  }
  return changed(grown, (own) => ({ ...own, tree: split(own.tree, tileOf(own), where, id), zoomed: false, last: own.focus, focus: id }));
}

/** Takes a pane out of a tab; none when it was the only one. What floats above nothing is the arrangement then. */
function takeOut(tab: WallTab, pane: PaneId): WallTab | undefined {
  const { floating, last, ...rest } = tab;
  const left = isFloating(tab, pane) ? tab.tree : without(tab.tree, pane);
  const above = floating && floating.pane !== pane ? floating : undefined;
  const tree = left ?? (above ? { pane: above.pane } : undefined);
  if (!tree) return undefined;
  const floats = left ? above : undefined;
  const panes = [...panesOf(tree), ...(floats ? [floats.pane] : [])];
  const next = nthAfter(panesOf(tab.tree), pane, -1);
  const chosen = tab.focus !== pane ? tab.focus : ([last, next].find((one) => one !== undefined && one !== pane && panes.includes(one)) ?? panesOf(tree)[0] ?? tab.focus);
  return {
    ...rest,
    tree,
    ...(floats ? { floating: floats } : {}),
    ...(last !== undefined && last !== pane && last !== chosen ? { last } : {}),
    focus: chosen,
    zoomed: tab.zoomed && "split" in tree && (tab.focus !== pane || isFloating(tab, pane)),
  };
}

/** Closes a pane; its program goes on. */
export function close(wall: Wall, pane: PaneId): Wall {
  const { [pane]: _, ...panes } = wall.panes;
  const at = wall.tabs.findIndex((tab) => allPanes(tab).includes(pane));
  const tab = wall.tabs[at];
  if (!tab) return wall;
  const left = takeOut(tab, pane);
  const tabs = left ? wall.tabs.with(at, left) : wall.tabs.toSpliced(at, 1);
  const active = !left && at <= wall.active ? wall.active - 1 : wall.active;
  return { ...wall, tabs, panes, active: Math.max(0, Math.min(tabs.length - 1, active)) };
}

export function closeTab(wall: Wall, id: number): Wall {
  const tab = wall.tabs.find((one) => one.id === id);
  return tab ? allPanes(tab).reduce(close, wall) : wall;
}

export function move(wall: Wall, direction: Direction): Wall {
  const tab = tabOf(wall);
  if (!tab) return wall;
  const to = isFloating(tab, tab.focus) ? tileOf(tab) : neighbour(tab.tree, tab.focus, direction);
  return to === undefined ? wall : focus(wall, to);
}

/** The next pane, or one before; what floats and is hidden is passed over. */
export function cycle(wall: Wall, steps: number): Wall {
  const tab = tabOf(wall);
  const to = tab && nthAfter(allPanes(tab).filter((pane) => !isFloating(tab, pane) || tab.floating?.shown), tab.focus, steps);
  return to === undefined ? wall : focus(wall, to);
}

export function back(wall: Wall): Wall {
  const tab = tabOf(wall);
  return tab?.last === undefined ? wall : focus(wall, tab.last);
}

export const zoom = (wall: Wall): Wall =>
  changed(wall, (tab) => (tab.floating && isFloating(tab, tab.focus) ? { ...tab, floating: { ...tab.floating, full: !tab.floating.full } } : { ...tab, zoomed: !tab.zoomed && "split" in tab.tree }));

export const grow = (wall: Wall, direction: Direction, by: number): Wall => changed(wall, (tab) => ({ ...tab, tree: resize(tab.tree, tileOf(tab), direction, by) }));

export const drag = (wall: Wall, path: (0 | 1)[], share: number): Wall => changed(wall, (tab) => ({ ...tab, tree: setShare(tab.tree, path, share) }));

export const exchange = (wall: Wall, steps: number): Wall =>
  changed(wall, (tab) => {
    const other = nthAfter(panesOf(tab.tree), tileOf(tab), steps);
    return other === undefined ? tab : { ...tab, tree: swap(tab.tree, tileOf(tab), other) };
  });

export const nextArrangement = (wall: Wall): Wall => changed(wall, (tab) => ({ ...tab, zoomed: false, ready: tab.ready + 1, tree: arranged(tab.tree, READY[tab.ready % READY.length] ?? "tiled") }));

export const evenOut = (wall: Wall): Wall => changed(wall, (tab) => ({ ...tab, tree: even(tab.tree) }));

export const show = (wall: Wall, at: number): Wall => (wall.tabs[at] ? { ...wall, active: at } : wall);

export const turn = (wall: Wall, steps: number): Wall => (wall.tabs.length > 0 ? { ...wall, active: (((wall.active + steps) % wall.tabs.length) + wall.tabs.length) % wall.tabs.length } : wall);

export const nameTab = (wall: Wall, name: string): Wall =>
  changed(wall, ({ name: _, ...tab }) => ({ ...tab, ...(name.trim() === "" ? {} : { name: name.trim() }) }));

export function namePane(wall: Wall, pane: PaneId, name: string): Wall {
  const own = wall.panes[pane];
  if (!own) return wall;
  const { called: _, ...rest } = own;
  return { ...wall, panes: { ...wall.panes, [pane]: name.trim() === "" ? rest : { ...rest, called: name.trim() } } };
}

/** Moves the focused pane to a tab of its own. */
export function breakOut(wall: Wall): Wall {
  const tab = tabOf(wall);
  const pane = tab && wall.panes[tab.focus];
  if (!tab || !pane || allPanes(tab).length < 2) return wall;
  return add(close(wall, tab.focus), pane, "tab");
}

/** Shows or hides what floats. Without one, `fresh` begins in it. */
export function float(wall: Wall, fresh: SavedPane | undefined): Wall {
  const tab = tabOf(wall);
  if (!tab) return wall;
  if (tab.floating) {
    const shown = !tab.floating.shown;
    const floating = { ...tab.floating, shown };
    return changed(wall, (own) => ({ ...own, floating, focus: shown ? floating.pane : tileOf(own), last: own.focus }));
  }
  if (!fresh) return wall;
  const id = wall.next;
  return changed({ ...wall, next: id + 1, panes: { ...wall.panes, [id]: fresh } }, (own) => ({ ...own, floating: { pane: id, ...FLOAT_PLACE, shown: true, full: false }, last: own.focus, focus: id }));
}

/** Lets the focused pane float, or puts what floats into the arrangement. */
export const floatOrTile = (wall: Wall): Wall =>
  changed(wall, (tab) => {
    const { floating, ...rest } = tab;
    if (floating) return { ...rest, tree: split(tab.tree, tileOf(tab), "right", floating.pane), focus: floating.pane };
    const tree = without(tab.tree, tab.focus);
    return tree ? { ...rest, tree, zoomed: false, floating: { pane: tab.focus, ...FLOAT_PLACE, shown: true, full: false } } : tab;
  });

/** A pane shows this session from now on. */
export function shows(wall: Wall, pane: PaneId, session: string | undefined): Wall {
  const own = wall.panes[pane];
  if (!own) return wall;
  const { session: _, ...rest } = own;
  return { ...wall, panes: { ...wall.panes, [pane]: session === undefined ? rest : { ...rest, session } } };
}

/** The pane that shows a session. */
export const showing = (wall: Wall, session: string): PaneId | undefined => {
  const found = Object.entries(wall.panes).find(([, pane]) => pane.session === session);
  return found ? Number(found[0]) : undefined;
};

/** The arrangement, to be kept; `only` one tab of it. */
export function save(wall: Wall, only?: number): SavedWork {
  const kept = wall.tabs.filter((tab) => only === undefined || tab.id === only);
  const tabs = kept.flatMap((tab) => {
    const tree = filterMap(tab.tree, (pane) => wall.panes[pane]);
    if (!tree) return [];
    const above = tab.floating && wall.panes[tab.floating.pane];
    return [
      {
        ...(tab.name === undefined ? {} : { name: tab.name }),
        tree,
        ...(tab.floating && above ? { floating: { ...tab.floating, pane: above } } : {}),
        focus: Math.max(0, allPanes(tab).indexOf(tab.focus)),
        zoomed: tab.zoomed,
      },
    ];
  });
  return { tabs, active: only === undefined ? wall.active : 0 };
}

/**
 * Opens what was kept beside what is open. Sessions that run are shown there, also when they were seen elsewhere; the others begin
 * anew in the containers of the same id or name. Also the names of containers that do not run.
 */
export function open(wall: Wall, saved: SavedWork, facts: Facts): { wall: Wall; gone: string[] } {
  const gone = new Set<string>();
  let next = wall;
  let active: number | undefined;
  saved.tabs.forEach((tab, at) => {
    let place = 0;
    let focused: PaneId | undefined;
    const bring = (pane: SavedPane): PaneId | undefined => {
      const here = place++;
      const live = pane.session !== undefined && facts.live(pane.session);
      const container = facts.find(pane);
      if (!container || !(live || container.runs || pane.shows === "log")) {
        gone.add(pane.name);
        return undefined;
      }
      const { session, ...rest } = pane;
      const seen = live && session !== undefined ? showing(next, session) : undefined;
      if (seen !== undefined) next = close(next, seen);
      const id = next.next;
      next = { ...next, next: id + 1, panes: { ...next.panes, [id]: { ...rest, container: container.id, name: container.name, ...(live && session !== undefined ? { session } : {}) } } };
      if (here === tab.focus) focused = id;
      return id;
    };
    const tree = filterMap(tab.tree, bring);
    const above = tab.floating && bring(tab.floating.pane);
    // What floated above what is gone is all that there is.
    const whole = tree ?? (above === undefined ? undefined : { pane: above });
    if (!whole) return;
    const made: WallTab = {
      id: next.next,
      ...(tab.name === undefined ? {} : { name: tab.name }),
      tree: whole,
      ...(tree && tab.floating && above !== undefined ? { floating: { ...tab.floating, pane: above } } : {}),
      focus: focused ?? panesOf(whole)[0] ?? 0,
      zoomed: tab.zoomed && "split" in whole,
      ready: 0,
    };
    next = { ...next, next: next.next + 1, tabs: [...next.tabs, made] };
    if (at === saved.active) active = made.id;
  });
  const shown = active === undefined ? -1 : next.tabs.findIndex((tab) => tab.id === active);
  return { wall: { ...next, active: shown >= 0 ? shown : Math.max(0, Math.min(next.tabs.length - 1, next.active)) }, gone: [...gone] };
}
