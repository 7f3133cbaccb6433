/** Templates, and what is wrong in files that can't be used. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Play, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Schemas } from "../../lib/api";
import { drafts, templateText } from "../../lib/launch";
import { templatesQuery } from "../../lib/queries";
import { text, useAddress } from "../../lib/search";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { Empty, PageHeader } from "../../ui/page";
import { Faults } from "../../ui/faults";

type Entry = Schemas["TemplateEntry"];

const ADDRESS = { q: text(), sort: text("name") };
const COLUMNS: Column<Entry>[] = [
  { id: "name", title: "Name", width: "minmax(9rem, 1fr)", sort: (one) => one.template.name, text: (one) => templateText(one.template), cell: (one) => <span className="mono strong">{one.template.name}</span> },
  { id: "about", title: "Description", width: "minmax(10rem, 2fr)", from: "tablet", sort: (one) => one.template.description ?? "", cell: (one) => one.template.description },
  { id: "image", title: "Image", width: "minmax(9rem, 1fr)", from: "desk", sort: (one) => one.template.image ?? "", cell: (one) => <span className="mono muted">{one.template.image || one.template.extends}</span> },
  { id: "params", title: "Parameters", width: "minmax(6rem, 1fr)", from: "desk", text: (one) => Object.keys(one.template.params ?? {}).join(" "), cell: (one) => <span className="mono">{Object.keys(one.template.params ?? {}).join(" ")}</span> },
  { id: "origin", title: "From", width: "6rem", sort: (one) => one.origin, cell: (one) => <Badge tone={one.origin === "gallery" ? "muted" : "info"}>{one.origin}</Badge> },
  {
    id: "launch",
    title: "",
    width: "3rem",
    cell: (one) => (
      <Link className="button quiet bare" to={"/launch/$template" as never} params={{ template: one.template.name } as never} aria-label={`Launch ${one.template.name}`} title={`Launch ${one.template.name}`}>
        <Play size={14} aria-hidden="true" />
      </Link>
    ),
  },
];
const idOf = (one: Entry) => one.template.name;

export default function Templates() {
  const found = useQuery(templatesQuery);
  const navigate = useNavigate();
  const [address, setAddress] = useAddress(ADDRESS);
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader
        title="Templates"
        about="JSON recipes that containers are launched from"
        actions={
          <Button kind="primary" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
            New template
          </Button>
        }
      />
      <Faults places={found.data?.complaints ?? []} what="template" />
      <DataTable
        label="templates"
        rows={found.data?.items}
        columns={COLUMNS}
        id={idOf}
        onOpen={(one) => void navigate({ to: "/templates/$name" as never, params: { name: one.template.name } as never })}
        error={found.error}
        onRetry={() => void found.refetch()}
        empty={<Empty title="No templates">A template is written here, or is a JSON file in the server's templates folder.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
      />
      <NewTemplate open={making} onClose={() => setMaking(false)} taken={(found.data?.items ?? []).map(idOf)} />
    </>
  );
}

function NewTemplate({ open, onClose, taken }: { open: boolean; onClose: () => void; taken: string[] }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const wrong = name === "" ? undefined : !/^[a-z0-9][a-z0-9._-]*$/.test(name) ? "lower-case letters, digits, -, _ and ." : taken.includes(name) ? "there is one of this name" : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name === "" || wrong) return;
    drafts.set(name, JSON.stringify({ name, description: "", image: "debian:bookworm-slim", command: "bash", params: {} }, null, 2));
    onClose();
    void navigate({ to: "/templates/$name" as never, params: { name } as never, search: { draft: "1" } as never });
  };
  return (
    <Dialog open={open} onClose={onClose} title="New template">
      <form className="form" onSubmit={submit}>
        <Field label="Name" error={wrong}>
          {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
        </Field>
        <Button type="submit" kind="primary" off={name === "" || wrong !== undefined}>
          Write it
        </Button>
      </form>
    </Dialog>
  );
}
