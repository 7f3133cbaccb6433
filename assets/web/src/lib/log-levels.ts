/** What a log line says of itself: its level, and what it holds as JSON. Lines are hostile: all of this is bounded, and text stays text. */
export const LEVELS = ["error", "warn", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

/** Letters from a line's beginning in which a level is looked for. */
const HEAD = 200;
/** JSON has its level anywhere, but not after this many letters. */
const JSON_HEAD = 4_000;

const WORDS: Record<string, Level> = {
  emerg: "error",
  emergency: "error",
  alert: "error",
  panic: "error",
  fatal: "error",
  crit: "error",
  critical: "error",
  err: "error",
  error: "error",
  severe: "error",
  warn: "warn",
  warning: "warn",
  notice: "info",
  info: "info",
  information: "info",
  log: "info",
  debug: "debug",
  dbg: "debug",
  trace: "debug",
  verbose: "debug",
  fine: "debug",
};
const GLOG: Record<string, Level> = { I: "info", W: "warn", E: "error", F: "error" };

const OF_JSON = /"(?:level|lvl|severity|levelname|log\.level|level_name)"\s*:\s*(?:"([A-Za-z]{2,12})"|(\d{1,2}))/;
const OF_PAIRS = /(?:^|[\s,{])(?:level|lvl|severity)=["']?([A-Za-z]{2,12})/;
const BRACKETED = /[[<(]\s*(emerg|alert|panic|fatal|crit|critical|err|error|warn|warning|notice|info|debug|trace|verbose)\s*[\]>):]/i;
const SHOUTED = /\b(EMERG|ALERT|PANIC|FATAL|CRIT|CRITICAL|SEVERE|ERR|ERROR|WARN|WARNING|NOTICE|INFO|DEBUG|TRACE|VERBOSE)\b/;
/** `error: …`, also after a time and a program's name. */
const CALLED = /(?:^|[\s:\]])(fatal|panic|error|warning|warn|notice|info|debug)(?:\[\w{1,10}\])?:\s/i;
const OF_GLOG = /^([IWEF])\d{4} \d\d:\d\d/;

const word = (said: string | undefined): Level | undefined => (said === undefined ? undefined : WORDS[said.toLowerCase()]);

/** Pino and Bunyan count in tens, syslog from 0 (worst) to 7. */
const counted = (said: string): Level => {
  const number = Number(said);
  if (number < 8) return number <= 3 ? "error" : number === 4 ? "warn" : number <= 6 ? "info" : "debug";
  return number >= 50 ? "error" : number >= 40 ? "warn" : number >= 30 ? "info" : "debug";
};

/** The level of a line without its colours; none where it names none. */
export function levelOf(plain: string): Level | undefined {
  if (plain.startsWith("{")) {
    const found = OF_JSON.exec(plain.slice(0, JSON_HEAD));
    if (found) return word(found[1]) ?? (found[2] === undefined ? undefined : counted(found[2]));
  }
  const head = plain.slice(0, HEAD);
  const glog = OF_GLOG.exec(head);
  if (glog) return GLOG[glog[1] ?? ""];
  return word(OF_PAIRS.exec(head)?.[1]) ?? word(BRACKETED.exec(head)?.[1]) ?? word(SHOUTED.exec(head)?.[1]) ?? word(CALLED.exec(head)?.[1]);
}

/** Whether a line looks like an object; it is only read when somebody wants to see it. */
export const looksLikeJson = (plain: string): boolean => {
  const text = plain.trim();
  return text.length > 2 && text.startsWith("{") && text.endsWith("}");
};

/** Lines and letters that are shown of one object. */
const MOST_LINES = 300;
const MOST_LETTERS = 20_000;

/** The line's object, set in lines; none where it is none. */
export function unfolded(plain: string): string | undefined {
  let text: string;
  try {
    const value: unknown = JSON.parse(plain.trim());
    if (typeof value !== "object" || value === null) return undefined;
    text = JSON.stringify(value, null, 2);
  } catch {
    return undefined;
  }
  const lines = text.split("\n");
  const kept = lines.slice(0, MOST_LINES).join("\n");
  const cut = kept.length > MOST_LETTERS ? kept.slice(0, MOST_LETTERS) : kept;
  const left = lines.length - cut.split("\n").length;
  return left > 0 || cut.length < kept.length ? `${cut}\n… ${left > 0 ? `(${left} more lines)` : ""}` : cut;
}
