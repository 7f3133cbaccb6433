/** One image: its names, its layers, and what is done with it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Tag, Trash2, Upload } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Schemas, api, data, once } from "../../lib/api";
import { bytes } from "../../lib/format";
import { imageName, shortImage, tagsOf } from "../../lib/images";
import { masked } from "../../lib/inspect";
import { problemOf } from "../../lib/problem";
import { Button, CopyButton } from "../../ui/button";
import { CodeEditor } from "../../ui/code-editor";
import { type Column, DataTable } from "../../ui/data-table";
import { Confirm, Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { MoreMenu } from "../../ui/menu";
import { OperationView } from "../../ui/operation";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

type Layer = Schemas["ImageLayer"] & { at: number };
const COLUMNS: Column<Layer>[] = [
  { id: "by", title: "Line of the recipe", width: "minmax(12rem, 1fr)", text: (one) => one.created_by, cell: (one) => <span className="mono" title={one.created_by}>{one.created_by.replace(/^\/bin\/sh -c (#\(nop\)\s*)?/, "") || one.comment}</span> },
  { id: "size", title: "Size", width: "6rem", right: true, text: () => "", cell: (one) => <span className="mono">{bytes(one.size_bytes)}</span> },
  { id: "made", title: "Made", width: "6rem", right: true, from: "tablet", text: () => "", cell: (one) => <Time at={one.created_at} /> },
];
const idOf = (one: Layer) => String(one.at);

export default function ImagePage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { name: id } };
  const found = useQuery({ queryKey: ["images", id], queryFn: () => data(api.GET("/api/v1/images/{name}", { params })) });
  const history = useQuery({ queryKey: ["images", id, "history"], queryFn: () => data(api.GET("/api/v1/images/{name}/history", { params })) });
  const report = useQuery({ queryKey: ["images", id, "inspect"], queryFn: () => data(api.GET("/api/v1/images/{name}/inspect", { params })) as Promise<unknown>, enabled: false });
  const [removing, setRemoving] = useState<string | null>(null);
  const [tagging, setTagging] = useState(false);
  const [pushing, setPushing] = useState<string | null>(null);
  const image = found.data;
  if (found.error && !image) {
    return (
      <>
        <PageHeader title="Image" />
        <Problem error={found.error} onRetry={() => void found.refetch()} />
      </>
    );
  }
  if (!image) return <Skeleton lines={8} label="Loading the image" />;
  const whole = removing === image.id;
  return (
    <div className="fill-page">
      <PageHeader
        title={<span className="mono">{imageName(image)}</span>}
        name={imageName(image)}
        beside={<span className="mono muted">{bytes(image.size_bytes)}</span>}
        actions={
          <>
            <Button needs="create:images" icon={<Tag size={13} />} onClick={() => setTagging(true)}>
              Name
            </Button>
            <MoreMenu
              items={[
                ...tagsOf(image).map((tag) => ({ label: `Push ${tag}…`, icon: <Upload size={13} />, needs: "push:images" as const, onSelect: () => setPushing(tag) })),
                { group: "" },
                ...(tagsOf(image).length > 1 ? tagsOf(image).map((tag) => ({ label: `Take the name ${tag} away…`, needs: "remove:images" as const, onSelect: () => setRemoving(tag) })) : []),
                { label: "Remove…", icon: <Trash2 size={13} />, danger: true, needs: "remove:images", onSelect: () => setRemoving(image.id) },
              ]}
            />
          </>
        }
      />
      <LastState of={found} />
      <Facts
        facts={[
          ["Id", <span key="id" className="mono">{shortImage(image.id)} <CopyButton text={image.id} /></span>],
          ["Names", tagsOf(image).length > 0 ? <span key="tags" className="mono">{tagsOf(image).join(", ")}</span> : "none"],
          ["Digests", (image.digests ?? []).length > 0 ? <span key="digests" className="mono">{image.digests?.join(", ")}</span> : null],
          ["Made", <Time key="made" at={image.created_at} as="date" />],
          ["Made by", image.derived ? "cto, for a template's packages" : image.owner],
        ]}
      />
      <Section title="Layers, the newest first">
        <div className="layers">
          <DataTable label="layers" rows={history.data?.items.map((layer, at) => ({ ...layer, at }))} columns={COLUMNS} id={idOf} error={history.error ?? undefined} onRetry={() => void history.refetch()} empty={<Empty title="No layers are known" />} filter="" />
        </div>
      </Section>
      <Section title="The engine's report" actions={<Button kind="quiet" busy={report.isFetching} onClick={() => void report.refetch()}>{report.data ? "Read again" : "Show"}</Button>}>
        {report.error && <Problem error={report.error} small />}
        {report.data !== undefined && <CodeEditor label="The engine's report" value={masked(report.data)} language="json" readOnly height="26rem" />}
      </Section>
      <TagDialog open={tagging} onClose={() => setTagging(false)} image={tagsOf(image)[0] ?? image.id} onDone={() => void queries.invalidateQueries({ queryKey: ["images"] })} />
      <Dialog open={pushing !== null} onClose={() => setPushing(null)} title={`Push ${pushing ?? ""}`} about="To the registry that its name says. Others can have it from there.">
        {pushing !== null && <Pushing tag={pushing} onClose={() => setPushing(null)} />}
      </Dialog>
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={whole ? `Remove ${imageName(image)}?` : `Take the name ${removing ?? ""} away?`}
        verb={whole ? "Remove" : "Take it away"}
        danger
        onConfirm={async () => {
          if (removing) await data(api.DELETE("/api/v1/images/{name}", { params: { path: { name: removing }, query: { force: whole && tagsOf(image).length > 1 } } }));
          void queries.invalidateQueries({ queryKey: ["images"] });
          if (whole) void navigate({ to: "/images" as never });
        }}
      >
        <p>{whole ? `All of its names go with it: ${tagsOf(image).join(", ") || "it has none"}. An image that a container was made from stays, and says so.` : "The image stays under its other names."}</p>
      </Confirm>
    </div>
  );
}

function TagDialog({ open, onClose, image, onDone }: { open: boolean; onClose: () => void; image: string; onDone: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={`One more name for ${image.startsWith("sha256:") ? shortImage(image) : image}`}>
      <Tagging image={image} onClose={onClose} onDone={onDone} />
    </Dialog>
  );
}

function Tagging({ image, onClose, onDone }: { image: string; onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState("");
  const tag = useMutation({
    mutationFn: () => data(api.POST("/api/v1/images/{name}/tag", { params: { path: { name: image } }, body: { name: name.trim() } })),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") tag.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field label="Name" help="With a tag, or latest; a registry's name before it where it is to be pushed" error={tag.error ? problemOf(tag.error).detail : undefined}>
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
      </Field>
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" off={name.trim() === ""} busy={tag.isPending}>
          Give it
        </Button>
      </div>
    </form>
  );
}

function Pushing({ tag, onClose }: { tag: string; onClose: () => void }) {
  const push = useMutation({ mutationFn: () => data(api.POST("/api/v1/images/{name}/push", { params: { path: { name: tag }, ...once() } })) });
  return (
    <>
      {push.data && <OperationView id={push.data.id} />}
      {push.error && <Problem error={push.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>{push.data ? "Close" : "Cancel"}</Button>
        {!push.data && (
          <Button kind="primary" needs="push:images" busy={push.isPending} onClick={() => push.mutate()}>
            Push
          </Button>
        )}
      </div>
    </>
  );
}
