/** Reads what the engine says of a container. It is the engine's own JSON: nothing in it is relied on. */
export interface Variable {
  name: string;
  value: string;
  /** Its value looks like a secret, by its name. */
  secret: boolean;
}

const SECRET = /pass(word|wd|phrase)?|secret|token|api_?key|private|credential|auth|_key$|^key$|dsn|connection_?string/i;

export const looksSecret = (name: string): boolean => SECRET.test(name);

export function at(report: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((place, part) => (typeof place === "object" && place !== null ? (place as Record<string, unknown>)[part] : undefined), report);
}

export const textAt = (report: unknown, ...path: string[]): string | undefined => {
  const found = at(report, ...path);
  return typeof found === "string" ? found : typeof found === "number" || typeof found === "boolean" ? String(found) : undefined;
};

export const numberAt = (report: unknown, ...path: string[]): number | undefined => {
  const found = at(report, ...path);
  return typeof found === "number" ? found : undefined;
};

/** The environment, in the order of its names. */
export function environment(report: unknown): Variable[] {
  const list = at(report, "Config", "Env");
  if (!Array.isArray(list)) return [];
  return list
    .filter((one): one is string => typeof one === "string")
    .map((one) => {
      const equal = one.indexOf("=");
      const name = equal < 0 ? one : one.slice(0, equal);
      return { name, value: equal < 0 ? "" : one.slice(equal + 1), secret: looksSecret(name) };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

export const HIDDEN = "••••••";

/** The report as JSON, with secrets of the environment hidden. */
export function masked(report: unknown): string {
  return JSON.stringify(
    report,
    (key, value: unknown) =>
      key === "Env" && Array.isArray(value)
        ? value.map((one) => {
            const name = typeof one === "string" ? (one.split("=")[0] ?? "") : "";
            return looksSecret(name) ? `${name}=${HIDDEN}` : (one as unknown);
          })
        : value,
    2,
  );
}

/** Memory (bytes), cores and processes that it may use; none where there is no limit. */
export function limits(report: unknown): { memory: number | undefined; cpus: number | undefined; pids: number | undefined } {
  const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);
  const nano = positive(numberAt(report, "HostConfig", "NanoCpus"));
  const quota = positive(numberAt(report, "HostConfig", "CpuQuota"));
  const period = positive(numberAt(report, "HostConfig", "CpuPeriod")) ?? 100_000;
  return {
    memory: positive(numberAt(report, "HostConfig", "Memory")),
    cpus: nano !== undefined ? nano / 1e9 : quota !== undefined ? quota / period : undefined,
    pids: positive(numberAt(report, "HostConfig", "PidsLimit")),
  };
}
