/** One session: its terminal, and who may come in. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Circle, LayoutPanelLeft, Share2, Square, X } from "lucide-react";
import { useState } from "react";
import { type Session, api, data } from "../../lib/api";
import { useCommands } from "../../lib/commands";
import { placed } from "../../lib/live";
import { notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { openSession, containersQuery } from "../../lib/queries";
import { sessionState } from "../../lib/state";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { LastState } from "../../ui/last-state";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Terminal } from "../../ui/terminal";
import { EndSessions, program } from ".";
import { Shares } from "./shares";

export default function SessionPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const queries = useQueryClient();
  const navigate = useNavigate();
  const can = useCan();
  const session = useQuery({ queryKey: ["sessions", id], queryFn: () => data(api.GET("/api/v1/sessions/{id}", { params: { path: { id } } })), staleTime: Infinity });
  const containers = useQuery(containersQuery);
  const [sharing, setSharing] = useState(false);
  const [ending, setEnding] = useState(false);
  const one = session.data;
  const record = useMutation({
    mutationFn: async (of: Session): Promise<void> => {
      const params = { path: { id: of.id } };
      if (of.recording) await data(api.DELETE("/api/v1/sessions/{id}/recording", { params }));
      else await data(api.POST("/api/v1/sessions/{id}/recording", { params, body: {} }));
    },
    onError: (error) => notifyError("The recording", error),
  });
  const again = useMutation({
    mutationFn: async () => {
      const container = containers.data?.find((other) => other.id === one?.container);
      if (!container) throw new Error("its container is gone");
      return openSession(container, one?.kind !== "main");
    },
    onSuccess: (opened) => {
      queries.setQueryData<Session[]>(["sessions"], (list) => placed(list, opened));
      void navigate({ to: "/sessions/$id" as never, params: { id: opened.id } as never });
    },
    onError: (error) => notifyError("No terminal could be opened", error),
  });
  const live = one?.state === "live";
  useCommands(
    one && live
      ? [
          { label: "Share this session…", group: "This session", needs: "share:sessions", run: () => setSharing(true) },
          { label: one.recording ? "Stop recording" : "Record this session", group: "This session", needs: "record:sessions", run: () => record.mutate(one) },
          { label: "End this session…", group: "This session", needs: "close:sessions", run: () => setEnding(true) },
        ]
      : [],
    `${one?.id ?? ""} ${one?.recording ?? ""} ${live}`,
  );

  if (session.error && !one) {
    return (
      <>
        <PageHeader title="Session" />
        <Problem error={session.error} onRetry={() => void session.refetch()} />
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the session" />;
  return (
    <div className="fill-page">
      <PageHeader
        title={
          <>
            <Link to={"/containers/$id" as never} params={{ id: one.container } as never} className="mono">
              {one.container_name}
            </Link>{" "}
            <span className="mono muted">{program(one)}</span>
          </>
        }
        name={`${one.container_name} ${program(one)}`}
        beside={<State state={sessionState(one)} />}
        about={<span className="muted">of {one.owner}{one.not_resumable ? ` · ends with the server: ${one.not_resumable}` : ""}</span>}
        actions={
          <>
            <Button icon={<Share2 size={14} />} needs="share:sessions" off={live ? false : "it has ended"} onClick={() => setSharing(true)}>
              Share
            </Button>
            <Button kind="quiet" label={one.recording ? "Stop recording" : "Record"} icon={one.recording ? <Square size={14} /> : <Circle size={14} />} needs="record:sessions" off={live ? false : "it has ended"} busy={record.isPending} onClick={() => record.mutate(one)} />
            <Button kind="quiet" label="Show on the wall" icon={<LayoutPanelLeft size={15} />} onClick={() => void navigate({ to: "/wall" as never, search: { show: one.id } as never })} />
            <Button kind="quiet" label="End this session" icon={<X size={15} />} needs="close:sessions" off={live ? false : "it has ended"} onClick={() => setEnding(true)} />
          </>
        }
      />
      <LastState of={session} />
      {live || one.exit ? (
        <Terminal
          session={one}
          mode={can("write:sessions").ok ? "write" : "view"}
          afterExit={
            <Button needs="open:sessions" busy={again.isPending} onClick={() => again.mutate()}>
              Open it again
            </Button>
          }
        />
      ) : (
        <Empty title="This session has ended" />
      )}
      <Shares session={one} open={sharing} onClose={() => setSharing(false)} />
      <EndSessions sessions={ending ? [one] : []} onClose={() => setEnding(false)} />
    </div>
  );
}
