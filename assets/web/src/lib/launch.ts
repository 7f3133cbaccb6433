/** What is asked of a launch: the form's schema, the request, and the command line that does the same. No component here. */
import type { Schemas } from "./api";
import { type Schema, type Values, schemaOfParams } from "./schema";

export type Template = Schemas["Template"];
export type CreateContainer = Schemas["CreateContainer"];

/** Fields of any template that the form asks for, with how they are called there. */
const MORE: Record<string, Schema> = {
  "limits.memory": { title: "Memory", type: "string", description: "such as 512m or 2g", "x-group": "Limits" },
  "limits.cpus": { title: "Cores", type: "string", description: "such as 0.5", "x-group": "Limits" },
  "limits.pids": { title: "Processes", type: "string", "x-group": "Limits" },
  more: { title: "Other fields of the template", type: "object", additionalProperties: { type: "string" }, description: "such as network=none or user=nobody", "x-group": "More" },
};

/** The form of a template: its parameters, then what may be set in any. */
export function launchSchema(template: Template): Schema {
  const own = schemaOfParams(template.params ?? {});
  const limits = template.limits as { memory?: string | null; cpus?: number | null; pids?: number | null } | null | undefined;
  const usual: Record<string, unknown> = { "limits.memory": limits?.memory, "limits.cpus": limits?.cpus, "limits.pids": limits?.pids };
  const more = Object.entries(MORE).map(([name, schema]): [string, Schema] => {
    const value = usual[name];
    return [name, value === undefined || value === null ? schema : { ...schema, description: `${schema.description ? `${schema.description}; ` : ""}the template has ${String(value)}` }];
  });
  return { ...own, properties: { ...own.properties, ...Object.fromEntries(more) } };
}

/** Values of the form as `set` takes them: texts. */
export function setOf(values: Values): Record<string, string> {
  const { more, ...rest } = values;
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...rest, ...((more ?? {}) as Values) })) if (value !== undefined && value !== null && value !== "") set[name] = String(value);
  return set;
}

/** A word as a shell reads it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The command that launches the same. */
export function runLine(source: string, request: Pick<CreateContainer, "name" | "set">): string {
  const set = Object.entries(request.set ?? {}).map(([name, value]) => `--set ${quoted(`${name}=${value}`)}`);
  return ["cto run", ...(request.name ? [`--name ${quoted(request.name)}`] : []), ...set, quoted(source)].join(" ");
}

/** What the filter of the gallery looks at. */
export const templateText = (template: Template): string => [template.name, template.description ?? "", template.image, ...(template.packages ?? []), ...(typeof template.command === "string" ? [template.command] : (template.command ?? []))].join(" ").toLowerCase();

/** A template's text that was changed in the editor and is to be launched as it is there; lost with the page. */
export const drafts = new Map<string, string>();

/** JSON without the comments and the last commas that templates' files may have. */
export const plainJson = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith('"') ? part : " ")).replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (part) => (part === "," ? "" : part));

/** The parameters of a text that may be no template yet. */
export function templateOfText(text: string): Template | undefined {
  try {
    const said: unknown = JSON.parse(plainJson(text));
    return typeof said === "object" && said !== null && !Array.isArray(said) ? (said as Template) : undefined;
  } catch {
    return undefined;
  }
}

/** Values that a template's parameters would take, so that the rest of its text can be checked. */
export function sampleValues(template: Template | undefined): Record<string, string> {
  const params = template?.params;
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, param]): [string, string][] => {
      if (typeof param !== "object" || param === null || (param.default !== undefined && param.default !== null)) return [];
      if (param.choices?.length) return [[name, String(param.choices[0])]];
      if (param.type === "integer") return [[name, String(param.min ?? 1)]];
      if (param.type === "boolean") return [[name, "false"]];
      return [[name, "x".repeat(Math.max(1, Number(param.min ?? 1)))]];
    }),
  );
}
