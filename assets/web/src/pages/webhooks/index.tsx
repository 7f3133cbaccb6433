/** Webhooks and notifications. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { type Webhook, webhookState, webhooksQuery } from "../../lib/automation";
import { useShortcuts } from "../../lib/keyboard";
import { useCan } from "../../lib/permissions";
import { text, useAddress } from "../../lib/search";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Empty, PageHeader } from "../../ui/page";
import { SecretOnce } from "../../ui/secret-once";
import { Time } from "../../ui/time";
import { WebhookForm } from "./form";
import "../automation.css";

const ADDRESS = { q: text(), sort: text("name") };

export function targetText(to: Webhook["to"]): string {
  switch (to.kind) {
    case "webhook":
      return to.url;
    case "email":
      return `mail to ${to.to.join(", ")}`;
    case "terminal":
      return "terminal clients";
    case "desktop":
      return "desktop";
  }
}

export default function Webhooks() {
  const list = useQuery(webhooksQuery);
  const navigate = useNavigate();
  const can = useCan();
  const [address, setAddress] = useAddress(ADDRESS);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ secret: string; name: string } | null>(null);
  const open = (name: string) => void navigate({ to: "/webhooks/$name" as never, params: { name } as never });
  useShortcuts([{ keys: "n", label: "new webhook", group: "Webhooks", off: !can("manage:webhooks").ok, run: () => setMaking(true) }]);
  const columns = useMemo(
    (): Column<Webhook>[] => [
      { id: "name", title: "Name", width: "minmax(8rem, 1fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "state", title: "State", width: "7rem", sort: (one) => webhookState(one).word, cell: (one) => <State state={webhookState(one)} /> },
      { id: "to", title: "To", width: "minmax(8rem, 2fr)", text: (one) => targetText(one.to), cell: (one) => <span className="mono muted">{targetText(one.to)}</span> },
      { id: "events", title: "Tells of", width: "minmax(8rem, 2fr)", from: "tablet", text: (one) => one.events.join(" "), cell: (one) => <span className="mono">{one.events.join(" ")}</span> },
      { id: "owner", title: "Owner", width: "6rem", from: "desk", sort: (one) => one.owner, cell: (one) => one.owner },
      { id: "made", title: "Made", width: "6rem", right: true, from: "desk", sort: (one) => -Date.parse(one.created_at), text: () => "", cell: (one) => <Time at={one.created_at} /> },
    ],
    [],
  );
  const make = (
    <Button kind="primary" needs="manage:webhooks" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
      New webhook
    </Button>
  );
  return (
    <div className="fill-page">
      <PageHeader title="Webhooks" about="They tell others what happens." actions={make} />
      <DataTable
        label="webhooks"
        rows={list.data}
        columns={columns}
        id={nameOf}
        onOpen={(one) => open(one.name)}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={<Empty title="Nobody is told of anything yet" action={<Button kind="primary" needs="manage:webhooks" onClick={() => setMaking(true)}>Make one</Button>} />}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
      />
      <WebhookForm open={making} onClose={() => setMaking(false)} onSecret={(secret, name) => (secret ? setMade({ secret, name }) : open(name))} />
      <SecretOnce
        secret={made?.secret ?? null}
        title={`The secret of ${made?.name ?? ""}`}
        onClose={() => {
          if (made) open(made.name);
          setMade(null);
        }}
      >
        <p>Its receiver checks the signatures with it, as Standard Webhooks says.</p>
      </SecretOnce>
    </div>
  );
}

const nameOf = (webhook: Webhook) => webhook.name;
