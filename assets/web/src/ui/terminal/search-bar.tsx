/** Searches the terminal's screen and what has scrolled away. */
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { token } from "../../lib/preferences";
import { Button } from "../button";
import { Input } from "../field";
import type { Made } from "./xterm";

export function SearchBar({ made, onClose }: { made: RefObject<Made | null>; onClose: () => void }) {
  const [text, setText] = useState("");
  const [regex, setRegex] = useState(false);
  const [found, setFound] = useState<{ at: number; count: number } | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const options = { regex, decorations: { matchOverviewRuler: token("--accent"), activeMatchColorOverviewRuler: token("--warn"), matchBackground: token("--selection-bg"), activeMatchBackground: token("--accent") } };
  const look = (back: boolean, said = text) => {
    const search = made.current?.search;
    if (!search || said === "") return;
    try {
      if (back) search.findPrevious(said, options);
      else search.findNext(said, options);
    } catch {
      // A regular expression that is not finished yet.
      setFound({ at: -1, count: 0 });
    }
  };
  useEffect(() => {
    const search = made.current?.search;
    const part = search?.onDidChangeResults(({ resultIndex, resultCount }) => setFound({ at: resultIndex, count: resultCount }));
    field.current?.focus();
    return () => {
      part?.dispose();
      search?.clearDecorations();
    };
  }, [made]);
  return (
    <div className="search-bar" role="search">
      <Input
        ref={field}
        type="search"
        aria-label="Search in the terminal"
        value={text}
        onChange={(said) => {
          setText(said);
          look(true, said);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") look(!event.shiftKey);
          if (event.key === "Escape") onClose();
        }}
      />
      <button type="button" className="button quiet" aria-pressed={regex} onClick={() => setRegex(!regex)} title="Regular expression">
        .*
      </button>
      <span className="muted count" role="status">
        {text === "" || !found ? "" : found.count === 0 ? "not found" : `${found.at + 1} of ${found.count}`}
      </span>
      <Button kind="quiet" label="Before" icon={<ChevronUp size={16} />} onClick={() => look(true)} />
      <Button kind="quiet" label="Next" icon={<ChevronDown size={16} />} onClick={() => look(false)} />
      <Button kind="quiet" label="Close search" icon={<X size={16} />} onClick={onClose} />
    </div>
  );
}
