/** What a run reported: values, tables, and bars where there are numbers. */
import { type Bar, type Result, resultsOf } from "../../lib/run-log";
import { Facts } from "../../ui/page";

/** Bars of one measure, longest as wide as its place. */
export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const most = Math.max(...bars.map((bar) => Math.abs(bar.value)), 1e-9);
  return (
    <ul className="bars" aria-label={label}>
      {bars.map((bar, at) => (
        <li key={at}>
          <span className="mono cut bar-label">{bar.label}</span>
          <span className="bar-track" aria-hidden="true">
            <span className={bar.value < 0 ? "bar under" : "bar"} style={{ width: `${(Math.abs(bar.value) / most) * 100}%` }} />
          </span>
          <span className="mono bar-value">{Math.round(bar.value * 1e6) / 1e6}</span>
        </li>
      ))}
    </ul>
  );
}

export function Results({ results }: { results: Record<string, unknown> | undefined }) {
  const found = resultsOf(results);
  const values = found.filter((one): one is Extract<Result, { kind: "value" }> => one.kind === "value");
  return (
    <div className="results">
      {values.length > 0 && <Facts facts={values.map((one) => [one.name, <span className="mono pre">{one.text}</span>])} />}
      {found.map((one) => {
        if (one.kind === "value") return null;
        return (
          <div key={one.name} className="result">
            <h3>{one.name}</h3>
            {one.kind === "list" && (
              <ul>
                {one.texts.map((text, at) => (
                  <li key={at} className="mono">
                    {text}
                  </li>
                ))}
              </ul>
            )}
            {one.kind === "numbers" && <Bars bars={one.bars} label={one.name} />}
            {one.kind === "table" && (
              <>
                <div className="scroll-x" tabIndex={0} role="group" aria-label={one.name}>
                  <table className="plain-table">
                    <thead>
                      <tr>
                        {one.columns.map((column) => (
                          <th key={column} scope="col">
                            {column === "" ? <span className="sr">name</span> : column}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {one.rows.map((row, at) => (
                        <tr key={at}>
                          {row.map((cell, column) => (
                            <td key={column} className="mono">
                              {cell}
                            </td>
                          ))}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                {one.bars.length > 1 && <Bars bars={one.bars} label={`${one.name}: ${one.measure}`} />}
              </>
            )}
          </div>
        );
      })}
    </div>
  );
}
