/** A container's terminals, one at a time. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Play, Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type Container, type Session, api, data } from "../../lib/api";
import { placed } from "../../lib/live";
import { useCan } from "../../lib/permissions";
import { openSession, sessionsQuery, useContainerAction } from "../../lib/queries";
import { text, useAddress } from "../../lib/search";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Empty, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Terminal } from "../../ui/terminal";

const ADDRESS = { session: text() };

export default function ContainerTerminal({ container }: { container: Container }) {
  const queries = useQueryClient();
  const can = useCan();
  const sessions = useQuery(sessionsQuery);
  const [address, setAddress] = useAddress(ADDRESS);
  const act = useContainerAction();
  const [closing, setClosing] = useState<Session | null>(null);
  const own = (sessions.data ?? []).filter((session) => session.container === container.id && (session.state === "live" || session.id === address.session));
  const live = own.filter((session) => session.state === "live");
  const shown = own.find((session) => session.id === address.session) ?? live.find((session) => session.kind === "main") ?? live.at(-1);
  const open = useMutation({
    mutationFn: (fresh: boolean) => openSession(container, fresh),
    onSuccess: (session) => {
      queries.setQueryData<Session[]>(["sessions"], (list) => placed(list, session));
      setAddress({ session: session.id });
    },
  });

  const running = container.state === "running";
  const asked = useRef(false);
  // Whoever comes here wants a terminal: the first is opened without asking, once.
  const wanted = sessions.data !== undefined && running && shown === undefined && can("open:sessions").ok && !asked.current;
  const { mutate } = open;
  useEffect(() => {
    if (!wanted) return;
    asked.current = true;
    mutate(false);
  }, [wanted, mutate]);

  if (sessions.error && !sessions.data) return <Problem error={sessions.error} onRetry={() => void sessions.refetch()} title="The sessions could not be read" />;
  if (!sessions.data || (open.isPending && !shown)) return <Skeleton lines={6} label="Opening the terminal" />;
  const start = (
    <Button kind="primary" icon={<Play size={13} />} needs="control:containers" busy={act.isPending} onClick={() => act.mutate({ verb: "start", containers: [container] })}>
      Start it
    </Button>
  );
  return (
    <div className="terminals">
      <div className="session-bar" role="toolbar" aria-label="Sessions">
        {own.map((session) => (
          <button key={session.id} type="button" className="session-tab mono" aria-pressed={session.id === shown?.id} onClick={() => setAddress({ session: session.id })}>
            <span aria-hidden="true" className={session.state === "live" ? "tone-ok" : "tone-muted"}>
              {session.state === "live" ? "●" : "○"}
            </span>{" "}
            {session.kind === "main" ? "main" : (session.command[0]?.split("/").at(-1) ?? "shell")}
          </button>
        ))}
        {running && <Button kind="quiet" needs="open:sessions" icon={<Plus size={14} />} busy={open.isPending} label="New shell" onClick={() => open.mutate(true)} />}
      </div>
      {open.error && <Problem error={open.error} onRetry={() => open.mutate(true)} title="No terminal could be opened" small />}
      {shown ? (
        <Terminal
          session={shown}
          actions={
            shown.kind === "exec" && shown.state === "live" ? <Button kind="quiet" needs="close:sessions" label="End this session" icon={<X size={15} />} onClick={() => setClosing(shown)} /> : undefined
          }
          afterExit={running ? <Button onClick={() => open.mutate(true)}>New shell</Button> : start}
        />
      ) : running ? (
        <Empty title="No terminal is open here" action={<Button kind="primary" needs="open:sessions" onClick={() => open.mutate(false)}>Open one</Button>} />
      ) : (
        <Empty title={`${container.name} does not run`} action={start}>
          Its terminal is there as soon as it does.
        </Empty>
      )}
      <Confirm
        open={closing !== null}
        onClose={() => setClosing(null)}
        title="End this session?"
        verb="End it"
        danger
        onConfirm={async () => {
          if (closing) await data(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: closing.id } } }));
          setAddress({ session: "" });
        }}
      >
        <p>
          Its program <code>{closing?.command.join(" ")}</code> is ended, and what it has not saved is lost. Leaving the page ends nothing.
        </p>
      </Confirm>
    </div>
  );
}
