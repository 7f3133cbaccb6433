/** Tables: sorted, filtered, chosen from, by keyboard too; rows that are not seen are not drawn. */
import { type ColumnDef, type Row, type SortingState, flexRender, getCoreRowModel, getFilteredRowModel, getSortedRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { plural } from "../lib/format";
import { Button } from "./button";
import { Input } from "./field";
import { Empty, Skeleton } from "./page";
import { Problem } from "./problem";

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** What it is sorted by; not sortable without. */
  sort?: (row: T) => string | number;
  /** What the filter looks at; the sort value where not given. */
  text?: (row: T) => string;
  /** As in CSS grid: `8rem`, `minmax(8rem, 1fr)`. */
  width?: string;
  /** Numbers stand at the right. */
  right?: boolean;
  /** Left out on screens narrower than this. */
  from?: "phone" | "tablet" | "desk";
}

export interface DataTableProps<T> {
  /** What it is a list of; read by screen readers, and in "no … here". */
  label: string;
  rows: T[] | undefined;
  columns: Column<T>[];
  id: (row: T) => string;
  /** Enter, or a click. */
  onOpen?: (row: T) => void;
  error?: unknown;
  onRetry?: () => void;
  /** Shown where there are none at all. */
  empty: ReactNode;
  /** Buttons for chosen rows; with it rows can be chosen (x, space, shift). */
  bulk?: (rows: T[], clear: () => void) => ReactNode;
  /** The filter's text, when the page keeps it in its address. Without `onFilter` there is no field for it. */
  filter?: string;
  onFilter?: (text: string) => void;
  /** `name`, `-cpu`: kept by the page when `onSort` is given. */
  sort?: string;
  onSort?: (sort: string) => void;
  /** Beside the filter. */
  tools?: ReactNode;
  /** Keys on the row under the cursor: `{ l: (row) => … }`. */
  keys?: Record<string, (row: T) => void>;
  rowHeight?: number;
  /** The row is marked, such as the one that is shown beside. */
  current?: string | undefined;
}

const WIDTHS = { phone: 0, tablet: 640, desk: 1024 };
const PAGE = 10;

/** Screen's width in three steps. */
export function useWidth(): number {
  const [width, setWidth] = useState(() => window.innerWidth);
  useEffect(() => {
    const changed = () => setWidth(window.innerWidth);
    window.addEventListener("resize", changed);
    return () => window.removeEventListener("resize", changed);
  }, []);
  return width;
}

const parsed = (sort: string): SortingState => (sort === "" ? [] : [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }]);

