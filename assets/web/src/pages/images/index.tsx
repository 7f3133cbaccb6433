/** Images: which there are, and what is done with them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Hammer, Scissors, Trash2 } from "lucide-react";
import { useState } from "react";
import { type Schemas, api, data } from "../../lib/api";
import { useCommands } from "../../lib/commands";
import { bytes, plural } from "../../lib/format";
import { imageName, shortImage, tagsOf } from "../../lib/images";
import { imagesQuery } from "../../lib/queries";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Switch } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { BuildDialog } from "./build";
import { PullDialog } from "./pull";

type Image = Schemas["Image"];
const ADDRESS = { q: text(), sort: text() };
const idOf = (image: Image) => image.id;
const COLUMNS: Column<Image>[] = [
  {
    id: "name",
    title: "Name",
    width: "minmax(11rem, 3fr)",
    sort: imageName,
    text: (one) => `${tagsOf(one).join(" ")} ${one.id}`,
    cell: (one) => (
      <span className="mono">
        {tagsOf(one)[0] ? <span className="strong">{tagsOf(one)[0]}</span> : <span className="muted">no name</span>} {tagsOf(one).length > 1 && <span className="muted">and {tagsOf(one).length - 1} more</span>}
      </span>
    ),
  },
  { id: "id", title: "Id", width: "8.5rem", from: "desk", text: (one) => one.id, cell: (one) => <span className="mono muted">{shortImage(one.id)}</span> },
  { id: "size", title: "Size", width: "6rem", right: true, sort: (one) => one.size_bytes, text: () => "", cell: (one) => <span className="mono">{bytes(one.size_bytes)}</span> },
  { id: "owner", title: "Made by", width: "8rem", from: "tablet", sort: (one) => one.owner ?? "", cell: (one) => (one.derived ? <Badge>packages</Badge> : (one.owner ?? <span className="muted">–</span>)) },
  { id: "made", title: "Made", width: "6rem", right: true, from: "tablet", sort: (one) => -Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
];

export default function Images() {
  const found = useQuery(imagesQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [asked, setAsked] = useState<"pull" | "build" | "prune" | null>(null);
  const [removing, setRemoving] = useState<Image[]>([]);
  useCommands(
    [
      { label: "Pull an image…", group: "Images", needs: "create:images", run: () => setAsked("pull") },
      { label: "Build an image…", group: "Images", needs: "create:images", run: () => setAsked("build") },
      { label: "Remove unused images…", group: "Images", words: ["prune"], needs: "remove:images", run: () => setAsked("prune") },
    ],
    "images",
  );
  const sum = (found.data ?? []).reduce((all, one) => all + one.size_bytes, 0);
  const remove = async () => {
    for (const image of removing) await data(api.DELETE("/api/v1/images/{name}", { params: { path: { name: image.id }, query: { force: tagsOf(image).length > 1 } } }));
    void queries.invalidateQueries({ queryKey: ["images"] });
  };
  return (
    <>
      <PageHeader
        title="Images"
        beside={found.data && <span className="muted wide-only">{bytes(sum)} in all; layers that are shared count more than once</span>}
        actions={
          <>
            <Button kind="primary" needs="create:images" icon={<Download size={14} />} onClick={() => setAsked("pull")}>
              Pull
            </Button>
            <Button needs="create:images" icon={<Hammer size={14} />} onClick={() => setAsked("build")}>
              Build
            </Button>
            <Button needs="remove:images" icon={<Scissors size={14} />} onClick={() => setAsked("prune")}>
              Remove unused…
            </Button>
          </>
        }
      />
      <DataTable
        label="images"
        rows={found.data}
        columns={COLUMNS}
        id={idOf}
        onOpen={(image) => void navigate({ to: "/images/$id" as never, params: { id: shortImage(image.id) } as never })}
        error={found.error ?? undefined}
        onRetry={() => void found.refetch()}
        empty={
          <Empty title="No images yet" action={<Button kind="primary" needs="create:images" onClick={() => setAsked("pull")}>Pull one</Button>}>
            A launch brings what it needs by itself.
          </Empty>
        }
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        bulk={(rows, clear) => (
          <Button
            kind="danger"
            needs="remove:images"
            icon={<Trash2 size={13} />}
            onClick={() => {
              setRemoving(rows);
              clear();
            }}
          >
            Remove…
          </Button>
        )}
      />
      <PullDialog open={asked === "pull"} onClose={() => setAsked(null)} />
      <BuildDialog open={asked === "build"} onClose={() => setAsked(null)} />
      <PruneDialog open={asked === "prune"} onClose={() => setAsked(null)} />
      <Confirm open={removing.length > 0} onClose={() => setRemoving([])} title={removing.length === 1 ? `Remove ${imageName(removing[0] as Image)}?` : `Remove ${plural(removing.length, "image")}?`} verb="Remove" danger onConfirm={remove}>
        <p>With all of their names. Those that a container was made from stay, and say so:</p>
        <ul className="names">
          {removing.map((image) => (
            <li key={image.id}>
              <code>{tagsOf(image).join(", ") || shortImage(image.id)}</code> {bytes(image.size_bytes)}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

function PruneDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Remove unused images" about="Images that no container was made from.">
      <Pruning onClose={onClose} />
    </Dialog>
  );
}

function Pruning({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const preview = useQuery({ queryKey: ["images", "prune", all], queryFn: () => data(api.POST("/api/v1/images/prune", { body: { all, dry_run: true } })), staleTime: 0 });
  const prune = useMutation({
    mutationFn: () => data(api.POST("/api/v1/images/prune", { body: { all } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["images"], exact: true }),
  });
  const shown = prune.data ?? preview.data;
  return (
    <div className="form">
      {!prune.data && (
        <Switch checked={all} onChange={setAll}>
          Also those that have a name
        </Switch>
      )}
      {preview.error && <Problem error={preview.error} small onRetry={() => void preview.refetch()} />}
      {prune.error && <Problem error={prune.error} small />}
      {!shown ? (
        !preview.error && <Skeleton />
      ) : shown.items.length === 0 ? (
        <p className="muted">{prune.data ? "None was removed." : "There are none."}</p>
      ) : (
        <>
          <p role="status">
            {prune.data ? "Removed" : "Would be removed"}: {plural(shown.items.length, "image")}, {bytes(shown.freed_bytes)} at most.
          </p>
          <ul className="names">
            {shown.items.map((image) => (
              <li key={image.id}>
                <code>{tagsOf(image).join(", ") || shortImage(image.id)}</code> <span className="muted">{bytes(image.size_bytes)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {(shown?.kept ?? []).map((line) => (
        <p key={line} className="tone-warn">
          ▲ {line}
        </p>
      ))}
      <div className="dialog-foot">
        <Button onClick={onClose}>{prune.data ? "Close" : "Cancel"}</Button>
        {!prune.data && (
          <Button kind="danger" needs="remove:images" off={(preview.data?.items.length ?? 0) === 0} busy={prune.isPending} onClick={() => prune.mutate()}>
            Remove {plural(preview.data?.items.length ?? 0, "image")}
          </Button>
        )}
      </div>
    </div>
  );
}
