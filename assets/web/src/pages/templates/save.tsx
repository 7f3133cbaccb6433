/** Before a template is saved: where it goes, and what changes in it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type TemplateEntry, isStale, saveTemplate, trySaving } from "../../lib/templates";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Diff } from "../../ui/diff";
import { Facts, Skeleton } from "../../ui/page";
import { Problem } from "../../ui/problem";

export interface SaveProps {
  name: string;
  text: string;
  /** What is saved now, as far as the editor knows; none for a new one. */
  base: TemplateEntry | undefined;
  /** The text of that. */
  before: string;
  onClose: () => void;
  onSaved: (entry: TemplateEntry) => void;
  /** Somebody else has saved it meanwhile. */
  onStale: () => void;
}

export function SaveDialog({ name, text, base, before, onClose, onSaved, onStale }: SaveProps) {
  const replaces = base?.etag ?? "";
  // Under no word that events make old: one's own saving is no reason to ask again.
  const tried = useQuery({ queryKey: ["template-try", name, replaces, text], queryFn: () => trySaving(name, text, replaces), retry: false, gcTime: 0, staleTime: Infinity });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stale = isStale(tried.error) || isStale(error);
  useEffect(() => {
    if (stale) onStale();
    // Told once.
  }, [stale]);
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      onSaved(await saveTemplate(name, text, replaces));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const would = tried.data;
  const covers = base !== undefined && base.origin !== "user" ? (base.origin === "gallery" ? "the one that ships with cto, which stays as it is" : "the machine's, which stays as it is") : undefined;
  return (
    <Dialog
      open={!stale}
      onClose={onClose}
      size="wide"
      title={base ? `Save ${name}?` : `Make the template ${name}?`}
      foot={
        <>
          <Button onClick={onClose}>Go on writing</Button>
          <Button kind="primary" autoFocus needs="write:templates" busy={busy || tried.isFetching} off={would === undefined && "it would be refused"} onClick={() => void save()}>
            {base ? "Save" : "Make it"}
          </Button>
        </>
      }
    >
      {tried.error ? (
        <Problem error={tried.error} small title="It would be refused" />
      ) : !would ? (
        <Skeleton lines={4} label="Asking the server" />
      ) : (
        <>
          <Facts
            facts={[
              ["Goes into", <span className="mono">{would.path}</span>],
              ...(covers ? ([["Covers", covers]] as [string, React.ReactNode][]) : []),
            ]}
          />
          {base && <Diff before={before} now={text} />}
        </>
      )}
      {error !== null && !stale && <Problem error={error} small title="It was not saved" />}
    </Dialog>
  );
}
