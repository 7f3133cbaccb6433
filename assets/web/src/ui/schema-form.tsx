/** A form made from a JSON Schema (`lib/schema.ts` reads it). The server's complaints are shown at their fields. */
import { type ReactNode, useMemo, useState } from "react";
import { bytes } from "../lib/format";
import type { Place } from "../lib/problem";
import { type Field as SchemaField, type Schema, type Values, fields, grouped, parseNumber, placesAt } from "../lib/schema";
import { Field, Input, Secret, Select, Switch, TextArea } from "./field";

export interface SchemaFormProps {
  schema: Schema;
  value: Values;
  onChange: (value: Values) => void;
  /** What is wrong: from `check` of lib/schema, or a problem's `errors`. */
  places?: Place[];
  /** Part of the pointers of `places` before the form's root, such as `/params`. */
  root?: string;
}

export function SchemaForm({ schema, value, onChange, places = [], root = "" }: SchemaFormProps) {
  const list = useMemo(() => fields(schema), [schema]);
  const own = useMemo(() => places.map((place) => (root && place.pointer.startsWith(root) ? { ...place, pointer: place.pointer.slice(root.length) } : place)), [places, root]);
  const homeless = own.filter((place) => !list.some((field) => placesAt([place], field.pointer).length > 0));
  return (
    <div className="form">
      {homeless.map((place, at) => (
        <p key={at} className="field-error" role="alert">
          ✖ {place.pointer && <code>{place.pointer}</code>} {place.detail}
        </p>
      ))}
      <Fields list={list} value={value} onChange={onChange} places={own} />
    </div>
  );
}

interface FieldsProps {
  list: SchemaField[];
  value: Values;
  onChange: (value: Values) => void;
  places: Place[];
}

function Fields({ list, value, onChange, places }: FieldsProps) {
  const put = (name: string, wish: unknown) => {
    const { [name]: _, ...rest } = value;
    onChange(wish === undefined ? rest : { ...rest, [name]: wish });
  };
  return grouped(list).map(({ group, fields }) => {
    const inside = fields.map((field) => <One key={field.pointer} field={field} value={value[field.name]} onChange={(wish) => put(field.name, wish)} places={places} />);
    return group ? (
      <Group key={group} title={group} open={fields.some((field) => field.required || placesAt(places, field.pointer).length > 0)}>
        {inside}
      </Group>
    ) : (
      <div key="" className="form-group">
        {inside}
      </div>
    );
  });
}

function Group({ title, help, open, children }: { title: string; help?: string | undefined; open: boolean; children: ReactNode }) {
  const [wish, setWish] = useState<boolean | null>(null);
  return (
    <details className="form-fold" open={wish ?? open} onToggle={(event) => setWish(event.currentTarget.open)}>
      <summary>{title}</summary>
      {help && <p className="help">{help}</p>}
      <div className="form-group">{children}</div>
    </details>
  );
}

function One({ field, value, onChange, places }: { field: SchemaField; value: unknown; onChange: (value: unknown) => void; places: Place[] }) {
  const wrong = placesAt(places, field.pointer);
  if (field.kind === "group") {
    return (
      <Group title={field.label} help={field.help} open={field.required || wrong.length > 0 || value !== undefined}>
        <Fields list={field.fields} value={(value ?? {}) as Values} onChange={onChange} places={places} />
      </Group>
    );
  }
  const error = wrong.map((place) => place.detail).join("; ") || undefined;
  if (field.kind === "switch") {
    return (
      <Field label="" help={field.help} error={error}>
        {(attributes) => (
          <Switch {...attributes} required={false} checked={(value ?? field.usual) === true} onChange={onChange}>
            {field.label}
          </Switch>
        )}
      </Field>
    );
  }
  return (
    <Field label={field.label} help={field.help} error={error} required={field.required}>
      {(attributes) => <Value field={field} value={value} onChange={onChange} attributes={attributes} />}
    </Field>
  );
}

type Attributes = Parameters<Parameters<typeof Field>[0]["children"]>[0];

