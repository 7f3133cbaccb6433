/** Scripts: those that ship, those of this server, and files that can't be used. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { type ScriptEntry, scriptsQuery } from "../../lib/automation";
import { useCommands } from "../../lib/commands";
import { useShortcuts } from "../../lib/keyboard";
import { useAccount, useCan } from "../../lib/permissions";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { Empty, PageHeader, Section } from "../../ui/page";
import { keepDraft } from "./drafts";
import beginning from "../../../../luau/new.luau?raw";
import { RunDialog, type RunWish } from "./run-dialog";
import "../automation.css";

const ADDRESS = { q: text(), sort: text("name") };
const NAME = /^(?:[a-z0-9][a-z0-9_.-]*\/)?[a-z0-9][a-z0-9_-]*$/;

export const originWord = (origin: ScriptEntry["origin"]): string => (origin === "gallery" ? "cto" : origin);

export default function Scripts() {
  const list = useQuery(scriptsQuery);
  const navigate = useNavigate();
  const can = useCan();
  const [address, setAddress] = useAddress(ADDRESS);
  const [naming, setNaming] = useState(false);
  const [running, setRunning] = useState<RunWish | null>(null);
  const open = (script: { name: string }) => void navigate({ to: "/scripts/$name" as never, params: { name: script.name } as never });
  const run = (script: ScriptEntry) => setRunning({ name: script.name, header: script.header });
  const rows = list.data?.items;
  useShortcuts([{ keys: "n", label: "new script", group: "Scripts", off: !can("write:scripts").ok, run: () => setNaming(true) }]);
  useCommands(
    (rows ?? []).flatMap((script) => [
      { label: `Edit ${script.name}`, group: "Scripts", words: [script.header.about ?? ""], run: () => open(script) },
      { label: `Run ${script.name}`, group: "Scripts", needs: "start:runs" as const, run: () => run(script) },
    ]),
    (rows ?? []).map((script) => script.name + script.hash).join(" "),
  );
  const columns = useMemo(
    (): Column<ScriptEntry>[] => [
      { id: "name", title: "Name", width: "minmax(9rem, 1fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "about", title: "What it is for", width: "minmax(10rem, 3fr)", sort: (one) => one.header.about ?? "", cell: (one) => one.header.about || <span className="muted">–</span> },
      { id: "params", title: "Parameters", width: "minmax(7rem, 1fr)", from: "tablet", text: (one) => Object.keys(one.header.params ?? {}).join(" "), cell: (one) => <span className="mono muted">{Object.keys(one.header.params ?? {}).join(" ")}</span> },
      { id: "from", title: "From", width: "6rem", from: "tablet", sort: (one) => originWord(one.origin), cell: (one) => <Badge>{originWord(one.origin)}</Badge> },
      {
        id: "run",
        title: "",
        width: "3rem",
        cell: (one) => <Button kind="quiet" needs="start:runs" label={`Run ${one.name}`} icon={<Play size={14} />} onClick={() => run(one)} />,
      },
    ],
    [],
  );

  return (
    <div className="fill-page">
      <PageHeader
        title="Scripts"
        about="They type, wait for what appears, decide and report."
        actions={
          <Button kind="primary" needs="write:scripts" icon={<Plus size={14} />} onClick={() => setNaming(true)}>
            New script
          </Button>
        }
      />
      <DataTable
        label="scripts"
        rows={rows}
        columns={columns}
        id={nameOf}
        onOpen={open}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={<Empty title="No scripts yet" action={<Button kind="primary" needs="write:scripts" onClick={() => setNaming(true)}>New script</Button>} />}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        keys={can("start:runs").ok ? { r: run } : {}}
      />
      {(list.data?.broken ?? []).length > 0 && (
        <Section title="Files that can't be used">
          <ul className="lines">
            {list.data?.broken?.map((place, at) => (
              <li key={at}>
                <span className="tone-bad">✖</span>
                <code>{[place.file, place.line && `${place.line}:${place.column ?? 1}`].filter(Boolean).join(":")}</code> {place.detail}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <RunDialog wish={running} onClose={() => setRunning(null)} />
      <Dialog open={naming} onClose={() => setNaming(false)} title="New script" about="It begins with a shell that greets; change what it does.">
        {naming && (
          <Naming
            taken={(rows ?? []).map((one) => one.name)}
            onName={(name) => {
              keepDraft(name, beginning);
              setNaming(false);
              void navigate({ to: "/scripts/$name" as never, params: { name } as never, search: { draft: "1" } as never });
            }}
          />
        )}
      </Dialog>
    </div>
  );
}

function Naming({ taken, onName }: { taken: string[]; onName: (name: string) => void }) {
  const account = useAccount();
  // An operator's scripts are below their own name.
  const before = account?.role === "admin" ? "" : `${account?.name ?? ""}/`;
  const [said, setSaid] = useState("");
  const [tried, setTried] = useState(false);
  const name = said.includes("/") ? said : before + said;
  const wrong = said === "" ? "must be filled in" : !NAME.test(name) ? "small letters, digits, '-' and '_'" : taken.includes(name) ? "there is one of that name" : undefined;
  return (
    <form
      noValidate
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!wrong) onName(name);
      }}
    >
      <Field label="Name" required error={tried ? wrong : undefined} help={before ? `It will be ${before}${said || "…"}` : "Small letters, digits, '-' and '_'."}>
        {(attributes) => <Input {...attributes} required={false} className="mono" autoFocus autoCapitalize="off" value={said} onChange={setSaid} />}
      </Field>
      <div className="dialog-foot">
        <Button type="submit" kind="primary">
          Begin
        </Button>
      </div>
    </form>
  );
}

const nameOf = (script: ScriptEntry) => script.name;
