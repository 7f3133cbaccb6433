/** Files of the server that can't be used, each with its place. */
import type { Place } from "../lib/problem";
import { plural } from "../lib/format";
import { CopyButton } from "./button";

export function Faults({ places, what }: { places: Place[]; what: string }) {
  if (places.length === 0) return null;
  const lines = places.map((place) => `${[place.file, place.line, place.column].filter(Boolean).join(":")} ${place.pointer} ${place.detail}`);
  return (
    <div className="problem" role="alert">
      <p className="problem-title">
        <span className="tone-warn" aria-hidden="true">
          ▲
        </span>{" "}
        {plural(places.length, "mistake")} in {what} files; those files are not used until they are right:
      </p>
      <ul className="problem-places">
        {places.map((place, at) => (
          <li key={at}>
            <code>{[place.file, place.line && `${place.line}:${place.column ?? 1}`, place.pointer].filter(Boolean).join(" ")}</code> {place.detail}
          </li>
        ))}
      </ul>
      <div className="problem-foot">
        <CopyButton text={() => lines.join("\n")} label="Copy" />
      </div>
    </div>
  );
}
