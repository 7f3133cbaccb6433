/** Forms from JSON Schema: what is asked, in which groups, with what help. No component here. */
import type { components } from "../generated/api";
import { bytes, parseBytes } from "./format";
import type { Place } from "./problem";

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | boolean;
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  examples?: unknown[];
  writeOnly?: boolean;
  readOnly?: boolean;
  /** Group that the field is shown under. */
  "x-group"?: string;
  /** `bytes`, `seconds`, `percent`, or a word that is shown behind the number. */
  "x-unit"?: string;
  /** Not shown, not kept. */
  "x-secret"?: boolean;
}

export type Kind = "text" | "lines" | "secret" | "number" | "bytes" | "switch" | "choice" | "list" | "map" | "group" | "json";

export interface Field {
  name: string;
  /** JSON pointer from the form's root. */
  pointer: string;
  kind: Kind;
  label: string;
  help: string | undefined;
  required: boolean;
  usual: unknown;
  choices: { value: unknown; label: string }[];
  unit: string | undefined;
  schema: Schema;
  group: string;
  fields: Field[];
}

const escape = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** A schema with its reference followed, and `allOf` and "or null" taken away. */
export function resolve(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > 16) return {};
  if (schema.$ref !== undefined) {
    const path = schema.$ref.replace(/^#\//, "").split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = path.reduce<unknown>((place, part) => (typeof place === "object" && place !== null ? (place as Record<string, unknown>)[part] : undefined), root);
    const { $ref: _, ...rest } = schema;
    return { ...resolve((found ?? {}) as Schema, root, depth + 1), ...rest };
  }
  const parts = (schema.oneOf ?? schema.anyOf)?.filter((part) => part.type !== "null");
  if (parts?.length === 1 && parts[0]) {
    const { oneOf: _, anyOf: __, ...rest } = schema;
    return { ...resolve(parts[0], root, depth + 1), ...rest };
  }
  if (schema.allOf) {
    const { allOf, ...rest } = schema;
    return allOf.reduce<Schema>((sum, part) => ({ ...sum, ...resolve(part, root, depth + 1) }), rest);
  }
  return schema;
}

const words = (name: string) => {
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll(/[_-]+/g, " ").toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

function choices(schema: Schema): Field["choices"] {
  const named = (schema.oneOf ?? schema.anyOf)?.filter((part) => part.const !== undefined || part.enum?.length === 1);
  if (named && named.length > 1 && named.length === (schema.oneOf ?? schema.anyOf)?.length) {
    return named.map((part) => {
      const value = part.const ?? part.enum?.[0];
      return { value, label: part.title ?? String(value) };
    });
  }
  return (schema.enum ?? []).filter((value) => value !== null).map((value) => ({ value, label: String(value) }));
}

function kindOf(schema: Schema, found: Field["choices"]): Kind {
  if (found.length > 0) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return schema["x-unit"] === "bytes" ? "bytes" : "number";
    case "string":
      if (schema["x-secret"] || schema.writeOnly || schema.format === "password") return "secret";
      return schema.format === "multiline" || schema.format === "textarea" ? "lines" : "text";
    case "array":
      return typeof schema.items === "object" && schema.items.type === "string" ? "list" : "json";
    case "object":
      if (schema.properties) return "group";
      return typeof schema.additionalProperties === "object" && schema.additionalProperties.type === "string" ? "map" : "json";
    default:
      return "json";
  }
}

/** The fields of an object's schema, in its order, those that must be filled in first of each group. */
export function fields(schema: Schema, root: Schema = schema, at = ""): Field[] {
  const object = resolve(schema, root);
  return Object.entries(object.properties ?? {})
    .filter(([, property]) => !property.readOnly)
    .map(([name, property]) => {
      const own = resolve(property, root);
      const pointer = `${at}/${escape(name)}`;
      const found = choices(own);
      const kind = kindOf(own, found);
      return {
        name,
        pointer,
        kind,
        label: own.title ?? words(name),
        help: own.description,
        required: (object.required ?? []).includes(name) && own.default === undefined,
        usual: own.default,
        choices: found,
        unit: own["x-unit"] === "bytes" ? undefined : own["x-unit"],
        schema: own,
        group: own["x-group"] ?? "",
        fields: kind === "group" ? fields(own, root, pointer) : [],
      };
    });
}

