/** One stack as it is at the engine. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ArrowDownToLine, Play, ScrollText } from "lucide-react";
import { useState } from "react";
import { type Container, type Schemas, api, data, once } from "../../lib/api";
import { UNTOLD, stacksQuery } from "../../lib/queries";
import { containerState } from "../../lib/state";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Dialog } from "../../ui/dialog";
import { Switch } from "../../ui/field";
import { OperationView } from "../../ui/operation";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { UpDialog } from "./up";

const COLUMNS: Column<Container>[] = [
  { id: "member", title: "Member", width: "minmax(8rem, 1fr)", sort: (one) => one.stack?.member ?? one.name, cell: (one) => <span className="mono strong">{one.stack?.member ?? one.name}</span> },
  { id: "name", title: "Container", width: "minmax(9rem, 1fr)", from: "tablet", sort: (one) => one.name, cell: (one) => <span className="mono">{one.name}</span> },
  { id: "state", title: "State", width: "8rem", sort: (one) => containerState(one).word, cell: (one) => <State state={containerState(one)} /> },
  { id: "image", title: "Image", width: "minmax(8rem, 1fr)", from: "desk", sort: (one) => one.image, cell: (one) => <span className="mono muted">{one.image}</span> },
  { id: "since", title: "Since", width: "6rem", right: true, text: () => "", cell: (one) => <Time at={one.state === "running" ? one.started_at : (one.finished_at ?? one.created_at)} /> },
];
const idOf = (one: Container) => one.id;

export default function StackPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const navigate = useNavigate();
  const found = useQuery({ queryKey: ["stacks", name], queryFn: () => data(api.GET("/api/v1/stacks/{id}", { params: { path: { id: name } } })), refetchInterval: UNTOLD });
  const all = useQuery(stacksQuery);
  const [up, setUp] = useState(false);
  const [down, setDown] = useState(false);
  const stack = found.data;
  if (!stack) {
    return (
      <>
        <PageHeader title={name} />
        {found.error ? <Problem error={found.error} onRetry={() => void found.refetch()} /> : <Skeleton lines={6} label="Loading the stack" />}
      </>
    );
  }
  const saved = all.data?.saved?.some((one) => one.name === name) ?? false;
  return (
    <>
      <PageHeader
        title={<span className="mono">{stack.name}</span>}
        name={stack.name}
        beside={stack.owner && <span className="muted">of {stack.owner}</span>}
        actions={
          <>
            <Link className="button" to={"/logs" as never} search={{ of: stack.containers.map((one) => encodeURIComponent(one.name)).join(",") } as never}>
              <ScrollText size={14} aria-hidden="true" /> Logs
            </Link>
            <Button needs="create:containers" off={!saved && "its file is not one of the server's; bring it up with cto up FILE"} icon={<Play size={13} />} onClick={() => setUp(true)}>
              Bring up to date
            </Button>
            <Button kind="danger" needs="remove:containers" icon={<ArrowDownToLine size={14} />} onClick={() => setDown(true)}>
              Take down…
            </Button>
          </>
        }
      />
      <LastState of={found} />
      <DataTable label="containers" rows={stack.containers} columns={COLUMNS} id={idOf} onOpen={(one) => void navigate({ to: "/containers/$id" as never, params: { id: one.id } as never })} empty={<Empty title="It has no containers">Its networks or volumes are left.</Empty>} filter="" />
      <Section title="Its own">
        <Facts
          facts={[
            ["Networks", <span key="networks" className="mono">{(stack.networks ?? []).join(", ") || "–"}</span>],
            ["Volumes", <span key="volumes" className="mono">{(stack.volumes ?? []).join(", ") || "–"}</span>],
          ]}
        />
      </Section>
      {up && <UpDialog stack={stack.name} onClose={() => setUp(false)} />}
      <Dialog open={down} onClose={() => setDown(false)} title={`Take ${stack.name} down`}>
        <TakingDown stack={stack} onClose={() => setDown(false)} />
      </Dialog>
    </>
  );
}

function TakingDown({ stack, onClose }: { stack: Schemas["Stack"]; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [volumes, setVolumes] = useState(false);
  const [force, setForce] = useState(false);
  const down = useMutation({ mutationFn: () => data(api.POST("/api/v1/stacks/{id}/down", { params: { path: { id: stack.name }, ...once() }, body: { volumes, force } })) });
  if (down.data) {
    return (
      <>
        <OperationView
          id={down.data.id}
          onDone={() => {
            void queries.invalidateQueries({ queryKey: ["stacks"], exact: true });
            onClose();
            void navigate({ to: "/stacks" as never });
          }}
        />
        <div className="dialog-foot">
          <Button onClick={() => down.reset()}>Back</Button>
          <Button onClick={onClose}>Close; it goes on</Button>
        </div>
      </>
    );
  }
  return (
    <div className="form">
      <p>These containers are removed, with what they wrote outside of volumes, and its networks:</p>
      <ul className="names">
        {stack.containers.map((one) => (
          <li key={one.id}>
            <code>{one.name}</code> <State state={containerState(one)} />
          </li>
        ))}
      </ul>
      {(stack.volumes ?? []).length > 0 && (
        <Switch checked={volumes} onChange={setVolumes}>
          Its volumes too, with what is in them: {stack.volumes?.join(", ")}
        </Switch>
      )}
      <Switch checked={force} onChange={setForce}>
        Also where programs run that would lose what they hold
      </Switch>
      {down.error && <Problem error={down.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" needs="remove:containers" busy={down.isPending} onClick={() => down.mutate()}>
          Take it down
        </Button>
      </div>
    </div>
  );
}
