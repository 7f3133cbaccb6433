/** One trigger, with what it did. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { FlaskConical, KeyRound, Pause, Pencil, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, data } from "../../lib/api";
import { firesQuery, outcomeState, triggerQuery, triggerState } from "../../lib/automation";
import { State } from "../../ui/badge";
import { Button, CopyButton } from "../../ui/button";
import { CodeEditor } from "../../ui/code-editor";
import { Confirm, Dialog } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { TriggerForm } from "./form";
import { HookSecret, hookPath, useTriggerAction, whenWords } from "./index";
import "../automation.css";

export default function TriggerPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const trigger = useQuery(triggerQuery(name));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const act = useTriggerAction();
  const [asked, setAsked] = useState<"change" | "rotate" | "remove" | "test" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => setAsked(null);
  const params = { path: { name } };
  const one = trigger.data;
  if (trigger.error && !one) {
    return (
      <>
        <PageHeader title={name || "Trigger"} />
        <Problem error={trigger.error} onRetry={() => void trigger.refetch()} />
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the trigger" />;
  const facts: [string, ReactNode][] = [
    ["Runs", <Link className="mono" to={"/scripts/$name" as never} params={{ name: one.run.script } as never}>{one.run.script}</Link>],
    ...Object.entries(one.run.params ?? {}).map(([key, value]): [string, ReactNode] => [key, <span className="mono pre">{String(value)}</span>]),
    ...(one.when.event === "hook" ? ([["Requests go to", <span className="mono">{hookPath(one.name)} <CopyButton text={hookPath(one.name)} /></span>]] as [string, ReactNode][]) : []),
    ["Waits for quiet", one.quiet_seconds ? `${one.quiet_seconds} s` : "no"],
    ["At most", one.limit ? `${one.limit.times} times in ${one.limit.seconds} s` : "10 times a minute"],
    ["Owner", `${one.owner}${one.rights ? `, with the rights of ${one.rights}` : ""}`],
    ...(one.old_secret_until ? ([["Old secret", <>counts <Time at={one.old_secret_until} /></>]] as [string, ReactNode][]) : []),
    ["Made", <Time at={one.created_at} />],
  ];
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={<State state={triggerState(one)} />}
        about={whenWords(one.when)}
        actions={
          <>
            <Button needs="manage:triggers" icon={<FlaskConical size={14} />} onClick={() => setAsked("test")}>
              Try it
            </Button>
            <Button needs="manage:triggers" icon={one.paused ? <Play size={14} /> : <Pause size={14} />} busy={act.isPending} onClick={() => act.mutate({ verb: one.paused ? "resume" : "pause", names: [one.name] })}>
              {one.paused ? "Resume" : "Pause"}
            </Button>
            <Button needs="manage:triggers" icon={<Pencil size={14} />} onClick={() => setAsked("change")}>
              Change
            </Button>
            <MoreMenu
              items={[
                { label: "Another secret…", icon: <KeyRound size={13} />, needs: "manage:triggers", off: one.when.event === "hook" ? false : "it waits for no requests", onSelect: () => setAsked("rotate") },
                { group: "" },
                { label: "Remove…", danger: true, needs: "manage:triggers", onSelect: () => setAsked("remove") },
              ]}
            />
          </>
        }
      />
      <LastState of={trigger} />
      {one.trouble && (
        <p className="banner bad" role="status">
          ✖ It can't watch: {one.trouble}
        </p>
      )}
      <Section title="What it does">
        <Facts facts={facts} />
      </Section>
      <Section title="What it did">
        <Fires name={one.name} />
      </Section>
      <TriggerForm open={asked === "change"} onClose={close} trigger={one} onSecret={(made) => made && setSecret(made)} />
      <Dialog open={asked === "test"} onClose={close} title={`Try ${one.name}`} about="It starts its script now, with an event that is made up.">
        {asked === "test" && <Test name={one.name} onClose={close} />}
      </Dialog>
      <Confirm
        open={asked === "rotate"}
        onClose={close}
        title={`Another secret for ${one.name}?`}
        verb="Make another"
        onConfirm={async () => {
          const made = await data(api.POST("/api/v1/triggers/{name}/rotate", { params, body: {} }));
          setSecret(made.secret ?? null);
          await queries.invalidateQueries({ queryKey: ["triggers"] });
        }}
      >
        <p>Both count for 24 hours: that is the time to tell whoever sends the requests.</p>
      </Confirm>
      <Confirm
        open={asked === "remove"}
        onClose={close}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/triggers/{name}", { params }));
          void queries.invalidateQueries({ queryKey: ["triggers"], exact: true });
          void navigate({ to: "/triggers" as never });
        }}
      >
        <p>It starts nothing any more, and its history is lost. Its runs stay.</p>
      </Confirm>
      <HookSecret made={secret ? { secret, name: one.name } : null} onClose={() => setSecret(null)} />
    </>
  );
}

function Test({ name, onClose }: { name: string; onClose: () => void }) {
  const navigate = useNavigate();
  const [event, setEvent] = useState("{}");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      const run = await data(api.POST("/api/v1/triggers/{name}/test", { params: { path: { name } }, body: { event: JSON.parse(event) as Record<string, never> } }));
      onClose();
      void navigate({ to: "/runs/$id" as never, params: { id: run.id } as never });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <CodeEditor label="The event" language="json" value={event} onChange={setEvent} height="9rem" />
      <p className="help">
        Values for <code>{"${event.…}"}</code>, such as <code>{'{"container": "web-1"}'}</code>; what is not said is made up.
      </p>
      {error !== null && <Problem error={error} small title="It was not started" />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" busy={busy} onClick={() => void start()}>
          Start it
        </Button>
      </div>
    </>
  );
}

function Fires({ name }: { name: string }) {
  const list = useQuery(firesQuery(name));
  if (list.error && !list.data) return <Problem error={list.error} onRetry={() => void list.refetch()} small />;
  if (!list.data) return <Skeleton lines={4} />;
  if (list.data.length === 0) return <Empty title="Nothing has happened yet" />;
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="What it did">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What became of it</th>
            <th scope="col">What happened</th>
            <th scope="col">Run</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {list.data.map((fire) => (
            <tr key={fire.id}>
              <td>
                <Time at={fire.at} as="date" />
              </td>
              <td>
                <State state={outcomeState(fire.outcome)} />
              </td>
              <td>
                {fire.event}
                {fire.more ? <span className="muted"> and {fire.more} more</span> : null}
              </td>
              <td>
                {fire.run ? (
                  <Link className="mono" to={"/runs/$id" as never} params={{ id: fire.run } as never}>
                    …{fire.run.slice(-8)}
                  </Link>
                ) : (
                  "–"
                )}
              </td>
              <td>{fire.error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
