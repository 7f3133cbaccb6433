/** One schedule: what it runs when, what comes, and what became of its times. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Pause, Pencil, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, data } from "../../lib/api";
import { type Schedule, fireState, myZone, scheduleFiresQuery, scheduleNextQuery, scheduleQuery, scheduleState } from "../../lib/automation";
import { duration, plural } from "../../lib/format";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { MoreMenu } from "../../ui/menu";
import { LastState } from "../../ui/last-state";
import { Empty, Facts, PageHeader, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { NextTimes, ScheduleForm } from "./form";
import { useScheduleAction, whenText } from "./index";
import "../automation.css";

export default function SchedulePage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const schedule = useQuery(scheduleQuery(name));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const act = useScheduleAction();
  const [changing, setChanging] = useState(false);
  const [removing, setRemoving] = useState(false);
  const one = schedule.data;
  if (schedule.error && !one) {
    return (
      <>
        <PageHeader title={name || "Schedule"} />
        <Problem error={schedule.error} onRetry={() => void schedule.refetch()} />
      </>
    );
  }
  if (!one) return <Skeleton lines={8} label="Loading the schedule" />;
  return (
    <>
      <PageHeader
        title={<span className="mono">{one.name}</span>}
        name={one.name}
        beside={<State state={scheduleState(one)} />}
        about={<span className="mono">{whenText(one)}</span>}
        actions={
          <>
            <Button kind="primary" needs="manage:schedules" icon={<Play size={14} />} busy={act.isPending} onClick={() => act.mutate({ verb: "run", names: [one.name] })}>
              Run now
            </Button>
            <Button needs="manage:schedules" icon={one.paused ? <Play size={14} /> : <Pause size={14} />} onClick={() => act.mutate({ verb: one.paused ? "resume" : "pause", names: [one.name] })}>
              {one.paused ? "Resume" : "Pause"}
            </Button>
            <Button needs="manage:schedules" icon={<Pencil size={14} />} onClick={() => setChanging(true)}>
              Change
            </Button>
            <MoreMenu
              items={[{ label: "Remove…", danger: true, needs: "manage:schedules", onSelect: () => setRemoving(true) }]}
            />
          </>
        }
      />
      <LastState of={schedule} />
      {one.paused_why && (
        <p className="banner bad" role="status">
          ✖ It was paused: {one.paused_why}
        </p>
      )}
      <div className="columns">
        <Section title="What and when">
          <Facts facts={factsOf(one)} />
        </Section>
        <Section title="Next times">
          <Next schedule={one} />
        </Section>
      </div>
      <Section title="What became of its times">
        <Fires name={one.name} />
      </Section>
      <ScheduleForm open={changing} onClose={() => setChanging(false)} schedule={one} />
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${one.name}?`}
        verb="Remove"
        danger
        onConfirm={async () => {
          await data(api.DELETE("/api/v1/schedules/{name}", { params: { path: { name: one.name } } }));
          void queries.invalidateQueries({ queryKey: ["schedules"], exact: true });
          void navigate({ to: "/schedules" as never });
        }}
      >
        <p>It starts nothing any more, and what became of its times is forgotten. Its runs stay.</p>
      </Confirm>
    </>
  );
}

const MISSED = { skip: "nothing", once: "one run for all", all: "a run for each" };
const OVERLAP = { allow: "both run", forbid: "the new one is left out", replace: "the old one is cancelled", queue: "the new one waits" };

function factsOf({ spec, owner, rights, created_at }: Schedule): [string, ReactNode][] {
  const { script, inline, params = {}, missed = { policy: "once" }, overlap = "forbid" } = spec;
  return [
    ["Script", script ? <Link className="mono" to={"/scripts/$name" as never} params={{ name: script } as never}>{script}</Link> : <span className="mono">{inline?.name}</span>],
    ...Object.entries(params).map(([name, value]): [string, ReactNode] => [name, <span className="mono pre">{String(value)}</span>]),
    ["Zone", spec.zone ?? "UTC"],
    ["Missed times", missed.policy === "all" ? `${MISSED.all}, ${missed.most ?? 10} at most` : MISSED[missed.policy]],
    ["While one runs", OVERLAP[overlap]],
    ["Starts later by", spec.jitter_seconds ? `up to ${duration(spec.jitter_seconds * 1000)}` : "nothing"],
    ["Owner", `${owner}, with the rights of ${rights}`],
    ["Made", <Time at={created_at} />],
  ];
}

function Next({ schedule }: { schedule: Schedule }) {
  const next = useQuery({ ...scheduleNextQuery(schedule.name, myZone()), enabled: !schedule.paused });
  if (schedule.paused) return <p className="muted">While it is paused nothing starts, and nothing is missed.</p>;
  if (next.error && !next.data) return <Problem error={next.error} onRetry={() => void next.refetch()} small />;
  return next.data ? <NextTimes next={next.data} zone={schedule.spec.zone ?? "UTC"} /> : <Skeleton lines={5} />;
}

function Fires({ name }: { name: string }) {
  const fires = useQuery(scheduleFiresQuery(name));
  if (fires.error && !fires.data) return <Problem error={fires.error} onRetry={() => void fires.refetch()} small />;
  if (!fires.data) return <Skeleton lines={4} />;
  if (fires.data.length === 0) return <Empty title="None of its times has come yet" />;
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="What became of its times">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Due</th>
            <th scope="col">What became of it</th>
            <th scope="col">Taken up</th>
            <th scope="col">Run</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {fires.data.map((fire, at) => (
            <tr key={at}>
              <td>
                <Time at={fire.due} as="date" />
                {fire.asked && <span className="muted"> by hand</span>}
              </td>
              <td>
                <State state={fireState(fire)} />
              </td>
              <td className="mono">{duration(Math.max(0, Date.parse(fire.taken_at) - Date.parse(fire.due)), true)} later</td>
              <td>
                {fire.run ? (
                  <Link className="mono" to={"/runs/$id" as never} params={{ id: fire.run } as never}>
                    …{fire.run.slice(-8)}
                  </Link>
                ) : (
                  "–"
                )}
              </td>
              <td>
                {fire.reason}
                {fire.missed && ` ${plural(fire.missed.count, "time")}${fire.missed.more ? " and more" : ""} missed`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
