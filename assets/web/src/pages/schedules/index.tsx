/** Schedules: as a list, and as a calendar of what comes. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CalendarDays, ChevronLeft, ChevronRight, List, Pause, Play, Plus } from "lucide-react";
import { useMemo } from "react";
import { api, data } from "../../lib/api";
import { type Schedule, fireState, myZone, nextFiresQuery, scheduleState, schedulesQuery } from "../../lib/automation";
import { byDay, dayOf, monthAfter, timeOf, weeksOf } from "../../lib/calendar";
import { useShortcuts } from "../../lib/keyboard";
import { notify, notifyError } from "../../lib/notices";
import { useCan } from "../../lib/permissions";
import { oneOf, text, useAddress } from "../../lib/search";
import { State } from "../../ui/badge";
import { Button } from "../../ui/button";
import { type Column, DataTable } from "../../ui/data-table";
import { Choice } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";
import { ScheduleForm } from "./form";
import "../automation.css";

const ADDRESS = { view: oneOf("list", "calendar"), month: text(), q: text(), sort: text("name"), make: text() };
/** Most times that the server gives at once. */
const MOST = 500;

export const whenText = (schedule: Schedule): string => schedule.spec.cron ?? schedule.spec.at ?? "";

export default function Schedules() {
  const list = useQuery(schedulesQuery);
  const navigate = useNavigate();
  const can = useCan();
  const act = useScheduleAction();
  const [address, setAddress] = useAddress(ADDRESS);
  const making = address.make !== "";
  const open = (name: string) => void navigate({ to: "/schedules/$name" as never, params: { name } as never });
  useShortcuts([
    { keys: "n", label: "new schedule", group: "Schedules", off: !can("manage:schedules").ok, run: () => setAddress({ make: "1" }) },
    { keys: "v", label: "list or calendar", group: "Schedules", run: () => setAddress({ view: address.view === "list" ? "calendar" : "list" }) },
  ]);
  const columns = useMemo(
    (): Column<Schedule>[] => [
      { id: "name", title: "Name", width: "minmax(8rem, 1.2fr)", sort: (one) => one.name, cell: (one) => <span className="mono strong">{one.name}</span> },
      { id: "state", title: "State", width: "6rem", sort: (one) => scheduleState(one).word, cell: (one) => <State state={scheduleState(one)} /> },
      { id: "script", title: "Script", width: "minmax(7rem, 1fr)", from: "tablet", sort: (one) => one.spec.script ?? one.spec.inline?.name ?? "", cell: (one) => <span className="mono">{one.spec.script ?? one.spec.inline?.name}</span> },
      { id: "when", title: "When", width: "minmax(8rem, 1.2fr)", from: "tablet", text: whenText, cell: (one) => <span className="mono">{whenText(one)}</span> },
      { id: "zone", title: "Zone", width: "minmax(6rem, 1fr)", from: "desk", text: (one) => one.spec.zone ?? "UTC", cell: (one) => one.spec.zone ?? "UTC" },
      { id: "next", title: "Next", width: "6rem", right: true, sort: (one) => (one.next_due ? Date.parse(one.next_due) : Infinity), text: () => "", cell: (one) => <Time at={one.next_due} /> },
      { id: "last", title: "Last", width: "8rem", from: "desk", cell: (one) => (one.last ? <State state={fireState(one.last)} /> : <span className="muted">–</span>) },
      { id: "owner", title: "Owner", width: "6rem", from: "desk", sort: (one) => one.owner, cell: (one) => one.owner },
    ],
    [],
  );
  const none = <Empty title="No schedules yet" action={<Button kind="primary" needs="manage:schedules" onClick={() => setAddress({ make: "1" })}>Make one</Button>}>A script every night, every ten minutes, or once.</Empty>;
  return (
    <div className="fill-page">
      <PageHeader
        title="Schedules"
        actions={
          <>
            <Choice
              label="View"
              value={address.view}
              onChange={(view) => setAddress({ view })}
              options={[
                { value: "list", label: "List", icon: <List size={15} aria-hidden="true" /> },
                { value: "calendar", label: "Calendar", icon: <CalendarDays size={15} aria-hidden="true" /> },
              ]}
            />
            <Button kind="primary" needs="manage:schedules" icon={<Plus size={14} />} onClick={() => setAddress({ make: "1" })}>
              New schedule
            </Button>
          </>
        }
      />
      {address.view === "calendar" ? (
        <Calendar month={address.month || dayOf(localNow()).slice(0, 7)} onMonth={(month) => setAddress({ month })} onOpen={open} empty={list.data?.length === 0 ? none : null} />
      ) : (
        <DataTable
          label="schedules"
          rows={list.data}
          columns={columns}
          id={nameOf}
          onOpen={(one) => open(one.name)}
          error={list.error}
          onRetry={() => void list.refetch()}
          empty={none}
          filter={address.q}
          onFilter={(q) => setAddress({ q })}
          sort={address.sort}
          onSort={(sort) => setAddress({ sort })}
          bulk={(rows) => (
            <>
              <Button needs="manage:schedules" icon={<Pause size={13} />} onClick={() => act.mutate({ verb: "pause", names: rows.map(nameOf) })}>
                Pause
              </Button>
              <Button needs="manage:schedules" icon={<Play size={13} />} onClick={() => act.mutate({ verb: "resume", names: rows.map(nameOf) })}>
                Resume
              </Button>
            </>
          )}
        />
      )}
      <ScheduleForm open={making} onClose={() => setAddress({ make: "" })} {...(address.make.length > 1 ? { script: address.make } : {})} />
    </div>
  );
}

