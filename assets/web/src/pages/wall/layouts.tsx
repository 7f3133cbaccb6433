/** Layouts that are kept: the same as in the terminal client. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data } from "../../lib/api";
import { plural } from "../../lib/format";
import { type SavedWork, readWork, savedPanes, writeWork } from "../../lib/layout";
import { notify, notifyError } from "../../lib/notices";
import { ApiError } from "../../lib/problem";
import { Button } from "../../ui/button";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { Empty, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { LAST } from "./state";

export const layoutsQuery = queryOptions({ queryKey: ["layouts"], queryFn: () => data(api.GET("/api/v1/layouts")).then((page) => page.items) });

/** What a layout holds, for people: `2 tabs, 3 panes: web-1, db`. */
function about(content: unknown): string {
  try {
    const work = readWork(content);
    const panes = savedPanes(work);
    return `${plural(work.tabs.length, "tab")}, ${plural(panes.length, "pane")}: ${[...new Set(panes.map((pane) => pane.name))].join(", ")}`;
  } catch {
    return "of another version";
  }
}

const put = (name: string, work: unknown, replaces?: number) => data(api.PUT("/api/v1/layouts/{name}", { params: { path: { name } }, body: { data: work, ...(replaces === undefined ? {} : { replaces }) } }));
const remove = (name: string) => data(api.DELETE("/api/v1/layouts/{name}", { params: { path: { name } } }));

export function Layouts({ open, onClose, onOpen }: { open: boolean; onClose: () => void; onOpen: (name: string, work: SavedWork) => void }) {
  const queries = useQueryClient();
  const layouts = useQuery({ ...layoutsQuery, enabled: open, staleTime: 0 });
  const [removing, setRemoving] = useState<string | null>(null);
  const [renaming, setRenaming] = useState<string | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: ["layouts"] });
  const list = layouts.data?.filter((one) => one.name !== LAST || one.data) ?? [];
  return (
    <>
      <Dialog open={open && removing === null && renaming === null} onClose={onClose} title="Layouts" about="Kept arrangements of terminals; the terminal client has the same. Terminals that run are shown, others begin anew in their containers.">
        {layouts.error && !layouts.data ? (
          <Problem error={layouts.error} onRetry={() => void layouts.refetch()} />
        ) : !layouts.data ? (
          <Skeleton />
        ) : list.length === 0 ? (
          <Empty title="No layouts yet">Keep what is open as one: Keep as…</Empty>
        ) : (
          <ul className="lines layouts">
            {list.map((one) => (
              <li key={one.name}>
                <button
                  type="button"
                  className="layout-open"
                  onClick={() => {
                    try {
                      onOpen(one.name, readWork(one.data));
                      onClose();
                    } catch (error) {
                      notifyError(`The layout '${one.name}' could not be opened`, error);
                    }
                  }}
                >
                  <span className="mono strong">{one.name === LAST ? "last: what was open" : one.name}</span>
                  <span className="muted cut">{about(one.data)}</span>
                </button>
                {one.name !== LAST && (
                  <>
                    <Button kind="quiet" onClick={() => setRenaming(one.name)} label={`Rename ${one.name}`}>
                      Rename
                    </Button>
                    <Button kind="quiet" onClick={() => setRemoving(one.name)} label={`Remove ${one.name}`}>
                      Remove
                    </Button>
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </Dialog>
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove the layout '${removing ?? ""}'?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await remove(removing ?? "");
          await changed();
        }}
      >
        <p>Its terminals go on.</p>
      </Confirm>
      <Ask
        open={renaming !== null}
        onClose={() => setRenaming(null)}
        title={`Rename '${renaming ?? ""}'`}
        label="Its new name"
        verb="Rename"
        value={renaming ?? ""}
        onSay={async (to) => {
          const from = list.find((one) => one.name === renaming);
          if (!from || to === from.name) return;
          reserved(to);
          await put(to, from.data, 0);
          await remove(from.name);
          await changed();
        }}
      />
    </>
  );
}

function reserved(name: string): void {
  if (name === LAST) throw new Error(`'${LAST}' is what one comes back to: use another name`);
}

/** Keeps an arrangement; asks before it replaces one. */
export function KeepLayout({ work, title, name, onClose }: { work: SavedWork | null; title: string; name: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [replacing, setReplacing] = useState<{ name: string; work: SavedWork } | null>(null);
  const kept = (called: string) => {
    notify({ tone: "ok", title: `Kept as '${called}'`, text: `In the terminal client: cto layout open ${called}` });
    return queries.invalidateQueries({ queryKey: ["layouts"] });
  };
  return (
    <>
      <Ask
        open={work !== null}
        onClose={onClose}
        title={title}
        label="Name"
        verb="Keep"
        value={name}
        onSay={async (called) => {
          if (!work) return;
          reserved(called);
          try {
            await put(called, writeWork(work), 0);
          } catch (error) {
            if (!(error instanceof ApiError && error.problem.code === "stale")) throw error;
            setReplacing({ name: called, work });
            return;
          }
          await kept(called);
        }}
      />
      <Confirm
        open={replacing !== null}
        onClose={() => setReplacing(null)}
        title={`Replace the layout '${replacing?.name ?? ""}'?`}
        verb="Replace"
        danger
        onConfirm={async () => {
          if (!replacing) return;
          await put(replacing.name, writeWork(replacing.work));
          await kept(replacing.name);
        }}
      >
        <p>The arrangement that it holds is lost; terminals are not.</p>
      </Confirm>
    </>
  );
}

interface AskProps {
  open: boolean;
  onClose: () => void;
  title: string;
  label: string;
  verb: string;
  value: string;
  /** Nothing may be said too. */
  empty?: boolean;
  onSay: (text: string) => void | Promise<void>;
}

/** Asks for one line. */
export function Ask(props: AskProps) {
  return (
    <Dialog open={props.open} onClose={props.onClose} title={props.title}>
      <Line {...props} />
    </Dialog>
  );
}

function Line({ onClose, label, verb, value, empty = false, onSay }: AskProps) {
  const [text, setText] = useState(value);
  const say = useMutation({ mutationFn: async (said: string) => onSay(said), onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (empty || text.trim() !== "") say.mutate(text.trim());
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field label={label}>{(attributes) => <Input {...attributes} autoFocus autoCapitalize="off" value={text} onChange={setText} onFocus={(event) => event.target.select()} />}</Field>
      {say.error && <Problem error={say.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={say.isPending} off={!empty && text.trim() === ""}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
