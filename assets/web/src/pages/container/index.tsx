/** One container: its state, what can be done with it, and its tabs. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Camera, PencilLine, Play, RotateCw, Square } from "lucide-react";
import { Suspense, useState } from "react";
import { useCommands } from "../../lib/commands";
import { useCan } from "../../lib/permissions";
import { type Verb, containerQuery, useContainerAction } from "../../lib/queries";
import { containerState } from "../../lib/state";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { CommitDialog, RenameDialog } from "./actions";
import { TABS } from "./tabs";

export default function ContainerPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const container = useQuery(containerQuery(id));
  const navigate = useNavigate();
  const can = useCan();
  const act = useContainerAction();
  const [removing, setRemoving] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const [committing, setCommitting] = useState(false);
  const one = container.data;
  const run = (verb: Verb) => one && act.mutate({ verb, containers: [one] });
  const on = one?.state === "running" || one?.state === "paused";
  useCommands(
    one
      ? [
          { label: on ? `Stop ${one.name}` : `Start ${one.name}`, group: "This container", needs: "control:containers", run: () => run(on ? "stop" : "start") },
          { label: `Restart ${one.name}`, group: "This container", needs: "control:containers", run: () => run("restart") },
          { label: `Rename ${one.name}…`, group: "This container", needs: "control:containers", run: () => setRenaming(true) },
          { label: `Make an image of ${one.name}…`, group: "This container", words: ["commit"], needs: "create:images", run: () => setCommitting(true) },
          { label: `Remove ${one.name}…`, group: "This container", needs: "remove:containers", run: () => setRemoving(true) },
        ]
      : [],
    `${one?.id ?? ""} ${one?.name ?? ""} ${on}`,
  );

  if (container.error && !one) {
    return (
      <>
        <PageHeader title="Container" />
        <Problem error={container.error} onRetry={() => void container.refetch()} />
        <p>
          <Link to={"/containers" as never}>All containers</Link>
        </p>
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the container" />;
  return (
    <div className="fill-page">
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={<State state={containerState(one)} />}
        about={<span className="mono">{one.template ?? one.image}</span>}
        actions={
          <>
            {on ? (
              <Button needs="control:containers" icon={<Square size={13} />} busy={act.isPending} onClick={() => run("stop")}>
                Stop
              </Button>
            ) : (
              <Button needs="control:containers" icon={<Play size={13} />} busy={act.isPending} onClick={() => run("start")}>
                Start
              </Button>
            )}
            <MoreMenu
              items={[
                { label: "Restart", icon: <RotateCw size={13} />, needs: "control:containers", onSelect: () => run("restart") },
                one.state === "paused"
                  ? { label: "Unpause", needs: "control:containers", onSelect: () => run("unpause") }
                  : { label: "Pause", needs: "control:containers", off: on ? false : "it does not run", onSelect: () => run("pause") },
                { label: "Kill", needs: "control:containers", off: on ? false : "it does not run", onSelect: () => run("kill") },
                { group: "" },
                { label: "Rename…", icon: <PencilLine size={13} />, needs: "control:containers", onSelect: () => setRenaming(true) },
                { label: "Make an image of it…", icon: <Camera size={13} />, needs: "create:images", onSelect: () => setCommitting(true) },
                { group: "" },
                { label: "Remove…", danger: true, needs: "remove:containers", onSelect: () => setRemoving(true) },
              ]}
            />
          </>
        }
      />
      <LastState of={container} />
      <Tabs
        label="Container"
        fill
        tabs={TABS.filter((tab) => !tab.needs || can(tab.needs).ok).map((tab) => ({
          id: tab.id,
          title: tab.title,
          icon: <tab.icon size={14} aria-hidden="true" />,
          content: () => (
            <Suspense fallback={<Skeleton lines={6} />}>
              <tab.content container={one} />
            </Suspense>
          ),
        }))}
      />
      <RenameDialog container={one} open={renaming} onClose={() => setRenaming(false)} />
      <CommitDialog container={one} open={committing} onClose={() => setCommitting(false)} />
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await act.mutateAsync({ verb: "remove", containers: [one] });
          void navigate({ to: "/containers" as never });
        }}
      >
        <p>What it wrote outside of volumes is lost, and its terminals end.</p>
      </Confirm>
    </div>
  );
}