export function DataTable<T>(props: DataTableProps<T>) {
  const { label, rows, columns, id, onOpen, error, onRetry, empty, bulk, onFilter, tools, keys, rowHeight = 32, current } = props;
  const [filter, setTyped] = useState(props.filter ?? "");
  const [ownSort, setOwnSort] = useState(props.sort ?? "");
  const sort = props.onSort ? (props.sort ?? "") : ownSort;
  const setFilter = (text: string) => {
    setTyped(text);
    onFilter?.(text);
  };
  const setSort = props.onSort ?? setOwnSort;
  const [chosen, setChosen] = useState<Record<string, boolean>>({});
  const [cursor, setCursor] = useState<string | null>(null);
  const [anchor, setAnchor] = useState<string | null>(null);
  const width = useWidth();
  const name = useId();
  const field = useRef<HTMLInputElement>(null);
  const view = useRef<HTMLDivElement>(null);
  // What is typed holds at once; the address follows, and leads where it is changed by other means.
  const { filter: given } = props;
  useEffect(() => {
    if (given !== undefined && document.activeElement !== field.current) setTyped(given);
  }, [given]);

  const shown = useMemo(() => columns.filter((column) => width >= WIDTHS[column.from ?? "phone"]), [columns, width]);
  const defs = useMemo(
    () =>
      columns.map((column): ColumnDef<T> => {
        const value = column.sort;
        return {
          id: column.id,
          header: column.title,
          cell: (context) => column.cell(context.row.original),
          enableSorting: value !== undefined,
          sortUndefined: "last",
          sortingFn: (a, b) => compare(value?.(a.original), value?.(b.original)),
          ...(value ? { accessorFn: value } : {}),
        };
      }),
    [columns],
  );
  const words = useMemo(() => filter.toLowerCase().split(/\s+/).filter(Boolean), [filter]);
  // What the table is given stays the same object while it is the same: it begins anew for each other one.
  const sorting = useMemo(() => parsed(sort), [sort]);
  const columnVisibility = useMemo(() => Object.fromEntries(columns.map((column) => [column.id, shown.includes(column)])), [columns, shown]);
  const data = useMemo(() => rows ?? [], [rows]);
  const table = useReactTable({
    data,
    autoResetAll: false,
    columns: defs,
    getRowId: id,
    state: { sorting, rowSelection: chosen, globalFilter: filter, columnVisibility },
    onRowSelectionChange: setChosen,
    getColumnCanGlobalFilter: () => true,
    globalFilterFn: (row, columnId) => {
      // Called for each column until one says yes: the first answers for the whole row.
      if (columnId !== columns[0]?.id) return false;
      const text = columns.map((column) => (column.text ?? column.sort)?.(row.original) ?? "").join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    },
    enableRowSelection: bulk !== undefined,
    getCoreRowModel: getCoreRowModel(),
    getFilteredRowModel: getFilteredRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const list = useFrozen(table.getRowModel().rows, `${sort} ${filter}`, view);
  const virtual = useVirtualizer({ count: list.length, getScrollElement: () => view.current, estimateSize: () => rowHeight, overscan: 12 });
  const found = list.findIndex((row) => row.id === cursor);
  // The row that was under the cursor is filtered away: the first one is now.
  const at = found < 0 && cursor !== null && list.length > 0 ? 0 : found;
  const picked = useMemo(() => (rows ?? []).filter((row) => chosen[id(row)]), [rows, chosen, id]);
  const clear = () => setChosen({});

  const move = (to: number, choosing = false) => {
    const next = Math.max(0, Math.min(list.length - 1, to));
    const row = list[next];
    if (!row) return;
    if (choosing && bulk) range(at < 0 ? next : at, next);
    setCursor(row.id);
    virtual.scrollToIndex(next);
  };
  const range = (from: number, to: number) => {
    const some = list.slice(Math.min(from, to), Math.max(from, to) + 1);
    setChosen((before) => ({ ...before, ...Object.fromEntries(some.map((row) => [row.id, true])) }));
  };
  const toggle = (row: Row<T>) => {
    setChosen((before) => {
      const { [row.id]: was, ...rest } = before;
      return was ? rest : { ...rest, [row.id]: true };
    });
    setAnchor(row.id);
  };
  const key = (event: KeyboardEvent) => {
    // What a row's menu is told comes here too, though it is elsewhere on the page.
    if (!event.currentTarget.contains(event.target as Node)) return;
    if (event.target !== event.currentTarget && (event.target as Element).closest("input, button, a, select")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "a" && bulk && !event.altKey) {
        event.preventDefault();
        range(0, list.length - 1);
      }
      return;
    }
    const row = list[at];
    const does: Record<string, (() => void) | undefined> = {
      j: () => move(at + 1),
      ArrowDown: () => move(at + 1, event.shiftKey),
      k: () => move(at - 1),
      ArrowUp: () => move(at - 1, event.shiftKey),
      Home: () => move(0),
      End: () => move(list.length - 1),
      G: () => move(list.length - 1),
      PageDown: () => move(at + PAGE),
      PageUp: () => move(at - PAGE),
      Enter: row && onOpen ? () => onOpen(row.original) : undefined,
      x: row && bulk ? () => toggle(row) : undefined,
      " ": row && bulk ? () => toggle(row) : undefined,
      "/": () => field.current?.focus(),
      Escape: picked.length > 0 ? clear : undefined,
    };
    const own = row && keys?.[event.key];
    const run = own ? () => own(row.original) : does[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };

  if (error && !rows) return <Problem error={error} onRetry={onRetry} title={`The ${label} could not be read`} />;
  if (!rows) return <Skeleton lines={8} label={`Loading ${label}`} />;
  const template = [...(bulk ? ["2rem"] : []), ...shown.map((column) => column.width ?? "minmax(6rem, 1fr)")].join(" ");
  const bare = rows.length === 0 && filter === "";
  const style = { "--columns": template, "--row": `${rowHeight}px` } as CSSProperties;

  return (
    <div className="table-box">
      {(onFilter || props.filter === undefined || tools) && !(bare && !tools) && (
        <div className="table-bar">
          <Input ref={field} type="search" aria-label={`Filter ${label}`} placeholder="Filter" value={filter} onChange={setFilter} onKeyDown={(event) => (event.key === "Enter" || event.key === "ArrowDown") && view.current?.focus()} />
          <span className="muted count" role="status">
            {list.length === rows.length ? count(rows.length, label) : `${list.length} of ${count(rows.length, label)}`}
          </span>
          {tools}
        </div>
      )}
      {error !== undefined && error !== null && <Problem error={error} onRetry={onRetry} small />}
      {rows.length === 0 ? (
        empty
      ) : (
        <div
          ref={view}
          className="table"
          style={style}
          role="grid"
          aria-label={label}
          aria-rowcount={list.length + 1}
          aria-multiselectable={bulk ? true : undefined}
          aria-activedescendant={at < 0 ? undefined : `${name}-${at}`}
          tabIndex={0}
          onKeyDown={key}
          onFocus={(event) => event.target === event.currentTarget && at < 0 && list[0] && setCursor(list[0].id)}
        >
          <div role="rowgroup" className="table-head">
            <div role="row" aria-rowindex={1} className="table-row">
              {bulk && (
                <div role="columnheader" className="cell">
                  <input type="checkbox" aria-label={`Choose all ${label}`} checked={list.length > 0 && list.every((row) => chosen[row.id])} onChange={(event) => (event.target.checked ? range(0, list.length - 1) : clear())} />
                </div>
              )}
              {shown.map((column) => {
                const sorted = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : "none";
                return (
                  <div key={column.id} role="columnheader" className={column.right ? "cell right" : "cell"} aria-sort={column.sort ? sorted : undefined}>
                    {column.sort ? (
                      <button type="button" className="sorter" onClick={() => setSort(sorted === "none" ? column.id : sorted === "ascending" ? `-${column.id}` : "")}>
                        {column.title}
                        <span className="sort-mark" aria-hidden="true">
                          {sorted === "ascending" ? <ArrowUp size={12} /> : sorted === "descending" ? <ArrowDown size={12} /> : null}
                        </span>
                      </button>
                    ) : (
                      column.title
                    )}
                  </div>
                );
              })}
            </div>
          </div>
          <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = list[item.index];
              if (!row) return null;
              return (
                <div
                  key={row.id}
                  id={`${name}-${item.index}`}
                  role="row"
                  aria-rowindex={item.index + 2}
                  aria-selected={bulk ? (chosen[row.id] ?? false) : undefined}
                  aria-current={row.id === current ? "true" : undefined}
                  className={["table-row", item.index === at ? "cursor" : "", chosen[row.id] ? "chosen" : "", onOpen ? "opens" : ""].join(" ")}
                  style={{ transform: `translateY(${item.start}px)` }}
                  onClick={(event) => {
                    if (!event.currentTarget.contains(event.target as Node) || (event.target as Element).closest("a, button, input")) return;
                    setCursor(row.id);
                    if (bulk && event.shiftKey) range(Math.max(0, list.findIndex((one) => one.id === (anchor ?? cursor))), item.index);
                    else if (bulk && (event.ctrlKey || event.metaKey)) toggle(row);
                    else onOpen?.(row.original);
                  }}
                >
                  {bulk && (
                    <div role="gridcell" className="cell">
                      <input type="checkbox" tabIndex={-1} aria-label="Choose" checked={chosen[row.id] ?? false} onChange={() => toggle(row)} />
                    </div>
                  )}
                  {row.getVisibleCells().map((cell) => (
                    <div key={cell.id} role="gridcell" className={columns.find((column) => column.id === cell.column.id)?.right ? "cell right" : "cell"}>
                      {flexRender(cell.column.columnDef.cell, cell.getContext())}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
          {list.length === 0 && (
            <Empty title={`No ${label} fit "${filter}"`} action={<Button onClick={() => setFilter("")}>Show all</Button>} />
          )}
        </div>
      )}
      {bulk && picked.length > 0 && (
        <div className="bulk" role="toolbar" aria-label={`Chosen ${label}`}>
          <span>{picked.length} chosen</span>
          {bulk(picked, clear)}
          <Button kind="quiet" onClick={clear}>
            Choose none
          </Button>
        </div>
      )}
    </div>
  );
}

const count = (number: number, label: string) => plural(number, label.replace(/s$/, ""), label);

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""), undefined, { numeric: true });
}

/** Rows keep their order while a person points at them: what changes below a finger is hit by mistake. New rows come last until then. */
function useFrozen<T>(rows: Row<T>[], reason: string, view: { current: HTMLElement | null }): Row<T>[] {
  const order = useRef<{ reason: string; ids: string[] }>({ reason: "", ids: [] });
  const held = view.current?.matches(":hover") === true && order.current.reason === reason;
  if (!held) {
    order.current = { reason, ids: rows.map((row) => row.id) };
    return rows;
  }
  const place = new Map(order.current.ids.map((id, at) => [id, at]));
  return [...rows].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}
