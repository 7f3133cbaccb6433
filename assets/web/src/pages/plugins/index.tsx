/** Plugins, and installing one from a folder. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FolderUp } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { type Plugin, grantText, pluginState, pluginsQuery } from "../../lib/automation";
import { notifyError } from "../../lib/notices";
import { text, useAddress } from "../../lib/search";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Dialog } from "../../ui/dialog";
import { Empty, Facts, PageHeader } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { readFolder } from "./files";
import "../automation.css";

const ADDRESS = { q: text(), sort: text("name") };

/** What a plugin asks for, as a list; what of it is granted where that is known. */
export function Grants({ asked, granted }: { asked: string[]; granted?: string[] }) {
  if (asked.length === 0) return <p className="muted">It asks for nothing.</p>;
  return (
    <ul aria-label="What it asks for">
      {asked.map((grant) => (
        <li key={grant}>
          {granted && <span className={granted.includes(grant) ? "tone-ok" : "tone-warn"}>{granted.includes(grant) ? "✔ granted" : "▲ not granted"} </span>}
          <code>{grant}</code> {grantText(grant)}
        </li>
      ))}
    </ul>
  );
}

export function Places({ places }: { places: Schemas["Place"][] }) {
  return (
    <ul className="problem-places" aria-label="What is wrong">
      {places.map((place, at) => (
        <li key={at}>
          <span className="tone-bad">✖</span> <code>{[place.file, place.line && `${place.line}:${place.column ?? 1}`, place.pointer].filter(Boolean).join(" ")}</code> {place.detail}
        </li>
      ))}
    </ul>
  );
}

export default function Plugins() {
  const list = useQuery(pluginsQuery);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const folder = useRef<HTMLInputElement>(null);
  const [files, setFiles] = useState<Record<string, string> | null>(null);
  const open = (name: string) => void navigate({ to: "/plugins/$name" as never, params: { name } as never });
  const columns = useMemo(
    (): Column<Plugin>[] => [
      { id: "name", title: "Name", width: "minmax(8rem, 1fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "state", title: "State", width: "10rem", sort: (one) => pluginState(one.state).word, cell: (one) => <State state={pluginState(one.state)} /> },
      { id: "about", title: "What it is for", width: "minmax(10rem, 3fr)", from: "tablet", text: (one) => one.manifest?.about ?? "", cell: (one) => one.manifest?.about ?? <span className="tone-bad">{one.broken?.[0]?.detail}</span> },
      { id: "version", title: "Version", width: "6rem", text: (one) => one.manifest?.version ?? "", cell: (one) => <span className="mono">{one.manifest?.version}</span> },
      { id: "commands", title: "Commands", width: "minmax(7rem, 1fr)", from: "desk", text: (one) => (one.manifest?.commands ?? []).map((command) => command.name).join(" "), cell: (one) => <span className="mono muted">{(one.manifest?.commands ?? []).map((command) => command.name).join(" ")}</span> },
    ],
    [],
  );
  const choose = (
    <Button kind="primary" needs="manage:plugins" icon={<FolderUp size={14} />} onClick={() => folder.current?.click()}>
      Install a folder
    </Button>
  );
  return (
    <div className="fill-page">
      <PageHeader title="Plugins" about="They add commands, and do something by themselves when something happens." actions={choose} />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        hidden
        multiple
        aria-label="A plugin's folder"
        onChange={(event) => {
          const { files: chosen } = event.target;
          if (chosen && chosen.length > 0) void readFolder(chosen).then(setFiles, (error: unknown) => notifyError("The folder can't be used", error));
          event.target.value = "";
        }}
      />
      <DataTable
        label="plugins"
        rows={list.data}
        columns={columns}
        id={nameOf}
        onOpen={(one) => open(one.name)}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={<Empty title="No plugins yet">A plugin is a folder with a manifest, <code>plugin.json</code>, and files of Luau.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
      />
      <Dialog open={files !== null} onClose={() => setFiles(null)} title="Install this plugin?">
        {files && <Install files={files} onClose={() => setFiles(null)} onDone={open} />}
      </Dialog>
    </div>
  );
}

const nameOf = (plugin: Plugin) => plugin.name;

function Install({ files, onClose, onDone }: { files: Record<string, string>; onClose: () => void; onDone: (name: string) => void }) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const check = useQuery({ queryKey: ["plugins", "", "check", Object.keys(files).length, files], queryFn: () => data(api.POST("/api/v1/plugins/check", { body: { files } })), gcTime: 0, staleTime: Infinity });
  const manifest = check.data?.manifest;
  const mistakes = check.data?.errors ?? [];
  const install = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await data(api.POST("/api/v1/plugins", { body: { files, grants: manifest?.grants ?? [] } }));
      void queries.invalidateQueries({ queryKey: ["plugins"] });
      onClose();
      onDone(made.name);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (check.error) return <Problem error={check.error} onRetry={() => void check.refetch()} title="It could not be looked at" />;
  if (!check.data) return <p className="muted">Looking at {Object.keys(files).length} files…</p>;
  return (
    <>
      {manifest && (
        <Facts
          facts={[
            ["Name", <span className="mono">{manifest.name} {manifest.version}</span>],
            ["What for", manifest.about],
            ["Commands", (manifest.commands ?? []).map((command) => command.name).join(", ") || "none"],
            ["By itself", (manifest.hooks ?? []).flatMap((hook) => hook.events).join(", ") || "nothing"],
          ]}
        />
      )}
      {mistakes.length > 0 ? (
        <Places places={mistakes} />
      ) : (
        <>
          <h3>Installing grants it all that it asks for</h3>
          <Grants asked={manifest?.grants ?? []} />
        </>
      )}
      {error !== null && <Problem error={error} small title="It was not installed" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" busy={busy} off={mistakes.length > 0 ? "it has mistakes" : false} onClick={() => void install()}>
          Grant and install
        </Button>
      </div>
    </>
  );
}
