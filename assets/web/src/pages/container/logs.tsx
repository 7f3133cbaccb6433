/** A container's log. */
import { Download } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type { Container } from "../../lib/api";
import { count } from "../../lib/format";
import { MOST_LINES } from "../../lib/log-lines";
import { placeOf } from "../../lib/log-search";
import { notifyError } from "../../lib/notices";
import { text, useAddress } from "../../lib/search";
import { fetchAndSave, query } from "../../lib/transfer";
import { useLogs } from "../../lib/use-logs";
import { Button } from "../../ui/button";
import { Empty } from "../../ui/page";
import { LogView } from "../logs/view";

/** Lines of the past that are shown first. */
const TAIL = 2_000;
/** How much further back it is read each time that a moment is not found, up to what the list keeps. */
const FURTHER = 5;
const ADDRESS = { at: text() };

export default function ContainerLogs({ container }: { container: Container }) {
  // A new run has its log from its beginning on.
  const [address, setAddress] = useAddress(ADDRESS);
  const [tail, setTail] = useState(TAIL);
  const logs = useLogs([container.id], tail, container.started_at);
  const { buffer, version } = logs;
  // The moment that a link leads to, such as from what a search has found.
  const place = useMemo(() => (address.at === "" ? undefined : placeOf(buffer.lines, address.at)), [buffer, version, address.at]);
  const older = place === "older";
  useEffect(() => {
    if (older) setTail((before) => Math.min(MOST_LINES, before * FURTHER));
  }, [older, tail]);
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      await fetchAndSave(`/api/v1/containers/${container.id}/logs${query({ timestamps: true })}`, `${container.name}.log`);
    } catch (error) {
      notifyError("The log could not be downloaded", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <LogView
      logs={logs}
      place={typeof place === "number" ? place : undefined}
      {...(older && tail === MOST_LINES
        ? {
            notice: (
              <p className="banner warn" role="status">
                <span>▲ That line is older than the {count(MOST_LINES)} newest ones, which are kept here; a download has it, unless the engine has let it go.</span>
                <Button kind="quiet" onClick={() => setAddress({ at: "" })}>
                  OK
                </Button>
              </p>
            ),
          }
        : {})}
      label={`Log of ${container.name}`}
      actions={() => <Button kind="quiet" label="Download all of it" busy={busy} icon={<Download size={15} />} onClick={() => void download()} />}
      empty={<Empty title="Nothing was printed yet">What {container.name} prints is shown here as it comes.</Empty>}
    />
  );
}
