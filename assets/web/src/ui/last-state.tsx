/** Above what a page shows, when it could not be read again: why that may be old. */
import { problemOf } from "../lib/problem";
import { Problem } from "./problem";

interface Read {
  error: unknown;
  data?: unknown;
  refetch: () => unknown;
}

export function LastState({ of }: { of: Read }) {
  if (!of.error || of.data === undefined) return null;
  if (problemOf(of.error).status !== 404) return <Problem error={of.error} onRetry={() => void of.refetch()} small />;
  return (
    <p className="banner warn" role="status">
      It has been removed, or is not open to you any more. This is how it was last.
    </p>
  );
}