function Value({ field, value, onChange, attributes }: { field: SchemaField; value: unknown; onChange: (value: unknown) => void; attributes: Attributes }) {
  const text = (said: unknown) => (said === undefined || said === null ? "" : String(said));
  const usual = field.usual === undefined ? undefined : field.kind === "bytes" ? bytes(Number(field.usual)) : text(field.usual);
  const shared = { ...attributes, ...(usual === undefined ? {} : { placeholder: usual }) };
  switch (field.kind) {
    case "choice": {
      const options = field.choices.map((choice, at) => ({ value: String(at), label: choice.label }));
      const at = field.choices.findIndex((choice) => choice.value === (value ?? field.usual));
      return <Select {...attributes} value={at < 0 ? "" : String(at)} onChange={(said) => onChange(said === "" ? undefined : field.choices[Number(said)]?.value)} options={at < 0 || !field.required ? [{ value: "", label: field.required ? "choose…" : "–" }, ...options] : options} />;
    }
    case "secret":
      return <Secret {...shared} value={text(value)} onChange={(said) => onChange(said || undefined)} autoComplete="new-password" />;
    case "lines":
      return <TextArea {...shared} value={text(value)} onChange={(said) => onChange(said || undefined)} />;
    case "number":
    case "bytes":
      return <NumberInput {...{ field, value, onChange }} attributes={shared} />;
    case "list":
      return <Parsed attributes={shared} value={value} onChange={onChange} help="one a line" write={(list) => (Array.isArray(list) ? list.join("\n") : "")} read={(said) => said.split("\n").filter((line) => line.trim() !== "")} />;
    case "map":
      return <Parsed attributes={shared} value={value} onChange={onChange} help="NAME=VALUE, one a line" write={(map) => Object.entries((map ?? {}) as Record<string, string>).map(([name, one]) => `${name}=${one}`).join("\n")} read={readMap} />;
    case "json":
      return <Parsed attributes={shared} value={value} onChange={onChange} help="JSON" write={(one) => (one === undefined ? "" : JSON.stringify(one, null, 2))} read={(said) => JSON.parse(said) as unknown} />;
    default:
      return <Input {...shared} value={text(value)} onChange={(said) => onChange(said === "" ? undefined : said)} />;
  }
}

function readMap(said: string): Record<string, string> {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`"${line}" is not NAME=VALUE`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

/** Keeps what is typed as it is typed; the number goes out. */
function NumberInput({ field, value, onChange, attributes }: { field: SchemaField; value: unknown; onChange: (value: unknown) => void; attributes: Attributes & { placeholder?: string } }) {
  const write = (one: unknown) => (typeof one !== "number" || Number.isNaN(one) ? "" : field.kind === "bytes" ? bytes(one) : String(one));
  const [said, setSaid] = useState(() => write(value));
  const [sent, setSent] = useState(value);
  if (!Object.is(sent, value)) {
    setSent(value);
    setSaid(write(value));
  }
  const change = (typed: string) => {
    const number = parseNumber(field.kind, typed);
    setSaid(typed);
    setSent(number);
    onChange(number);
  };
  return <Input {...attributes} className="mono" inputMode={field.kind === "bytes" ? "text" : "decimal"} unit={field.unit} value={said} onChange={change} />;
}

/** A text that stands for a list, a map or JSON; what can't be read is said and not sent. */
function Parsed({ attributes, value, onChange, write, read, help }: { attributes: Attributes & { placeholder?: string }; value: unknown; onChange: (value: unknown) => void; write: (value: unknown) => string; read: (said: string) => unknown; help: string }) {
  const [said, setSaid] = useState(() => write(value));
  const [wrong, setWrong] = useState<string | null>(null);
  const change = (typed: string) => {
    setSaid(typed);
    try {
      onChange(typed.trim() === "" ? undefined : read(typed));
      setWrong(null);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <TextArea {...attributes} rows={3} value={said} onChange={change} aria-invalid={wrong ? true : attributes["aria-invalid"]} />
      <span className={wrong ? "field-error" : "help"}>{wrong ? `✖ ${wrong}` : help}</span>
    </>
  );
}