/** Fields by group: first those without, then groups in the order that they are met. */
export function grouped(list: Field[]): { group: string; fields: Field[] }[] {
  const groups = new Map<string, Field[]>([["", []]]);
  for (const field of list) groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  return [...groups].filter(([, some]) => some.length > 0).map(([group, some]) => ({ group, fields: some }));
}

export type Values = Record<string, unknown>;

/** What a form begins with: all that has a usual value. */
export function defaults(list: Field[]): Values {
  const values: Values = {};
  for (const field of list) {
    const value = field.kind === "group" ? defaults(field.fields) : field.usual;
    if (value !== undefined && !(field.kind === "group" && Object.keys(value as Values).length === 0)) values[field.name] = value;
  }
  return values;
}

/** What is wrong, as the server would say it: by pointer. */
export function check(list: Field[], values: Values): Place[] {
  return list.flatMap((field) => {
    const value = values[field.name];
    const wrong = (detail: string): Place[] => [{ pointer: field.pointer, detail }];
    if (field.kind === "group") return check(field.fields, (value ?? {}) as Values);
    if (value === undefined || value === "" || value === null) return field.required ? wrong("must be filled in") : [];
    const { schema } = field;
    if (field.kind === "number" || field.kind === "bytes") {
      if (typeof value !== "number" || Number.isNaN(value)) return wrong(field.kind === "bytes" ? "is no size, such as 512 MiB" : "is no number");
      const shown = (limit: number) => (field.kind === "bytes" ? bytes(limit) : String(limit));
      if (schema.type === "integer" && !Number.isInteger(value)) return wrong("must be a whole number");
      if (schema.minimum !== undefined && value < schema.minimum) return wrong(`must be ${shown(schema.minimum)} at least`);
      if (schema.maximum !== undefined && value > schema.maximum) return wrong(`must be ${shown(schema.maximum)} at most`);
    }
    if (typeof value === "string") {
      if (schema.minLength !== undefined && value.length < schema.minLength) return wrong(`must have ${schema.minLength} letters at least`);
      if (schema.maxLength !== undefined && value.length > schema.maxLength) return wrong(`must have ${schema.maxLength} letters at most`);
      if (schema.pattern !== undefined && !fits(schema.pattern, value)) return wrong(`must fit ${schema.pattern}`);
    }
    return [];
  });
}

/** A pattern that this browser can't read is the server's to judge. */
function fits(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

/** What is wrong at a field itself, or below it. */
export const placesAt = (places: Place[], pointer: string): Place[] => places.filter((place) => place.pointer === pointer || place.pointer.startsWith(`${pointer}/`));

/** The text of a number field as its value. */
export function parseNumber(kind: Kind, said: string): number | undefined {
  if (said.trim() === "") return undefined;
  return kind === "bytes" ? (parseBytes(said) ?? Number.NaN) : Number(said);
}

type Param = components["schemas"]["Param"];

/** A schema of a template's, script's or plugin command's parameters. */
export function schemaOfParams(params: Record<string, Param>): Schema {
  const properties = Object.entries(params).map(([name, param]): [string, Schema] => {
    const kind = param.type ?? "text";
    const number = kind === "integer";
    const schema: Schema = { title: name, type: kind === "text" ? "string" : kind };
    if (param.description) schema.description = param.description;
    if (param.default !== undefined && param.default !== null) schema.default = param.default;
    if (param.choices?.length) schema.enum = param.choices;
    if (typeof param.min === "number") schema[number ? "minimum" : "minLength"] = param.min;
    if (typeof param.max === "number") schema[number ? "maximum" : "maxLength"] = param.max;
    if (param.pattern) schema.pattern = `^(?:${param.pattern})$`;
    return [name, schema];
  });
  const required = Object.entries(params).flatMap(([name, param]) => (param.default === undefined || param.default === null ? [name] : []));
  return { type: "object", properties: Object.fromEntries(properties), required };
}