const nameOf = (schedule: Schedule) => schedule.name;

/** Now, written as times are in the zone of whoever looks. */
function localNow(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
}

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/** Times of one day that are written; the rest is a number. */
const SHOWN = 3;

function Calendar({ month, onMonth, onOpen, empty }: { month: string; onMonth: (month: string) => void; onOpen: (name: string) => void; empty: React.ReactNode }) {
  const zone = myZone();
  const next = useQuery(nextFiresQuery(zone, MOST));
  const days = useMemo(() => byDay(next.data?.items ?? [], (fire) => fire.yours ?? fire.due), [next.data]);
  const weeks = useMemo(() => weeksOf(month), [month]);
  const [year = "", number = "1"] = month.split("-");
  const title = new Date(Date.UTC(Number(year), Number(number) - 1, 1)).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
  const today = dayOf(localNow());
  const items = next.data?.items ?? [];
  const end = items.length >= MOST ? items.at(-1) : undefined;
  if (next.error && !next.data) return <Problem error={next.error} onRetry={() => void next.refetch()} />;
  if (!next.data) return <Skeleton lines={8} label="Loading the calendar" />;
  if (empty) return empty;
  return (
    <div>
      <div className="calendar-bar">
        <Button kind="quiet" label="The month before" icon={<ChevronLeft size={16} />} onClick={() => onMonth(monthAfter(month, -1))} />
        <Button kind="quiet" label="The month after" icon={<ChevronRight size={16} />} onClick={() => onMonth(monthAfter(month, 1))} />
        <strong role="status">{title}</strong>
        <span className="spring" />
        <span className="muted">by your clocks, {zone}</span>
      </div>
      {end && <p className="muted">The next {MOST} times are known, until {dayOf(end.yours ?? end.due)}.</p>}
      <table className="calendar">
        <thead>
          <tr>
            {DAYS.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((one) => {
                const fires = days.get(one) ?? [];
                return (
                  <td key={one} className={[one.startsWith(month) ? "" : "other", one === today ? "today" : ""].join(" ")} aria-current={one === today ? "date" : undefined}>
                    <time className="day" dateTime={one}>
                      {Number(one.slice(8))}
                    </time>
                    <ul>
                      {fires.slice(0, SHOWN).map((fire, at) => (
                        <li key={at}>
                          <button type="button" className="link" onClick={() => onOpen(fire.schedule)}>
                            <span className="mono">{timeOf(fire.yours ?? fire.due)}</span> {fire.schedule}
                            {fire.note && <span className="tone-warn"> ▲</span>}
                          </button>
                        </li>
                      ))}
                      {fires.length > SHOWN && <li className="muted">and {fires.length - SHOWN} more</li>}
                    </ul>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {next.data.warnings.length > 0 && (
        <ul className="warnings" aria-label="Changes of the clocks">
          {next.data.warnings.map((warning, at) => (
            <li key={at} className="tone-warn">
              ▲ <span className="mono">{warning.schedule}</span>: {warning.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export type ScheduleVerb = "pause" | "resume" | "run";

/** Does something to schedules; each refusal is told. */
export function useScheduleAction() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async ({ verb, names }: { verb: ScheduleVerb; names: string[] }) => {
      for (const name of names) {
        const params = { path: { name } };
        try {
          if (verb === "run") {
            const fire = await data(api.POST("/api/v1/schedules/{name}/run", { params }));
            const { run } = fire;
            notify({ tone: "ok", title: `${name} runs now`, ...(fire.reason ? { text: fire.reason } : {}), ...(run ? { action: { label: "Watch it", run: () => void navigate({ to: "/runs/$id" as never, params: { id: run } as never }) } } : {}) });
          } else {
            await data(verb === "pause" ? api.POST("/api/v1/schedules/{name}/pause", { params }) : api.POST("/api/v1/schedules/{name}/resume", { params }));
          }
        } catch (error) {
          notifyError(`${name}: could not ${verb}`, error);
        }
      }
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["schedules"] }),
  });
}
