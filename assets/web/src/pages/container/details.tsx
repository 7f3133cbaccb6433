/** What a container is. */
import type { ReactNode } from "react";
import type { Container } from "../../lib/api";
import { bytes, duration, percent } from "../../lib/format";
import { useStats } from "../../lib/use-live";
import { Chart } from "../../ui/chart";
import { CopyButton } from "../../ui/button";
import { Facts, Section } from "../../ui/page";
import { Time } from "../../ui/time";

export default function Details({ container }: { container: Container }) {
  const stats = useStats([container.id]).get(container.id) ?? [];
  const times = stats.map((sample) => Date.parse(sample.at) / 1000);
  const upkeep = container.upkeep;
  return (
    <div className="columns">
      <Section title="Container">
        <Facts
          facts={([
            ["Id", <span className="mono" key="id">{container.id.slice(0, 12)} <CopyButton text={container.id} /></span>],
            ["Image", <span className="mono" key="image">{container.image}</span>],
            ["Template", container.template],
            ["Owner", container.owner ?? (container.foreign ? "made by another tool" : null)],
            ["Command", container.command?.length ? <code key="command">{container.command.join(" ")}</code> : null],
            ["Created", <Time key="created" at={container.created_at} />],
            ["Started", container.started_at ? <Time key="started" at={container.started_at} /> : null],
            ["Ended", container.state === "running" ? null : <Time key="ended" at={container.finished_at} />],
            ["Exit code", container.state === "running" ? null : container.exit_code],
            ["Ports", (container.ports ?? []).map((port) => `${port.host_ip ?? ""}:${port.host_port ?? ""} → ${port.container_port}/${port.protocol ?? "tcp"}`).join(", ") || null],
            ["Restart", upkeep?.restart],
            ["Restarts", upkeep?.restarts || null],
            ["Stops after", upkeep?.ttl_seconds ? duration(upkeep.ttl_seconds * 1000) : null],
            ["Stack", container.stack?.stack],
            ["Error", container.error],
          ] as [string, ReactNode][]).filter(([, value]) => value !== null && value !== undefined)}
        />
      </Section>
      {container.state === "running" && (
        <Section title="Now">
          <Chart label="Processor" times={times} series={[{ label: "CPU", values: stats.map((sample) => sample.cpu_percent), fill: true }]} format={percent} least={10} sync={container.id} />
          <Chart label="Memory" times={times} series={[{ label: "Memory", values: stats.map((sample) => sample.memory_bytes), color: "--ok", fill: true }]} format={bytes} binary least={1 << 20} sync={container.id} />
        </Section>
      )}
    </div>
  );
}
