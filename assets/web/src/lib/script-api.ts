/** What scripts can call, read from the types that editors get (`assets/luau/cto.d.luau`): there is no second list of it. */
import type { Completion } from "../ui/code-editor";

export interface Member {
  name: string;
  /** As it is written there: `(self, text: string) -> ()`, or a type. */
  signature: string;
  about: string;
  call: boolean;
  /** What it gives, or is. */
  gives: string;
}

export interface ScriptApi {
  globals: Member[];
  /** Members of classes, of tables of types (`Header`), and of global tables (`check`), by that name. */
  members: Map<string, Member[]>;
}

const KEYWORDS = ["and", "break", "continue", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while"];

const squeezed = (text: string) => text.replace(/\s+/g, " ").replace(/([({]) (?=self\b)/g, "$1").replace(/,? (?=\))/g, "").trim();

/** How many brackets a line leaves open. */
const depth = (line: string) => (line.match(/[{(]/g)?.length ?? 0) - (line.match(/[})]/g)?.length ?? 0);

/** The type that a signature ends with; of several the first. */
function given(signature: string): string {
  let open = 0;
  for (let at = 0; at < signature.length; at += 1) {
    if (signature[at] === "(") open += 1;
    if (signature[at] === ")" && --open === 0) {
      const rest = signature.slice(at + 1).replace(/^\s*(:|->)\s*/, "");
      return squeezed(rest).replace(/\?$/, "");
    }
  }
  return "";
}

function member(name: string, type: string, about: string): Member {
  const signature = squeezed(type).replace(/,$/, "");
  const call = signature.startsWith("(") && /\)\s*(:|->)/.test(signature);
  return { name, signature, about, call, gives: call ? given(signature) : signature.replace(/\?$/, "") };
}

/** Reads a definition file. Lines that it does not know are left out, not misread. */
export function readApi(source: string): ScriptApi {
  const globals: Member[] = [];
  const members = new Map<string, Member[]>();
  const lines = source.split("\n");
  let about: string[] = [];
  let home: string | null = null;
  for (let at = 0; at < lines.length; at += 1) {
    let line = lines[at] ?? "";
    if (/^\s*---\s?/.test(line)) {
      about.push(line.replace(/^\s*---\s?/, ""));
      continue;
    }
    if (line.trim().startsWith("--") || line.trim() === "") continue;
    const opened = /^declare class (\w+)(?! end)\s*$/.exec(line)?.[1] ?? /^(?:export type (\w+) =|declare (\w+):) \{\s*$/.exec(line)?.slice(1).find(Boolean);
    if (opened) {
      if (line.startsWith("declare") && !line.startsWith("declare class")) globals.push({ name: opened, signature: "table", about: about.join(" "), call: false, gives: opened });
      home = opened;
      members.set(opened, []);
      about = [];
      continue;
    }
    if (/^(end|\})\s*$/.test(line)) {
      home = null;
      about = [];
      continue;
    }
    // What goes on over several lines is one.
    for (let open = depth(line); open > 0 && at + 1 < lines.length; ) {
      at += 1;
      const next = lines[at] ?? "";
      line += ` ${next.trim()}`;
      open += depth(next);
    }
    const found = /^\s*(?:declare )?function (\w+)(.*)$/.exec(line) ?? /^\s*(?:declare )?(\w+):\s*(.*)$/.exec(line);
    if (found?.[1]) {
      const one = member(found[1], found[2] ?? "", about.join(" "));
      if (home) members.get(home)?.push(one);
      else if (line.startsWith("declare")) globals.push(one);
    }
    about = [];
  }
  return { globals, members };
}

const completion = (one: Member, base = ""): Completion => ({
  label: base + one.name,
  detail: one.call ? one.signature.replace(/^\(self(, )?/, "(") : `: ${one.signature}`,
  ...(one.about ? { info: one.about } : {}),
  kind: one.call ? "function" : "property",
});

/** Where a text stands within the last `script { … }` that is still open: in the header itself (1), in its `params` (2), in one of those (3); 0 elsewhere. */
function headerDepth(before: string): number {
  const start = /(?:^|\n)script\s*\{/.exec(before);
  if (!start) return 0;
  const rest = before.slice(start.index).replace(/--[^\n]*/g, "").replace(/"(?:\\.|[^"\\\n])*"?/g, '""');
  let open = 0;
  for (const letter of rest) {
    if (letter === "{") open += 1;
    if (letter === "}" && --open === 0) return 0;
  }
  return open > 1 && !/params\s*=\s*\{/.test(rest) ? 0 : open;
}

/** The class of what is written before a dot or colon, where it can be seen. */
function classOf(api: ScriptApi, expression: string, before: string, hops = 0): string | undefined {
  if (hops > 8) return undefined;
  const text = expression.trimEnd();
  if (/[)"'}]$/.test(text)) {
    // A call: what it gives. `launch "shell"` and `open { … }` are calls as well.
    let at = text.length - 1;
    if (text[at] === ")" || text[at] === "}") {
      let open = 0;
      for (; at >= 0; at -= 1) {
        if (")}".includes(text[at] ?? "")) open += 1;
        if ("({".includes(text[at] ?? "") && --open === 0) break;
      }
    } else {
      at = text.lastIndexOf(text[at] ?? "", at - 1);
    }
    const called = /(?:^|[^\w.:])?([\w.:()" ]*?)([:.]?)(\w+)\s*$/.exec(text.slice(0, Math.max(0, at)));
    if (!called?.[3]) return undefined;
    const name = called[3];
    const all = called[2] ? [...api.members.values()].flat() : api.globals;
    return all.find((one) => one.name === name && one.call && api.members.has(one.gives))?.gives;
  }
  const name = /(\w+)$/.exec(text)?.[1];
  if (!name) return undefined;
  if (api.members.has(name) && api.globals.some((one) => one.name === name)) return name;
  // The last thing that it was set to.
  const set = [...before.matchAll(new RegExp(`(?:^|[^\\w.])${name}\\s*=\\s*([^\\n=]+)`, "g"))].at(-1)?.[1];
  return set ? classOf(api, set, "", hops + 1) : undefined;
}

/** Completions for what has been written of a word; `params` are the names of the script's own parameters. */
export function completeScript(api: ScriptApi, before: string, word: string, params: string[] = []): Completion[] {
  const split = /^(.*[.:])(\w*)$/s.exec(word);
  if (!split) {
    const inside = headerDepth(before);
    if (inside === 1) return (api.members.get("Header") ?? []).map((one) => ({ ...completion(one), apply: `${one.name} = ` }));
    if (inside === 3) return (api.members.get("Param") ?? []).map((one) => ({ ...completion(one), apply: `${one.name} = ` }));
    const own = new Set([...before.matchAll(/\b(?:local|function)\s+(?:function\s+)?([A-Za-z_]\w*)/g)].map((found) => found[1] ?? ""));
    own.delete(word);
    own.delete("function");
    return [
      ...api.globals.map((one) => completion(one)),
      ...[...own].map((name): Completion => ({ label: name, kind: "variable" })),
      ...KEYWORDS.map((label): Completion => ({ label, kind: "keyword" })),
    ];
  }
  const base = split[1] ?? "";
  const expression = `${before.slice(0, before.length - word.length)}${base.slice(0, -1)}`;
  if (/(?:^|[^\w.])params$/.test(expression)) return params.map((name) => ({ label: base + name, kind: "property" }));
  const known = classOf(api, expression, before.slice(0, before.length - word.length));
  const some = known ? (api.members.get(known) ?? []) : base.endsWith(":") ? ["Session", "Container", "Screen"].flatMap((name) => api.members.get(name) ?? []) : [];
  // Methods are called with a colon, fields are read with a dot; tables such as `check` have neither methods nor selves.
  const method = (one: Member) => one.signature.startsWith("(self");
  return some.filter((one) => (base.endsWith(":") ? method(one) : !method(one))).map((one) => completion(one, base));
}
