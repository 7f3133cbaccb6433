/** What a container uses: over time, and now. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Container, type Schemas, type Stats, api, data } from "../../lib/api";
import { bytes, duration, percent } from "../../lib/format";
import { type Point, gaps, rates } from "../../lib/metrics";
import { oneOf, useAddress } from "../../lib/search";
import { useStats } from "../../lib/use-live";
import { Button } from "../../ui/button";
import { Chart } from "../../ui/chart";
import { Choice } from "../../ui/field";
import { Empty, Section, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";
import "./container.css";

const ADDRESS = { span: oneOf("15m", "1h", "6h", "1d", "7d") };
const SPANS: Record<string, number> = { "15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400, "7d": 604_800 };
const perSecond = (value: number) => `${bytes(value)}/s`;

type PastPoint = Omit<Schemas["StatsPoint"], "network_bytes" | "block_bytes"> & { network_bytes: unknown; block_bytes: unknown };
const ofPast = (point: PastPoint): Point => ({ at: Date.parse(point.at) / 1000, seconds: point.seconds, cpu: point.cpu_percent, most: point.cpu_percent_max, memory: point.memory_bytes, limit: point.memory_limit_bytes, pids: point.pids, network: pair(point.network_bytes), block: pair(point.block_bytes) });
const ofNow = (sample: Stats): Point => ({ at: Date.parse(sample.at) / 1000, seconds: 1, cpu: sample.cpu_percent, most: sample.cpu_percent, memory: sample.memory_bytes, limit: sample.memory_limit_bytes, pids: sample.pids, network: pair(sample.network_bytes), block: pair(sample.block_bytes) });
const pair = (said: unknown): [number, number] => {
  const [one, other] = Array.isArray(said) ? (said as unknown[]) : [];
  return [Number(one ?? 0), Number(other ?? 0)];
};

export default function Metrics({ container }: { container: Container }) {
  const [address, setAddress] = useAddress(ADDRESS);
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const live = useStats([container.id]).get(container.id);
  const past = useQuery({
    queryKey: ["containers", container.id, "stats", address.span],
    queryFn: () => data(api.GET("/api/v1/containers/{id}/stats", { params: { path: { id: container.id }, query: { since: address.span, points: 400 } } })),
    staleTime: 60_000,
  });
  const points = useMemo(() => {
    const before = (past.data?.items ?? []).map(ofPast);
    const end = before.at(-1)?.at ?? 0;
    const all = gaps([...before, ...(live ?? []).map(ofNow).filter((point) => point.at > end)]);
    const since = Date.now() / 1000 - (SPANS[address.span] ?? 0);
    return all.filter((point) => point.at >= (zoom?.[0] ?? since) && point.at <= (zoom?.[1] ?? Infinity));
  }, [past.data, live, address.span, zoom]);
  const drawn = useMemo(() => {
    const network = rates(points, (point) => point.network);
    const block = rates(points, (point) => point.block);
    return {
      times: points.map((point) => point.at),
      cpu: [
        { label: "most", values: points.map((point) => point.most), color: "--muted" },
        { label: "CPU", values: points.map((point) => point.cpu), color: "--accent", fill: true },
      ],
      memory: [{ label: "memory", values: points.map((point) => point.memory), color: "--ok", fill: true }],
      network: [
        { label: "received", values: network.map(([one]) => one) },
        { label: "sent", values: network.map(([, one]) => one), color: "--warn" },
      ],
      block: [
        { label: "read", values: block.map(([one]) => one) },
        { label: "written", values: block.map(([, one]) => one), color: "--warn" },
      ],
      pids: [{ label: "processes", values: points.map((point) => point.pids), color: "--info" }],
    };
  }, [points]);
  const newest = live?.at(-1);
  const shared = { times: drawn.times, sync: `metrics-${container.id}`, height: 150, onSpan: (from: number, to: number) => setZoom([from, to]) };

  return (
    <div className="metrics">
      <div className="table-bar">
        <Choice
          label="Time span"
          value={address.span}
          onChange={(span) => {
            setZoom(null);
            setAddress({ span });
          }}
          options={["15m", "1h", "6h", "1d", "7d"].map((span) => ({ value: span as typeof address.span, label: span }))}
        />
        {zoom ? (
          <Button onClick={() => setZoom(null)}>Show all of it ({duration((zoom[1] - zoom[0]) * 1000)} shown)</Button>
        ) : (
          <span className="muted wide-only">Drag over a chart to look closer.</span>
        )}
        <span className="spring" />
        <span className="mono metrics-now" role="status" aria-live="off">
          {container.state !== "running" ? "does not run" : newest ? `${percent(newest.cpu_percent)}  ${bytes(newest.memory_bytes)} of ${bytes(newest.memory_limit_bytes)}` : "…"}
        </span>
      </div>
      {past.error && <Problem error={past.error} onRetry={() => void past.refetch()} title="The past could not be read" small />}
      {past.isPending ? (
        <Skeleton lines={8} label="Loading what it used" />
      ) : points.length < 2 ? (
        <Empty title="Nothing was measured in this time">{container.state === "running" ? "The first points come within seconds." : "It did not run, or no server did."}</Empty>
      ) : (
        <div className="charts">
          <Section title="Processor, of one core">
            <Chart label="Processor" series={drawn.cpu} format={percent} least={5} {...shared} />
          </Section>
          <Section title="Memory">
            <Chart label="Memory" series={drawn.memory} format={bytes} binary least={1 << 20} {...shared} />
          </Section>
          <Section title="Network">
            <Chart label="Network" series={drawn.network} format={perSecond} binary least={1024} {...shared} />
          </Section>
          <Section title="Disk">
            <Chart label="Disk" series={drawn.block} format={perSecond} binary least={1024} {...shared} />
          </Section>
          <Section title="Processes">
            <Chart label="Processes" series={drawn.pids} least={5} {...shared} />
          </Section>
        </div>
      )}
    </div>
  );
}
