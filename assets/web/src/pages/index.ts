/** Every page of the dashboard: one entry here, one file beside this one with the page as its default export. */
import { Blocks, Box, CalendarClock, ClipboardList, FileCode, Film, HardDrive, Home, Hourglass, Layers, LayoutPanelLeft, type LucideIcon, Network, Package, Plug, Rocket, Rows3, ScrollText, Settings, SquareTerminal, Users, Webhook, Zap } from "lucide-react";
import type { ComponentType } from "react";
import type { Action } from "../lib/auth";

export interface Page {
  /** `$id` is a parameter: `useParams({ strict: false }).id`. */
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
  /** Its place in the navigation; a page without is reached from others. */
  nav?: {
    group: Group;
    icon: LucideIcon;
    /** Second key of its shortcut `g …`. */
    key?: string;
    /** In the bar at the bottom of a phone: four at most. */
    phone?: boolean;
  };
  /** The right that it needs. */
  needs?: Action;
  /** Without the dashboard's frame, and for those who are not signed in. */
  open?: boolean;
}

/** Groups of the navigation, in their order. */
export const GROUPS = ["Work", "Automation", "Resources", "Server"] as const;
export type Group = (typeof GROUPS)[number];

export const PAGES: Page[] = [
  { path: "/", title: "Overview", load: () => import("./overview"), nav: { group: "Work", icon: Home, key: "o", phone: true } },
  { path: "/containers", title: "Containers", load: () => import("./containers"), nav: { group: "Work", icon: Box, key: "c", phone: true }, needs: "read:containers" },
  { path: "/containers/$id", title: "Container", load: () => import("./container"), needs: "read:containers" },
  { path: "/launch", title: "Launch", load: () => import("./launch"), nav: { group: "Work", icon: Rocket, key: "l", phone: true }, needs: "read:templates" },
  { path: "/launch/$template", title: "Launch", load: () => import("./launch/form"), needs: "read:templates" },
  { path: "/wall", title: "Wall", load: () => import("./wall"), nav: { group: "Work", icon: LayoutPanelLeft, key: "w", phone: true }, needs: "read:sessions" },
  { path: "/sessions", title: "Sessions", load: () => import("./sessions"), nav: { group: "Work", icon: SquareTerminal, key: "s" }, needs: "read:sessions" },
  { path: "/sessions/$id", title: "Session", load: () => import("./sessions/session"), needs: "read:sessions" },
  { path: "/logs", title: "Logs", load: () => import("./logs"), nav: { group: "Work", icon: ScrollText, key: "y" }, needs: "read:logs" },
  { path: "/recordings", title: "Recordings", load: () => import("./recordings"), nav: { group: "Work", icon: Film, key: "e" }, needs: "read:recordings" },
  { path: "/recordings/$id", title: "Recording", load: () => import("./recordings/recording"), needs: "read:recordings" },
  { path: "/scripts", title: "Scripts", load: () => import("./scripts"), nav: { group: "Automation", icon: FileCode, key: "f" }, needs: "read:scripts" },
  { path: "/scripts/$name", title: "Script", load: () => import("./scripts/editor"), needs: "read:scripts" },
  { path: "/runs", title: "Runs", load: () => import("./runs"), nav: { group: "Automation", icon: Rows3, key: "r" }, needs: "read:runs" },
  { path: "/runs/$id", title: "Run", load: () => import("./runs/run"), needs: "read:runs" },
  { path: "/schedules", title: "Schedules", load: () => import("./schedules"), nav: { group: "Automation", icon: CalendarClock, key: "d" }, needs: "read:schedules" },
  { path: "/schedules/$name", title: "Schedule", load: () => import("./schedules/schedule"), needs: "read:schedules" },
  { path: "/triggers", title: "Triggers", load: () => import("./triggers"), nav: { group: "Automation", icon: Zap, key: "t" }, needs: "read:triggers" },
  { path: "/triggers/$name", title: "Trigger", load: () => import("./triggers/trigger"), needs: "read:triggers" },
  { path: "/webhooks", title: "Webhooks", load: () => import("./webhooks"), nav: { group: "Automation", icon: Webhook, key: "h" }, needs: "read:webhooks" },
  { path: "/webhooks/$name", title: "Webhook", load: () => import("./webhooks/webhook"), needs: "read:webhooks" },
  { path: "/plugins", title: "Plugins", load: () => import("./plugins"), nav: { group: "Automation", icon: Plug, key: "p" }, needs: "read:plugins" },
  { path: "/plugins/$name", title: "Plugin", load: () => import("./plugins/plugin"), needs: "read:plugins" },
  { path: "/templates", title: "Templates", load: () => import("./templates"), nav: { group: "Resources", icon: Blocks, key: "m" }, needs: "read:templates" },
  { path: "/templates/$name", title: "Template", load: () => import("./templates/one"), needs: "read:templates" },
  { path: "/stacks", title: "Stacks", load: () => import("./stacks"), nav: { group: "Resources", icon: Layers, key: "k" }, needs: "read:containers" },
  { path: "/stacks/$name", title: "Stack", load: () => import("./stacks/one"), needs: "read:containers" },
  { path: "/images", title: "Images", load: () => import("./images"), nav: { group: "Resources", icon: Package, key: "i" }, needs: "read:images" },
  { path: "/images/$id", title: "Image", load: () => import("./images/one"), needs: "read:images" },
  { path: "/volumes", title: "Volumes", load: () => import("./volumes"), nav: { group: "Resources", icon: HardDrive, key: "v" }, needs: "read:volumes" },
  { path: "/volumes/$name", title: "Volume", load: () => import("./volumes/one"), needs: "read:volumes" },
  { path: "/networks", title: "Networks", load: () => import("./networks"), nav: { group: "Resources", icon: Network, key: "n" }, needs: "read:networks" },
  { path: "/networks/$name", title: "Network", load: () => import("./networks/one"), needs: "read:networks" },
  { path: "/operations", title: "Operations", load: () => import("./operations"), nav: { group: "Server", icon: Hourglass, key: "q" }, needs: "read:operations" },
  { path: "/users", title: "Users", load: () => import("./users"), nav: { group: "Server", icon: Users, key: "u" }, needs: "manage:users" },
  { path: "/audit", title: "Audit", load: () => import("./audit"), nav: { group: "Server", icon: ClipboardList, key: "a" }, needs: "read:audit" },
  { path: "/settings", title: "Settings", load: () => import("./settings"), nav: { group: "Server", icon: Settings, key: "g" } },
  { path: "/login", title: "Sign in", load: () => import("./login"), open: true },
  { path: "/s/$code", title: "Shared terminal", load: () => import("./guest"), open: true },
  { path: "/setup", title: "Set up", load: () => import("./setup"), open: true },
];
