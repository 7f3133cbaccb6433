/** The state of a page that lives in its address: typed, with what is usual left out. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

/** How one parameter is read and written; `read(undefined)` is its usual value. */
export interface Param<T> {
  read(text: string | undefined): T;
  write(value: T): string | undefined;
}

export const text = (usual = ""): Param<string> => ({ read: (said) => said ?? usual, write: (value) => (value === usual ? undefined : value) });

export const oneOf = <const T extends string>(...words: [T, ...T[]]): Param<T> => ({
  read: (said) => words.find((word) => word === said) ?? words[0],
  write: (value) => (value === words[0] ? undefined : value),
});

export const flag = (usual = false): Param<boolean> => ({
  read: (said) => (said === undefined ? usual : said === "1" || said === "true"),
  write: (value) => (value === usual ? undefined : value ? "1" : "0"),
});

export const integer = (usual: number): Param<number> => ({
  read: (said) => (said !== undefined && /^-?\d+$/.test(said) ? Number(said) : usual),
  write: (value) => (value === usual ? undefined : String(value)),
});

export const list = (): Param<string[]> => ({
  read: (said) => (said ? said.split(",").map(decodeURIComponent) : []),
  write: (value) => (value.length === 0 ? undefined : value.map(encodeURIComponent).join(",")),
});

/** Reads and writes the parameters named in `params` (a constant outside the component). Writing replaces the address unless `push`. */
export function useAddress<V extends object>(params: { [K in keyof V]: Param<V[K]> }): [V, (change: Partial<V>, push?: boolean) => void] {
  const said = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const values = useMemo(() => Object.fromEntries(Object.entries<Param<unknown>>(params).map(([name, param]) => [name, param.read(said[name])])) as V, [params, said]);
  const change = useCallback(
    (wish: Partial<V>, push = false) => {
      void navigate({
        to: ".",
        replace: !push,
        search: (before: Record<string, unknown>) => {
          const after = { ...before };
          for (const [name, value] of Object.entries(wish)) {
            const written = (params as Record<string, Param<unknown>>)[name]?.write(value);
            if (written === undefined) delete after[name];
            else after[name] = written;
          }
          return after;
        },
      } as never);
    },
    [navigate, params],
  );
  return [values, change];
}

/** How addresses are written: plain words, no JSON. */
export const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  const written = params.toString();
  return written ? `?${written}` : "";
}
