/** What a person should see before it is pasted into a program. */
export interface Paste {
  text: string;
  lines: number;
  /** Control characters other than tabs and line ends: an escape can do what the eye does not see. */
  controls: number;
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

export function inspect(text: string): Paste {
  const trimmed = text.replace(/\r\n?/g, "\n");
  return { text: trimmed, lines: trimmed.split("\n").length, controls: (text.match(CONTROLS) ?? []).length };
}

/** Whether it is asked about first: more than one line, or what the eye does not see. */
export const guarded = (paste: Paste): boolean => paste.lines > 1 || paste.controls > 0;

/** The text with its control characters to be seen. */
export const visible = (text: string): string => text.replace(CONTROLS, (char) => (char.charCodeAt(0) < 0x20 ? String.fromCharCode(0x2400 + char.charCodeAt(0)) : char === "\u007f" ? "\u2421" : "\ufffd"));

/** Without them. */
export const cleaned = (text: string): string => text.replace(CONTROLS, "");
