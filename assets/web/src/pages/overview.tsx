/** What is going on: counts, what wants a person, what runs now, and where to begin. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Play, Plus, ScrollText } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import type { Container, Stats } from "../lib/api";
import { runState } from "../lib/automation";
import { bytes, percent, plural } from "../lib/format";
import { useCan } from "../lib/permissions";
import { containersQuery, healthQuery, operationsQuery, runsQuery, sessionsQuery, templatesQuery, useContainerAction } from "../lib/queries";
import { recent } from "../lib/recent";
import { containerState, needsAttention } from "../lib/state";
import { useStore } from "../lib/store";
import { useStats } from "../lib/use-live";
import { State } from "../ui/badge";
import { Button } from "../ui/button";
import { Sparkline } from "../ui/chart";
import { Empty, PageHeader, Section, Skeleton } from "../ui/page";
import { Problem } from "../ui/problem";
import { Time } from "../ui/time";
import "./overview.css";

/** Lines of each list; the rest is on its own page. */
const LINES = 8;

export default function Overview() {
  const can = useCan();
  const containers = useQuery(containersQuery);
  const sessions = useQuery(sessionsQuery);
  const health = useQuery(healthQuery);
  const runs = useQuery({ ...runsQuery, enabled: can("read:runs").ok });
  const operations = useQuery({ ...operationsQuery, enabled: can("read:operations").ok });
  const stats = useStats();

  const list = containers.data ?? [];
  const running = list.filter((one) => one.state === "running");
  const samples = running.flatMap((one) => stats.get(one.id)?.at(-1) ?? []);
  const cpu = samples.reduce((sum, one) => sum + one.cpu_percent, 0);
  const memory = samples.reduce((sum, one) => sum + one.memory_bytes, 0);
  const cores = health.data?.engine.cpus ?? 0;
  const installed = health.data?.engine.memory_bytes ?? 0;
  const attention = list.filter(needsAttention);
  const live = (sessions.data ?? []).filter((one) => one.state === "live");
  const newest = [...live].sort((a, b) => b.created_at.localeCompare(a.created_at)).slice(0, LINES);
  const going = (operations.data ?? []).filter((one) => one.state === "running");

  return (
    <>
      <PageHeader title="Overview" beside={health.data && <span className="muted mono">{[health.data.engine.product, health.data.engine.version].filter(Boolean).join(" ")}</span>} actions={<QuickLaunch containers={list} />} />
      {containers.error && <Problem error={containers.error} onRetry={() => void containers.refetch()} title="The containers could not be read" />}
      <div className="gauges">
        <Gauge label="running" value={containers.data ? String(running.length) : "–"} about={containers.data ? `${list.length - running.length} not` : ""} to="/containers" />
        <Gauge label={live.length === 1 ? "session" : "sessions"} value={sessions.data ? String(live.length) : "–"} about={sessions.data ? `${live.reduce((sum, one) => sum + one.viewers, 0)} watching` : ""} to="/sessions" />
        <Gauge label="processor" value={samples.length > 0 ? percent(cores > 0 ? cpu / cores : cpu) : "–"} about={cores > 0 ? `of ${plural(cores, "core")}` : ""} part={cores > 0 ? cpu / cores / 100 : 0} />
        <Gauge label="memory" value={samples.length > 0 ? bytes(memory) : "–"} about={installed > 0 ? `of ${bytes(installed)}` : ""} part={installed > 0 ? memory / installed : 0} />
      </div>
      {containers.data && list.length === 0 ? (
        <Empty title="No containers yet">
          Launch your first one: pick a template above, or in a terminal <code>cto run shell</code>.
        </Empty>
      ) : (
        <div className="columns">
          <Section title="Needs attention">{!containers.data ? <Skeleton /> : <Attention list={attention} />}</Section>
          <Section title="Terminals" actions={live.length > LINES && <More to="/sessions">all {live.length}</More>}>
            {!sessions.data ? (
              <Skeleton />
            ) : newest.length === 0 ? (
              <p className="muted">None is open. Open a container, and its terminal is there.</p>
            ) : (
              <ul className="lines">
                {newest.map((one) => (
                  <li key={one.id}>
                    <Link to={"/containers/$id" as never} params={{ id: one.container } as never} search={{ session: one.id } as never} className="mono cut">
                      {one.container_name}
                    </Link>
                    <span className="mono muted cut">{one.title}</span>
                    <span className="spring" />
                    <span className="muted">{one.owner}</span>
                    <Time at={one.created_at} />
                  </li>
                ))}
              </ul>
            )}
          </Section>
          {running.length > 0 && (
            <Section title="Busiest" actions={<More to="/containers" search={{ view: "table", sort: "-cpu" }}>all</More>}>
              <Busiest running={running} stats={stats} />
            </Section>
          )}
          <Lately containers={list} />
          {going.length > 0 && (
            <Section title="Under way" actions={<More to="/operations">all</More>}>
              <ul className="lines">
                {going.map((one) => (
                  <li key={one.id}>
                    <span className="tone-info">◐</span>
                    <span className="cut">{one.title}</span>
                    <span className="muted cut">{one.progress.phase}</span>
                    <span className="spring" />
                    <Time at={one.created_at} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {(runs.data ?? []).length > 0 && (
            <Section title="Last runs" actions={<More to="/runs">all</More>}>
              <ul className="lines">
                {(runs.data ?? []).slice(0, LINES).map((one) => (
                  <li key={one.id}>
                    <Link to={"/runs/$id" as never} params={{ id: one.id } as never} className="mono cut">
                      {one.script}
                    </Link>
                    <State state={runState(one)} />
                    <span className="spring" />
                    <Time at={one.created_at} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </div>
      )}
    </>
  );
}

function More({ to, search, children }: { to: string; search?: Record<string, string>; children: ReactNode }) {
  return (
    <Link to={to as never} {...(search ? { search: search as never } : {})} className="more">
      {children}
    </Link>
  );
}

/** What is launched most here, else what most begin with. */
const USUAL = ["shell", "python", "system-monitor"];

function QuickLaunch({ containers }: { containers: Container[] }) {
  const can = useCan();
  const templates = useQuery({ ...templatesQuery, enabled: can("read:templates").ok });
  const names = useMemo(() => {
    const known = new Set((templates.data?.items ?? []).map((one) => one.template.name));
    const counts = new Map<string, number>();
    for (const one of containers) if (one.template) counts.set(one.template, (counts.get(one.template) ?? 0) + 1);
    const often = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).flatMap(([name, times]) => (times > 1 ? [name] : []));
    return [...new Set([...often, ...USUAL])].filter((name) => known.has(name)).slice(0, USUAL.length);
  }, [templates.data, containers]);
  if (!can("create:containers").ok) return null;
  return (
    <>
      {names.map((name) => (
        <Link key={name} className="button wide-only" to={"/launch/$template" as never} params={{ template: name } as never}>
          <Play size={13} aria-hidden="true" /> {name}
        </Link>
      ))}
      <Link className="button primary" to={"/launch" as never}>
        <Plus size={14} aria-hidden="true" /> Launch
      </Link>
    </>
  );
}

function Attention({ list }: { list: Container[] }) {
  const act = useContainerAction();
  if (list.length === 0) {
    return (
      <p className="muted">
        <span className="tone-ok" aria-hidden="true">
          ●
        </span>{" "}
        Nothing.
      </p>
    );
  }
  return (
    <ul className="lines">
      {list.slice(0, LINES).map((one) => (
        <li key={one.id}>
          <To container={one} />
          <State state={containerState(one)} />
          <span className="spring" />
          <span className="line-do">
            <Link className="button quiet bare" to={"/containers/$id" as never} params={{ id: one.id } as never} search={{ tab: "logs" } as never} aria-label={`Log of ${one.name}`} title={`Log of ${one.name}`}>
              <ScrollText size={14} aria-hidden="true" />
            </Link>
            {one.state !== "running" && <Button kind="quiet" needs="control:containers" label={`Start ${one.name}`} icon={<Play size={14} />} onClick={() => act.mutate({ verb: "start", containers: [one] })} />}
          </span>
          <Time at={one.finished_at ?? one.started_at} />
        </li>
      ))}
    </ul>
  );
}

function Busiest({ running, stats }: { running: Container[]; stats: Map<string, Stats[]> }) {
  // By what they used in the last ten seconds, so that they do not change places each second.
  const use = (one: Container) => (stats.get(one.id) ?? []).slice(-10).reduce((sum, sample) => sum + sample.cpu_percent, 0);
  const list = [...running].sort((a, b) => use(b) - use(a) || a.name.localeCompare(b.name)).slice(0, 5);
  return (
    <ul className="lines">
      {list.map((one) => {
        const samples = stats.get(one.id) ?? [];
        const last = samples.at(-1);
        return (
          <li key={one.id}>
            <To container={one} />
            <span className="spring" />
            <Sparkline values={samples.slice(-30).map((point) => point.cpu_percent)} most={10} label={`CPU of ${one.name}`} width={60} />
            <span className="mono use">{last ? percent(last.cpu_percent) : "–"}</span>
            <span className="mono use muted">{last ? bytes(last.memory_bytes) : "–"}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What happened since the page was opened. */
function Lately({ containers }: { containers: Container[] }) {
  const all = useStore(recent);
  const known = useMemo(() => new Map(containers.map((one) => [one.id, one])), [containers]);
  const list = all.filter((one) => one.container === undefined || known.has(one.container)).slice(0, LINES);
  if (list.length === 0) return null;
  return (
    <Section title="Lately">
      <ul className="lines">
        {list.map((one) => {
          const container = one.container === undefined ? undefined : known.get(one.container);
          return (
            <li key={`${one.seq} ${one.text}`}>
              {container && <To container={container} />}
              <span className={`cut tone-${one.tone}`}>{one.text}</span>
              <span className="spring" />
              <Time at={one.at} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function To({ container }: { container: Container }) {
  return (
    <Link to={"/containers/$id" as never} params={{ id: container.id } as never} className="mono cut">
      {container.name}
    </Link>
  );
}

function Gauge({ label, value, about, part, to }: { label: string; value: string; about: string; part?: number; to?: string }) {
  const inside: ReactNode = (
    <>
      <span className="gauge-value mono">{value}</span>
      <span className="gauge-label">
        {label} <span className="muted">{about}</span>
      </span>
      {part !== undefined && <meter className="gauge-bar" min={0} max={1} high={0.85} optimum={0} value={Math.min(1, part)} aria-label={label} />}
    </>
  );
  return to ? (
    <Link to={to as never} className="gauge">
      {inside}
    </Link>
  ) : (
    <div className="gauge">{inside}</div>
  );
}
