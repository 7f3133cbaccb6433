/** Directories as a tree: read when they are opened, walked by the arrow keys. */
import { useQueries } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { clean, inOrder, join, nameOf, parent } from "../../../lib/files";
import { listing } from "./requests";

interface Node {
  path: string;
  depth: number;
  open: boolean;
}

const above = (path: string): string[] => (path === "/" ? ["/"] : [...above(parent(path)), path]);

export function Tree({ container, current, onOpen }: { container: string; current: string; onOpen: (path: string) => void }) {
  const [open, setOpen] = useState<string[]>(() => above(parent(current)));
  const [cursor, setCursor] = useState(current);
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => {
    setOpen((before) => [...new Set([...before, ...above(parent(current))])]);
    setCursor(current);
  }, [current]);
  const answers = useQueries({ queries: open.map((path) => listing(container, { path })) });
  const known = useMemo(() => new Map(open.map((path, at) => [path, answers[at]?.data ? inOrder(answers[at].data.items).filter((entry) => entry.kind === "directory" && !entry.name_base64) : undefined])), [open, answers]);
  const nodes: Node[] = [];
  const walk = (path: string, depth: number) => {
    nodes.push({ path, depth, open: open.includes(path) });
    if (open.includes(path)) for (const entry of known.get(path) ?? []) walk(join(path, entry.name), depth + 1);
  };
  walk("/", 0);
  const fold = (path: string, wish: boolean) => setOpen((before) => (wish ? [...new Set([...before, path])] : before.filter((one) => one !== path)));
  const focus = (path: string | undefined) => {
    if (path === undefined) return;
    setCursor(path);
    box.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus();
  };
  const key = (event: KeyboardEvent) => {
    const at = Math.max(0, nodes.findIndex((node) => node.path === cursor));
    const node = nodes[at];
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const does: Record<string, () => void> = {
      ArrowDown: () => focus(nodes[at + 1]?.path),
      ArrowUp: () => focus(nodes[at - 1]?.path),
      ArrowRight: () => (node.open ? focus(nodes[at + 1]?.path) : fold(node.path, true)),
      ArrowLeft: () => (node.open && node.path !== "/" ? fold(node.path, false) : focus(parent(node.path))),
      Home: () => focus("/"),
      End: () => focus(nodes.at(-1)?.path),
      Enter: () => onOpen(node.path),
      " ": () => onOpen(node.path),
    };
    const run = does[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };
  const reached = nodes.some((node) => node.path === cursor) ? cursor : "/";
  return (
    <ul ref={box} className="tree" role="tree" aria-label="Directories" onKeyDown={key}>
      {nodes.map((node) => (
        <li
          key={node.path}
          role="treeitem"
          aria-level={node.depth + 1}
          aria-expanded={node.open}
          aria-selected={node.path === clean(current)}
          aria-label={nameOf(node.path) || "/"}
          tabIndex={node.path === reached ? 0 : -1}
          data-path={node.path}
          style={{ paddingLeft: `${node.depth * 0.9 + 0.2}rem` }}
          onClick={(event) => {
            setCursor(node.path);
            if ((event.target as Element).closest(".tree-fold")) fold(node.path, !node.open);
            else onOpen(node.path);
          }}
        >
          <span className="tree-fold" aria-hidden="true">
            <ChevronRight size={13} style={{ transform: node.open ? "rotate(90deg)" : undefined }} />
          </span>
          <span className="mono cut">{nameOf(node.path) || "/"}</span>
        </li>
      ))}
    </ul>
  );
}
