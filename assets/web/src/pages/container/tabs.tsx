/** Tabs of a container's page: one entry here, one file beside this one. */
import { Activity, Cpu, FolderTree, GitCompare, History, Info, type LucideIcon, ScrollText, Settings2, SquareTerminal } from "lucide-react";
import type { ComponentType } from "react";
import { lazy } from "react";
import type { Action } from "../../lib/auth";
import type { Container } from "../../lib/api";

export interface ContainerTab {
  /** In the address: `?tab=logs`. */
  id: string;
  title: string;
  icon: LucideIcon;
  needs?: Action;
  content: ComponentType<{ container: Container }>;
}

export const TABS: ContainerTab[] = [
  { id: "terminal", title: "Terminal", icon: SquareTerminal, needs: "read:sessions", content: lazy(() => import("./terminal")) },
  { id: "logs", title: "Logs", icon: ScrollText, needs: "read:logs", content: lazy(() => import("./logs")) },
  { id: "files", title: "Files", icon: FolderTree, needs: "read:files", content: lazy(() => import("./files")) },
  { id: "metrics", title: "Metrics", icon: Activity, content: lazy(() => import("./metrics")) },
  { id: "details", title: "Details", icon: Info, content: lazy(() => import("./details")) },
  { id: "configuration", title: "Configuration", icon: Settings2, content: lazy(() => import("./configuration")) },
  { id: "processes", title: "Processes", icon: Cpu, content: lazy(() => import("./processes")) },
  { id: "events", title: "Events", icon: History, needs: "read:events", content: lazy(() => import("./events")) },
  { id: "changes", title: "Changes", icon: GitCompare, content: lazy(() => import("./changes")) },
];
