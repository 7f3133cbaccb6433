/** What concerns the whole page: the engine is down, the server is lost, the server is another than this page's. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { stream, useEngine } from "../lib/live";
import { healthQuery, versionQuery } from "../lib/queries";
import { useStore } from "../lib/store";
import { Button } from "../ui/button";
import { Time, useNow } from "../ui/time";

/** A cut that heals within this time is not worth a banner; milliseconds. */
const SHORT = 2_000;

export function Banners() {
  return (
    <div className="banners">
      <LinkLost />
      <EngineDown />
      <OtherVersion />
    </div>
  );
}

function LinkLost() {
  const link = useStore(stream.link);
  const now = useNow();
  if (link.state !== "lost" || now - link.since < SHORT) return null;
  const left = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
  return (
    <div className="banner warn" role="status">
      <span>
        ▲ The server does not answer since <Time at={link.since} as="for" />. What is shown is as of {new Date(link.since).toLocaleTimeString()}. Next try {left > 0 ? `in ${left}s` : "now"}.
      </span>
      <Button onClick={() => stream.retry()}>Try now</Button>
    </div>
  );
}

function EngineDown() {
  const engine = useEngine();
  useQuery(healthQuery);
  if (engine.available) return null;
  return (
    <div className="banner bad" role="alert">
      <span>✖ The container engine does not answer{engine.detail ? `: ${engine.detail}` : ""}. What is shown may be old; cto tries again by itself.</span>
    </div>
  );
}

function OtherVersion() {
  const link = useStore(stream.link);
  const version = useQuery(versionQuery);
  const first = useRef<string | undefined>(undefined);
  const [hidden, setHidden] = useState(false);
  const boot = link.state === "live" ? link.boot : undefined;
  const { refetch } = version;
  useEffect(() => {
    if (boot !== undefined && version.data && version.data.boot_id !== boot) void refetch();
  }, [boot, version.data, refetch]);
  first.current ??= version.data?.version;
  if (hidden || !version.data || version.data.version === first.current) return null;
  return (
    <div className="banner" role="status">
      <span>
        The server is now cto {version.data.version}; this page is of {first.current}. Terminals go on after a reload.
      </span>
      <Button onClick={() => window.location.reload()}>Reload</Button>
      <Button kind="quiet" onClick={() => setHidden(true)}>
        Later
      </Button>
    </div>
  );
}
