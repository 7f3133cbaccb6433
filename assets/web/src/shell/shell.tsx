/** The dashboard's frame: navigation, the top line, banners, palette and keys. */
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronsLeft, CircleUser, Menu as MenuIcon, Search, SunMoon } from "lucide-react";
import { type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import { signOut } from "../lib/auth";
import { type Command, useCommands } from "../lib/commands";
import { keyNames, keysOf, listenToKeys, useShortcuts } from "../lib/keyboard";
import { goLive, stream } from "../lib/live";
import { notifyError } from "../lib/notices";
import { useAccount, useCan } from "../lib/permissions";
import { THEMES, prefer, usePreferences } from "../lib/preferences";
import { containersQuery, templatesQuery, useContainerAction } from "../lib/queries";
import { containerState, needsAttention } from "../lib/state";
import { useStore } from "../lib/store";
import { GROUPS, PAGES, type Page } from "../pages";
import { Badge } from "../ui/badge";
import { Dialog } from "../ui/dialog";
import { KeySheet } from "../ui/key-sheet";
import { Menu } from "../ui/menu";
import { Tip } from "../ui/tip";
import { NoticeCentre, Toasts } from "../ui/toasts";
import { Banners } from "./banners";

const Palette = lazy(() => import("../ui/palette"));

const THEME_NAMES = { system: "As the system", dark: "Dark", light: "Light", "high-contrast": "High contrast, dark", "high-contrast-light": "High contrast, light" };

/** Pages of the navigation that the account may see. */
function usePages(): Page[] {
  const can = useCan();
  return PAGES.filter((page) => page.nav && (!page.needs || can(page.needs).ok));
}

export function Shell({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [narrow, setNarrow] = useState(() => localStorage.getItem("cto.rail") === "narrow");
  const [palette, setPalette] = useState(false);
  const [wanted, setWanted] = useState(false);
  const [keys, setKeys] = useState(false);
  const [more, setMore] = useState(false);
  useEffect(() => goLive(queries), [queries]);
  useEffect(() => listenToKeys(), []);
  const openPalette = () => {
    setWanted(true);
    setPalette(true);
  };
  useGoing(openPalette, () => setKeys(true));
  const squeeze = () => {
    localStorage.setItem("cto.rail", narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };

  return (
    <div className={narrow ? "shell narrow" : "shell"}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <nav className="rail" aria-label="Pages">
        <Link to="/" className="brand" aria-label="cto, overview">
          <span className="brand-mark" aria-hidden="true">
            ▚
          </span>
          <span className="rail-text">cto</span>
        </Link>
        <Places />
        <button type="button" className="rail-squeeze" aria-label={narrow ? "Wide navigation" : "Narrow navigation"} onClick={squeeze}>
          <ChevronsLeft size={16} aria-hidden="true" />
        </button>
      </nav>
      <div className="top">
        <Link to="/" className="brand" aria-label="cto, overview">
          <span className="brand-mark" aria-hidden="true">
            ▚
          </span>
        </Link>
        <Connection />
        <Counts />
        <span className="spring" />
        <button type="button" className="palette-button" onClick={openPalette}>
          <Search size={14} aria-hidden="true" />
          <span className="palette-hint">Go to, or do…</span>
          <kbd>{keyNames(keysOf({ group: "Everywhere", keys: "Mod+k" })).join(" ")}</kbd>
        </button>
        <NoticeCentre />
        <ThemeMenu />
        <AccountMenu onKeys={() => setKeys(true)} />
      </div>
      <main id="main" className="main" tabIndex={-1}>
        <Banners />
        <div className="page">{children}</div>
      </main>
      <nav className="bottom" aria-label="Main pages">
        <Bottom onMore={() => setMore(true)} />
      </nav>
      <Dialog open={more} onClose={() => setMore(false)} title="Pages">
        <div className="more-pages" onClick={(event) => (event.target as Element).closest("a") && setMore(false)}>
          <Places />
        </div>
      </Dialog>
      <KeySheet open={keys} onClose={() => setKeys(false)} />
      {wanted && <Offers />}
      {wanted && (
        <Suspense fallback={null}>
          <Palette open={palette} onClose={() => setPalette(false)} />
        </Suspense>
      )}
      <Toasts />
    </div>
  );
}

function Places() {
  const pages = usePages();
  return GROUPS.map((group) => {
    const some = pages.filter((page) => page.nav?.group === group);
    if (some.length === 0) return null;
    return (
      <div key={group} className="rail-group">
        <h2 className="rail-head">{group}</h2>
        <ul>
          {some.map((page) => (
            <li key={page.path}>
              <Place page={page} />
            </li>
          ))}
        </ul>
      </div>
    );
  });
}

function Place({ page, tip = true }: { page: Page; tip?: boolean }) {
  const Icon = page.nav?.icon;
  const link = (
    // Named, since a narrow rail shows the icon alone.
    <Link to={page.path as never} className="rail-link" aria-label={page.title} activeOptions={{ exact: page.path === "/", includeSearch: false }} activeProps={{ "aria-current": "page" }}>
      {Icon && <Icon size={16} aria-hidden="true" />}
      <span className="rail-text">{page.title}</span>
    </Link>
  );
  return tip ? (
    <Tip side="right" text={<>{page.title} {page.nav?.key && <kbd>{keysOf({ group: "Go to", keys: `g ${page.nav.key}` })}</kbd>}</>}>
      {link}
    </Tip>
  ) : (
    link
  );
}

function Bottom({ onMore }: { onMore: () => void }) {
  const pages = usePages().filter((page) => page.nav?.phone);
  return (
    <>
      {pages.map((page) => (
        <Place key={page.path} page={page} tip={false} />
      ))}
      <button type="button" className="rail-link" onClick={onMore}>
        <MenuIcon size={16} aria-hidden="true" />
        <span className="rail-text">More</span>
      </button>
    </>
  );
}

/** Shortcuts and commands that lead to pages. */
function useGoing(openPalette: () => void, openKeys: () => void): void {
  const navigate = useNavigate();
  const pages = usePages();
  const { keys: own } = usePreferences();
  const go = (path: string) => void navigate({ to: path as never });
  useShortcuts([
    { keys: "Mod+k", label: "command palette", group: "Everywhere", run: openPalette },
    { keys: "?", label: "these keys", group: "Everywhere", run: openKeys },
    ...pages.flatMap((page) => (page.nav?.key ? [{ keys: `g ${page.nav.key}`, label: page.title.toLowerCase(), group: "Go to", run: () => go(page.path) }] : [])),
  ]);
  const list: Command[] = [
    ...pages.map((page) => {
      const Icon = page.nav?.icon;
      return { label: page.title, group: "Go to", icon: Icon && <Icon size={14} />, ...(page.nav?.key ? { keys: keysOf({ group: "Go to", keys: `g ${page.nav.key}` }) } : {}), run: () => go(page.path) };
    }),
    ...THEMES.map((theme) => ({ label: `Theme: ${THEME_NAMES[theme].toLowerCase()}`, group: "Appearance", run: () => prefer({ theme }) })),
    { label: "Keys: see and change", group: "Help", keys: keysOf({ group: "Everywhere", keys: "?" }), run: openKeys },
    { label: "Sign out", group: "Account", run: () => void signOut() },
  ];
  useCommands(list, `${pages.map((page) => page.path).join(" ")} ${JSON.stringify(own)}`);
}

/** Most containers that the palette offers by name; the page of containers has them all. */
const MOST_OFFERED = 100;

/** Containers and templates for the palette, known once it was opened. */
function Offers() {
  const can = useCan();
  const navigate = useNavigate();
  const containers = useQuery({ ...containersQuery, enabled: can("read:containers").ok });
  const templates = useQuery({ ...templatesQuery, enabled: can("read:templates").ok });
  const act = useContainerAction();
  const to = (path: string, params: Record<string, string>, search: Record<string, string> = {}) => void navigate({ to: path as never, params: params as never, search: search as never });
  const list: Command[] = [
    ...(containers.data ?? []).slice(0, MOST_OFFERED).flatMap((one): Command[] => {
      const words = [one.image, one.template ?? "", one.stack?.stack ?? ""];
      const on = one.state === "running";
      return [
        { label: one.name, group: "Containers", words, run: () => to("/containers/$id", { id: one.id }) },
        { label: `Logs of ${one.name}`, group: "Logs", words, run: () => to("/containers/$id", { id: one.id }, { tab: "logs" }) },
        { label: `${on ? "Stop" : "Start"} ${one.name}`, group: "Containers: start and stop", words, needs: "control:containers", run: () => act.mutate({ verb: on ? "stop" : "start", containers: [one] }) },
      ];
    }),
    ...(templates.data?.items ?? []).map(({ template }): Command => ({ label: `Launch ${template.name}`, group: "Launch", words: [template.description ?? ""], needs: "create:containers", run: () => to("/launch/$template", { template: template.name }) })),
  ];
  useCommands(list, list.map((one) => one.label).join(" "));
  return null;
}

/** Whether what is shown is what is. */
function Connection() {
  const link = useStore(stream.link);
  const [quiet, setQuiet] = useState(true);
  const live = link.state === "live";
  useEffect(() => {
    if (live) return setQuiet(true);
    const timer = window.setTimeout(() => setQuiet(false), 1_000);
    return () => window.clearTimeout(timer);
  }, [live]);
  const shown = live || quiet ? { glyph: "●", word: "live", tone: "ok" } : { glyph: "▲", word: "server lost", tone: "warn" };
  return (
    <span className={`state tone-${shown.tone}`} role="status">
      <span aria-hidden="true">{shown.glyph}</span> {shown.word}
    </span>
  );
}

/** How the containers are, on every page: each count leads to those that it counts. */
function Counts() {
  const can = useCan();
  const containers = useQuery({ ...containersQuery, enabled: can("read:containers").ok });
  const list = containers.data;
  if (!list) return null;
  const running = list.filter((one) => one.state === "running").length;
  const wrong = list.filter(needsAttention);
  const words = [...new Set(wrong.map((one) => containerState(one).word))];
  return (
    <span className="counts wide-only">
      <Link to={"/containers" as never} className="count-link">
        {running} running
      </Link>
      {wrong.length > 0 && (
        <Link to={"/containers" as never} search={(words.length === 1 ? { q: words[0] } : { view: "table", sort: "state" }) as never} className="count-link tone-bad">
          <span aria-hidden="true">✖</span> {wrong.length} failed
        </Link>
      )}
    </span>
  );
}

function ThemeMenu() {
  const { theme } = usePreferences();
  return (
    <Menu
      label="Theme"
      trigger={
        <button type="button" className="button quiet bare wide-only" aria-label="Theme" title="Theme">
          <SunMoon size={16} aria-hidden="true" />
        </button>
      }
      items={THEMES.map((name) => ({ label: THEME_NAMES[name], checked: name === theme, onSelect: () => prefer({ theme: name }) }))}
    />
  );
}

function AccountMenu({ onKeys }: { onKeys: () => void }) {
  const account = useAccount();
  const { theme } = usePreferences();
  const navigate = useNavigate();
  const current = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Menu
      key={current}
      label="Account"
      trigger={
        <button type="button" className="button quiet account" >
          <CircleUser size={16} aria-hidden="true" />
          <span className="sr">Account</span>
          <span className="wide-only">{account?.name}</span>
          <span className="wide-only">
            <Badge>{account?.role}</Badge>
          </span>
        </button>
      }
      items={[
        { group: `${account?.name ?? ""} · ${account?.role ?? ""}` },
        { label: theme === "dark" ? "Light theme" : "Dark theme", onSelect: () => prefer({ theme: theme === "dark" ? "light" : "dark" }) },
        { label: "Keys", keys: "?", onSelect: onKeys },
        { label: "Password…", onSelect: () => void navigate({ to: "/settings" as never, search: { tab: "account" } as never }) },
        { label: "Settings", onSelect: () => void navigate({ to: "/settings" as never }) },
        { group: "" },
        { label: "Sign out", onSelect: () => void signOut().catch((error: unknown) => notifyError("Could not sign out", error)) },
      ]}
    />
  );
}
