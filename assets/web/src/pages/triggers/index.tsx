/** Triggers: they start scripts when something happens. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Pause, Play, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { api, data } from "../../lib/api";
import { type Trigger, triggerState, triggersQuery } from "../../lib/automation";
import { useShortcuts } from "../../lib/keyboard";
import { notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { text, useAddress } from "../../lib/search";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Empty, PageHeader } from "../../ui/page";
import { SecretOnce } from "../../ui/secret-once";
import { TriggerForm } from "./form";
import "../automation.css";

const ADDRESS = { q: text(), sort: text("name") };

/** What it waits for, in words. */
export function whenWords(when: Trigger["when"]): string {
  const some = "of" in when && typeof when.of === "object" ? Object.entries(when.of).filter(([, value]) => value).map(([what, value]) => (what === "name" ? String(value) : `${what} ${value}`)).join(", ") : "";
  const where = some ? ` of ${some}` : "";
  switch (when.event) {
    case "container":
      return `a container ${when.is.join(" or ")}${where}`;
    case "log":
      return `a line of a log fits ${when.matches}${where}`;
    case "metric":
      return `${when.metric.replace("_", " ")} above ${when.above} for ${when.seconds ?? 30} s${where}`;
    case "session":
      return `a session's ${when.is}${when.matches ? ` fits ${when.matches}` : ""}${when.seconds ? ` for ${when.seconds} s` : ""}${where}`;
    case "hook":
      return `a request signed as ${when.signed === "github" ? "GitHub does it" : "Standard Webhooks"}`;
    case "file":
      return `a ${when.of}${when.name ? ` ${when.name}` : ""} is changed`;
  }
}

export default function Triggers() {
  const list = useQuery(triggersQuery);
  const navigate = useNavigate();
  const can = useCan();
  const act = useTriggerAction();
  const [address, setAddress] = useAddress(ADDRESS);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ secret: string; name: string } | null>(null);
  const open = (name: string) => void navigate({ to: "/triggers/$name" as never, params: { name } as never });
  useShortcuts([{ keys: "n", label: "new trigger", group: "Triggers", off: !can("manage:triggers").ok, run: () => setMaking(true) }]);
  const columns = useMemo(
    (): Column<Trigger>[] => [
      { id: "name", title: "Name", width: "minmax(8rem, 1fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "state", title: "State", width: "6.5rem", sort: (one) => triggerState(one).word, cell: (one) => <State state={triggerState(one)} /> },
      { id: "when", title: "When", width: "minmax(10rem, 2fr)", from: "tablet", text: (one) => whenWords(one.when), cell: (one) => whenWords(one.when) },
      { id: "script", title: "Runs", width: "minmax(7rem, 1fr)", sort: (one) => one.run.script, cell: (one) => <span className="mono">{one.run.script}</span> },
      { id: "owner", title: "Owner", width: "6rem", from: "desk", sort: (one) => one.owner, cell: (one) => one.owner },
    ],
    [],
  );
  return (
    <div className="fill-page">
      <PageHeader
        title="Triggers"
        about="They run a script when something happens."
        actions={
          <Button kind="primary" needs="manage:triggers" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
            New trigger
          </Button>
        }
      />
      <DataTable
        label="triggers"
        rows={list.data}
        columns={columns}
        id={nameOf}
        onOpen={(one) => open(one.name)}
        error={list.error}
        onRetry={() => void list.refetch()}
        empty={<Empty title="Nothing starts by itself yet" action={<Button kind="primary" needs="manage:triggers" onClick={() => setMaking(true)}>Make one</Button>}>A container that dies, a line in a log, a request from elsewhere.</Empty>}
        filter={address.q}
        onFilter={(q) => setAddress({ q })}
        sort={address.sort}
        onSort={(sort) => setAddress({ sort })}
        bulk={(rows) => (
          <>
            <Button needs="manage:triggers" icon={<Pause size={13} />} onClick={() => act.mutate({ verb: "pause", names: rows.map(nameOf) })}>
              Pause
            </Button>
            <Button needs="manage:triggers" icon={<Play size={13} />} onClick={() => act.mutate({ verb: "resume", names: rows.map(nameOf) })}>
              Resume
            </Button>
          </>
        )}
      />
      <TriggerForm open={making} onClose={() => setMaking(false)} onSecret={(secret, name) => (secret ? setMade({ secret, name }) : open(name))} />
      <HookSecret
        made={made}
        onClose={() => {
          if (made) open(made.name);
          setMade(null);
        }}
      />
    </div>
  );
}

const nameOf = (trigger: Trigger) => trigger.name;

/** Where requests for a trigger go. */
export const hookPath = (name: string): string => `${location.origin}/api/v1/hooks/${encodeURIComponent(name)}`;

export function HookSecret({ made, onClose }: { made: { secret: string; name: string } | null; onClose: () => void }) {
  return (
    <SecretOnce secret={made?.secret ?? null} title={`The secret of ${made?.name ?? ""}`} onClose={onClose}>
      <p>
        Requests go to <code>{made ? hookPath(made.name) : ""}</code> and are signed with it.
      </p>
    </SecretOnce>
  );
}

export function useTriggerAction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ verb, names }: { verb: "pause" | "resume"; names: string[] }) => {
      for (const name of names) {
        const params = { path: { name } };
        try {
          await data(verb === "pause" ? api.POST("/api/v1/triggers/{name}/pause", { params }) : api.POST("/api/v1/triggers/{name}/resume", { params }));
        } catch (error) {
          notifyError(`${name}: could not ${verb}`, error);
        }
      }
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["triggers"] }),
  });
}
