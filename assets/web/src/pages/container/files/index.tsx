/** A container's files: tree and list, uploads by dropping them, a preview that can be edited. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUp, Download, File as FileIcon, FilePlus, Folder, FolderPlus, Link2, MoreHorizontal, Pencil, RotateCw, Trash2, Upload } from "lucide-react";
import { type DragEvent, useMemo, useRef, useState } from "react";
import { type Container, api, data } from "../../../lib/api";
import { type Entry, type Place, child, chosen, clean, dropped, inOrder, isDirectory, modeText, nameOf, parent } from "../../../lib/files";
import { bytes } from "../../../lib/format";
import { notify, notifyError } from "../../../lib/notices";
import { useCan } from "../../../lib/permissions";
import { text, useAddress } from "../../../lib/search";
import { type TarEntry, makeTar } from "../../../lib/tar";
import { Button } from "../../../ui/button";
import { type Column, DataTable, useWidth } from "../../../ui/data-table";
import { Confirm } from "../../../ui/dialog";
import { Menu } from "../../../ui/menu";
import { Empty } from "../../../ui/page";
import { Problem } from "../../../ui/problem";
import { Time } from "../../../ui/time";
import { AskName } from "./ask-name";
import { Preview } from "./preview";
import { downloadEntry, listing, place, put } from "./requests";
import { Tree } from "./tree";
import { UploadList, useUploads } from "./uploads";
import "./files.css";

const ADDRESS = { path: text("/"), raw: text(), file: text(), find: text(), sort: text() };
type Asking = { what: "directory" | "file" } | { what: "move"; entry: Entry };

export default function Files({ container }: { container: Container }) {
  const queries = useQueryClient();
  const can = useCan();
  const wide = useWidth() >= 900;
  const [address, setAddress] = useAddress(ADDRESS);
  const here: Place = useMemo(() => ({ path: clean(address.path), ...(address.raw ? { path_base64: address.raw } : {}) }), [address.path, address.raw]);
  const found = useQuery(listing(container.id, here));
  const rows = useMemo(() => (found.data ? inOrder(found.data.items) : undefined), [found.data]);
  const [removing, setRemoving] = useState<Entry[]>([]);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const fresh = () => void queries.invalidateQueries({ queryKey: ["containers", container.id, "files"] });
  const uploads = useUploads(container, fresh);
  const write = can("write:files");
  const go = (to: Place) => setAddress({ path: to.path, raw: to.path_base64 ?? "", file: "", find: "" }, true);

  const open = async (entry: Entry) => {
    if (!isDirectory(entry)) return setAddress({ file: entry.name }, true);
    if (entry.kind === "directory") return go(child(here, entry));
    try {
      const at = await data(api.GET("/api/v1/containers/{id}/files/stat", { params: { path: { id: container.id }, query: place(child(here, entry)) } }));
      go({ path: clean(at.target ?? child(here, entry).path) });
    } catch (error) {
      notifyError(`${entry.name} could not be opened`, error);
    }
  };
  const send = (entries: TarEntry[]) => entries.length > 0 && uploads.send(here, entries);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!write.ok) return notify({ tone: "warn", title: "Nothing was uploaded", text: `It ${write.reason ?? ""}.` });
    try {
      send(await dropped(event.dataTransfer));
    } catch (error) {
      notifyError("What was dropped could not be read", error);
    }
  };
  const download = (list: Entry[]) => {
    for (const entry of list) downloadEntry(container, here, entry).catch((error: unknown) => notifyError(`${entry.name} could not be downloaded`, error));
  };
  const remove = async () => {
    for (const entry of removing) await data(api.DELETE("/api/v1/containers/{id}/files", { params: { path: { id: container.id }, query: place(child(here, entry)) } }));
    fresh();
  };
  const named = async (name: string) => {
    if (!asking) return;
    const params = { path: { id: container.id } };
    if (asking.what === "move") {
      const from = child(here, asking.entry);
      const to = name.includes("/") ? { path: clean(name.startsWith("/") ? name : `${here.path}/${name}`) } : child(here, { name });
      await data(api.POST("/api/v1/containers/{id}/files/move", { params, body: { ...from, to: to.path, ...(to.path_base64 ? { to_base64: to.path_base64 } : {}) } }));
    } else if (asking.what === "directory") {
      await data(api.POST("/api/v1/containers/{id}/files/directory", { params, body: child(here, { name }) }));
    } else {
      if (found.data?.items.some((entry) => entry.name === name)) throw new Error("There is something of this name.");
      await put(container.id, here, makeTar([{ path: name, kind: "file", content: new Uint8Array(), modified: Date.now() }])).ended;
      setAddress({ file: name }, true);
    }
    fresh();
  };

  const columns = useMemo((): Column<Entry>[] => {
    const menu = (entry: Entry) => (
      <Menu
        label={`What to do with ${entry.name}`}
        trigger={
          <button type="button" className="button quiet bare" aria-label={`What to do with ${entry.name}`}>
            <MoreHorizontal size={15} aria-hidden="true" />
          </button>
        }
        items={[
          { label: entry.kind === "directory" ? "Download as tar" : "Download", icon: <Download size={13} />, onSelect: () => download([entry]) },
          { label: "Rename or move…", icon: <Pencil size={13} />, needs: "write:files", onSelect: () => setAsking({ what: "move", entry }) },
          { group: "" },
          { label: "Remove…", icon: <Trash2 size={13} />, danger: true, needs: "write:files", onSelect: () => setRemoving([entry]) },
        ]}
      />
    );
    return [
      {
        id: "name",
        title: "Name",
        width: "minmax(9rem, 3fr)",
        sort: (one) => one.name,
        cell: (one) => {
          const Icon = isDirectory(one) ? Folder : one.kind === "link" ? Link2 : FileIcon;
          return (
            <span className="mono file-name">
              <Icon size={14} aria-hidden="true" className={isDirectory(one) ? "tone-accent" : "muted"} />
              <span className="cut">
                {one.name}
                {isDirectory(one) && <span className="sr"> (directory)</span>}
              </span>
              {one.target && <span className="muted cut">→ {one.target}</span>}
              {one.kind === "link" && !one.leads_to && <span className="tone-warn" title="leads to nothing">▲</span>}
            </span>
          );
        },
      },
      { id: "size", title: "Size", width: "6rem", right: true, sort: (one) => (isDirectory(one) ? -1 : one.size_bytes), text: () => "", cell: (one) => <span className="mono">{isDirectory(one) ? "" : bytes(one.size_bytes)}</span> },
      { id: "mode", title: "Rights", width: "7rem", from: "desk", text: () => "", cell: (one) => <span className="mono muted">{modeText(one.mode)}</span> },
      { id: "owner", title: "Owner", width: "8rem", from: "desk", sort: (one) => one.user || one.uid, text: () => "", cell: (one) => <span className="mono muted">{`${one.user || one.uid}:${one.group || one.gid}`}</span> },
      { id: "changed", title: "Changed", width: "6rem", right: true, from: "tablet", sort: (one) => -Date.parse(one.modified_at ?? "0"), text: () => "", cell: (one) => <Time at={one.modified_at} /> },
      { id: "menu", title: "", width: "3.4rem", text: () => "", cell: menu },
    ];
    // What is done depends on where one is.
  }, [here, container.id]);

  const shownFile = address.file === "" ? undefined : found.data?.items.find((entry) => entry.name === address.file);
  return (
    <div className="files">
      <Crumbs path={here.path} onGo={(path) => go({ path })} onUp={() => go({ path: parent(here.path) })} />
      <UploadList uploads={uploads} />
      {found.data?.cut && (
        <p className="banner warn" role="status">
          ▲ Not all is listed: {found.data.cut}
        </p>
      )}
      <div className="files-body">
        {wide && <Tree container={container.id} current={here.path} onOpen={(path) => go({ path })} />}
        {shownFile ? (
          <Preview key={`${here.path}/${shownFile.name}`} container={container} directory={here} entry={shownFile} onClose={() => setAddress({ file: "" })} onSaved={fresh} />
        ) : (
          <div
            className="files-drop"
            data-over={over}
            onDragOver={(event) => {
              if (!event.dataTransfer.types.includes("Files")) return;
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
            onDrop={(event) => void drop(event)}
          >
            {address.file !== "" && found.data && (
              <Problem small error={new Error(`There is no ${address.file} here.`)} onRetry={() => setAddress({ file: "" })} />
            )}
            <DataTable
              key={here.path_base64 ?? here.path}
              label="files"
              rows={rows}
              columns={columns}
              id={idOf}
              onOpen={(entry) => void open(entry)}
              error={found.error ?? undefined}
              onRetry={() => void found.refetch()}
              filter={address.find}
              onFilter={(find) => setAddress({ find })}
              sort={address.sort}
              onSort={(sort) => setAddress({ sort })}
              empty={
                <Empty title="Nothing is in this directory" icon={<Upload size={20} aria-hidden="true" className="muted" />} action={<Button needs="write:files" onClick={() => files.current?.click()}>Choose files</Button>}>
                  Drop files here to upload them.
                </Empty>
              }
              keys={{ Backspace: () => go({ path: parent(here.path) }), d: (entry) => download([entry]), r: (entry) => write.ok && setAsking({ what: "move", entry }), Delete: (entry) => write.ok && setRemoving([entry]) }}
              tools={
                <>
                  <span className="spring" />
                  <Button kind="quiet" needs="write:files" label="Upload files" icon={<Upload size={15} />} onClick={() => files.current?.click()} />
                  <Menu
                    label="More"
                    trigger={
                      <button type="button" className="button quiet bare" aria-label="New, upload, read again">
                        <MoreHorizontal size={15} aria-hidden="true" />
                      </button>
                    }
                    items={[
                      { label: "New file…", icon: <FilePlus size={13} />, needs: "write:files", onSelect: () => setAsking({ what: "file" }) },
                      { label: "New directory…", icon: <FolderPlus size={13} />, needs: "write:files", onSelect: () => setAsking({ what: "directory" }) },
                      { label: "Upload a folder…", icon: <Upload size={13} />, needs: "write:files", onSelect: () => folder.current?.click() },
                      { label: "Download this directory", icon: <Download size={13} />, onSelect: () => downloadEntry(container, { path: parent(here.path) }, { name: nameOf(here.path) || "." } as Entry, true).catch((error: unknown) => notifyError("It could not be downloaded", error)) },
                      { label: "Read again", icon: <RotateCw size={13} />, onSelect: fresh },
                    ]}
                  />
                </>
              }
              bulk={(list, clear) => (
                <>
                  <Button icon={<Download size={13} />} onClick={() => download(list)}>
                    Download
                  </Button>
                  <Button
                    kind="danger"
                    needs="write:files"
                    icon={<Trash2 size={13} />}
                    onClick={() => {
                      setRemoving(list);
                      clear();
                    }}
                  >
                    Remove…
                  </Button>
                </>
              )}
            />
            <p className="drop-hint" aria-hidden="true">
              Upload to {here.path}
            </p>
          </div>
        )}
      </div>
      {[{ field: files, label: "Files to upload", folder: {} }, { field: folder, label: "Folder to upload", folder: { webkitdirectory: "" } }].map((one) => (
        <input
          key={one.label}
          ref={one.field}
          type="file"
          multiple
          hidden
          aria-label={one.label}
          {...one.folder}
          onChange={(event) => {
            send(chosen(event.target.files ?? []));
            event.target.value = "";
          }}
        />
      ))}
      {asking && (
        <AskName
          title={asking.what === "move" ? `Rename or move ${asking.entry.name}` : asking.what === "directory" ? "New directory" : "New file"}
          verb={asking.what === "move" ? "Move" : "Make it"}
          help={asking.what === "move" ? "A name, or a path; what is there already is not replaced" : `In ${here.path}`}
          usual={asking.what === "move" ? asking.entry.name : ""}
          path={asking.what === "move"}
          onClose={() => setAsking(null)}
          onName={named}
        />
      )}
      <Confirm open={removing.length > 0} onClose={() => setRemoving([])} title={removing.length === 1 ? `Remove ${removing[0]?.name ?? ""}?` : `Remove ${removing.length} entries?`} verb="Remove" danger onConfirm={remove}>
        <p>They are gone from the container at once{removing.some((entry) => entry.kind === "directory") ? ", directories with all that is in them" : ""}:</p>
        <ul className="names">
          {removing.map((entry) => (
            <li key={idOf(entry)}>
              <code>{child(here, entry).path}</code>
            </li>
          ))}
        </ul>
      </Confirm>
    </div>
  );
}

const idOf = (entry: Entry) => entry.name_base64 ?? entry.name;

function Crumbs({ path, onGo, onUp }: { path: string; onGo: (path: string) => void; onUp: () => void }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav className="crumbs" aria-label="Place">
      <Button kind="quiet" label="Up" off={path === "/"} icon={<ArrowUp size={15} />} onClick={onUp} />
      <ol>
        <li>
          <button type="button" className="crumb mono" onClick={() => onGo("/")}>
            /
          </button>
        </li>
        {parts.map((part, at) => (
          <li key={at}>
            <button type="button" className="crumb mono" aria-current={at === parts.length - 1 ? "location" : undefined} onClick={() => onGo(`/${parts.slice(0, at + 1).join("/")}`)}>
              {part}
            </button>
            {at < parts.length - 1 && <span className="muted">/</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}
