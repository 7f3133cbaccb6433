/** Fields of forms: label, help, what is wrong; and the inputs. */
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { Eye, EyeOff } from "lucide-react";
import { Button } from "./button";

export interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  /** What is wrong there. */
  error?: string | undefined;
  required?: boolean;
  /** Draws the input with these attributes. */
  children: (attributes: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined; required: boolean | undefined }) => ReactNode;
}

export function Field({ label, help, error, required, children }: FieldProps) {
  const id = useId();
  const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className={error ? "field wrong" : "field"}>
      <label htmlFor={id}>
        {label}
        {required && (
          <span className="required" title="must be filled in" aria-hidden="true">
            {" "}
            *
          </span>
        )}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined, required: required || undefined })}
      {help && (
        <p id={`${id}-help`} className="help">
          {help}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          ✖ {error}
        </p>
      )}
    </div>
  );
}

type InputProps = Omit<ComponentProps<"input">, "onChange" | "value"> & { value: string; onChange: (value: string) => void; unit?: string | undefined };

export function Input({ value, onChange, unit, className, ...rest }: InputProps) {
  const input = <input autoComplete="off" spellCheck={false} {...rest} className={`input ${className ?? ""}`} value={value} onChange={(event) => onChange(event.target.value)} />;
  return unit ? (
    <span className="with-unit">
      {input}
      <span className="unit">{unit}</span>
    </span>
  ) : (
    input
  );
}

/** A secret: hidden, shown on demand. */
export function Secret({ value, onChange, ...rest }: InputProps) {
  const [shown, setShown] = useState(false);
  return (
    <span className="with-unit">
      <Input {...rest} value={value} onChange={onChange} type={shown ? "text" : "password"} autoCapitalize="off" />
      <Button kind="quiet" label={shown ? "Hide" : "Show"} icon={shown ? <EyeOff size={16} /> : <Eye size={16} />} onClick={() => setShown(!shown)} />
    </span>
  );
}

type TextAreaProps = Omit<ComponentProps<"textarea">, "onChange" | "value"> & { value: string; onChange: (value: string) => void };

export const TextArea = ({ value, onChange, className, ...rest }: TextAreaProps) => (
  <textarea rows={4} spellCheck={false} {...rest} className={`input mono ${className ?? ""}`} value={value} onChange={(event) => onChange(event.target.value)} />
);

type SelectProps = Omit<ComponentProps<"select">, "onChange" | "value"> & { value: string; onChange: (value: string) => void; options: { value: string; label: string }[] };

/** The browser's own choice: right on phones, and with every keyboard. */
export const Select = ({ value, onChange, options, className, ...rest }: SelectProps) => (
  <select {...rest} className={`input ${className ?? ""}`} value={value} onChange={(event) => onChange(event.target.value)}>
    {options.map((option) => (
      <option key={option.value} value={option.value}>
        {option.label}
      </option>
    ))}
  </select>
);

export function Switch({ checked, onChange, children, ...rest }: Omit<ComponentProps<"input">, "onChange" | "checked"> & { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="switch">
      <input {...rest} type="checkbox" role="switch" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span aria-hidden="true" className="switch-track" />
      {children}
    </label>
  );
}

/** One of a few, side by side. */
export function Choice<T extends string>({ value, onChange, options, label }: { value: T; onChange: (value: T) => void; options: { value: T; label: string; icon?: ReactNode }[]; label: string }) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} aria-label={option.label} title={option.label} onClick={() => onChange(option.value)}>
          {option.icon ?? option.label}
        </button>
      ))}
    </div>
  );
}
