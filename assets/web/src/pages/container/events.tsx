/** What happened to a container: as it happens, and, for those who may read it, what the audit has. */
import { useQuery } from "@tanstack/react-query";
import { type Container, api, data } from "../../lib/api";
import { useCan } from "../../lib/permissions";
import { recent } from "../../lib/recent";
import { useStore } from "../../lib/store";
import { Empty, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import { Time } from "../../ui/time";

const GLYPHS = { ok: "●", warn: "▲", bad: "✖", info: "◐", muted: "○" };

export default function Events({ container }: { container: Container }) {
  const can = useCan();
  const all = useStore(recent);
  const own = all.filter((one) => one.container === container.id);
  const audit = useQuery({
    queryKey: ["audit", container.name, own.length],
    queryFn: () => data(api.GET("/api/v1/audit", { params: { query: { limit: 100, q: container.name } } })).then((found) => found.items),
    enabled: can("read:audit").ok,
    placeholderData: (before) => before,
  });
  return (
    <div className="columns">
      <Section title="As it happens">
        {own.length === 0 ? (
          <Empty title="Nothing happened since this page was opened">Starts, stops, health, sessions and long work are shown here as they come.</Empty>
        ) : (
          <ol className="lines">
            {own.map((one) => (
              <li key={one.seq}>
                <span className={`tone-${one.tone}`} aria-hidden="true">
                  {GLYPHS[one.tone]}
                </span>
                <span className="muted">{one.what}</span>
                <span className="break">{one.text}</span>
                <span className="spring" />
                <Time at={one.at} />
              </li>
            ))}
          </ol>
        )}
      </Section>
      {can("read:audit").ok && (
        <Section title="Who did what">
          {audit.error && <Problem error={audit.error} onRetry={() => void audit.refetch()} small />}
          {!audit.data ? (
            !audit.error && <Skeleton lines={5} />
          ) : audit.data.length === 0 ? (
            <p className="muted">Nothing through cto.</p>
          ) : (
            <ol className="lines">
              {audit.data.map((one) => (
                <li key={one.id}>
                  <span className="strong">{one.actor}</span>
                  <span className="break">{one.action}</span>
                  <span className="mono muted cut">{one.target}</span>
                  <span className="spring" />
                  <Time at={one.at} />
                </li>
              ))}
            </ol>
          )}
        </Section>
      )}
    </div>
  );
}
