/** Logs of several containers together: as they come, or searched through. */
import { useQuery } from "@tanstack/react-query";
import { ListChecks } from "lucide-react";
import { useMemo, useState } from "react";
import type { Container } from "../../lib/api";
import { plural } from "../../lib/format";
import { containersQuery } from "../../lib/queries";
import { list, oneOf, text, useAddress } from "../../lib/search";
import { containerState } from "../../lib/state";
import { Button } from "../../ui/button";
import { useWidth } from "../../ui/data-table";
import { Choice, Input } from "../../ui/field";
import { Empty, PageHeader, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { HUES } from "./hues";
import { Live } from "./live";
import { Past } from "./past";
import "./logs.css";

const ADDRESS = { of: list(), find: text(), view: oneOf("live", "past") };
/** Containers at once: the server gives one page 64 subscriptions. */
const MOST = 40;

export default function AllLogs() {
  const containers = useQuery(containersQuery);
  const [address, setAddress] = useAddress(ADDRESS);
  const all = useMemo(() => [...(containers.data ?? [])].sort((a, b) => Number(b.state === "running") - Number(a.state === "running") || a.name.localeCompare(b.name, undefined, { numeric: true })), [containers.data]);
  // By name, so that the address can be read; those who are not there any more are left out.
  const chosen = useMemo(() => all.filter((one) => address.of.includes(one.name)).slice(0, MOST), [all, address.of]);
  const narrow = useWidth() < 640;
  const [choosing, setChoosing] = useState(false);
  const words = address.find.toLowerCase();
  const shown = all.filter((one) => `${one.name} ${one.template ?? ""} ${one.image} ${one.stack?.stack ?? ""}`.toLowerCase().includes(words));
  const running = shown.filter((one) => one.state === "running");
  const toggle = (container: Container) => setAddress({ of: address.of.includes(container.name) ? address.of.filter((name) => name !== container.name) : [...address.of, container.name] });

  return (
    <div className="fill-page">
      <PageHeader
        title="Logs"
        beside={<span className="muted">{chosen.length > 0 ? `of ${plural(chosen.length, "container")}` : address.view === "past" ? "of all containers" : "of several containers together"}</span>}
        actions={
          <Choice
            label="Which lines"
            value={address.view}
            onChange={(view) => setAddress({ view })}
            options={[
              { value: "live", label: "As they come" },
              { value: "past", label: "Search the past" },
            ]}
          />
        }
      />
      {containers.error && <Problem error={containers.error} onRetry={() => void containers.refetch()} title="The containers could not be read" small />}
      {!containers.data ? (
        <Skeleton lines={8} label="Loading containers" />
      ) : all.length === 0 ? (
        <Empty title="No containers yet">Their logs are shown here together, as they come.</Empty>
      ) : (
        <div className="logs-page">
          {narrow && (
            <Button aria-expanded={choosing} icon={<ListChecks size={15} aria-hidden="true" />} onClick={() => setChoosing(!choosing)}>
              {chosen.length === 0 ? (address.view === "past" ? "All containers" : "Choose containers") : chosen.map((one) => one.name).join(", ")}
            </Button>
          )}
          <div className="logs-choice" role="group" aria-label="Containers" hidden={narrow && !choosing}>
            <Input type="search" aria-label="Filter containers" placeholder="Containers" value={address.find} onChange={(find) => setAddress({ find })} />
            <div className="logs-buttons">
              <Button kind="quiet" off={running.length === 0} onClick={() => setAddress({ of: running.slice(0, MOST).map((one) => one.name) })}>
                All that run
              </Button>
              <Button kind="quiet" off={chosen.length === 0} onClick={() => setAddress({ of: [] })}>
                None
              </Button>
            </div>
            <ul>
              {shown.map((one) => (
                <li key={one.id}>
                  <label>
                    <input type="checkbox" checked={address.of.includes(one.name)} disabled={chosen.length >= MOST && !address.of.includes(one.name)} onChange={() => toggle(one)} />
                    <span className={`mono cut hue-${chosen.indexOf(one) < 0 ? "none" : chosen.indexOf(one) % HUES}`}>{one.name}</span>
                    <span className={`tone-${containerState(one).tone}`} title={containerState(one).word}>
                      <span aria-hidden="true">{containerState(one).glyph}</span>
                      <span className="sr">{containerState(one).word}</span>
                    </span>
                  </label>
                </li>
              ))}
            </ul>
          </div>
          <div className="fill-page">
            {address.view === "past" ? (
              <Past chosen={chosen} all={all.length} />
            ) : chosen.length === 0 ? (
              <Empty title="No container is chosen" action={<Button kind="primary" off={running.length === 0 && "no container runs"} onClick={() => setAddress({ of: running.slice(0, MOST).map((one) => one.name) })}>All that run</Button>}>
                Choose those whose lines you want to see together.
              </Empty>
            ) : (
              <Live chosen={chosen} />
            )}
          </div>
        </div>
      )}
    </div>
  );
}
