/** Keys of a phone's bar that hold for the next letter. */
export interface Sticky {
  ctrl: boolean;
  alt: boolean;
}

/** Control and Alt with a letter, as terminals send them. */
export function modified(text: string, { ctrl, alt }: Sticky): string {
  let out = text;
  if (ctrl && text.length === 1) {
    const code = text.toUpperCase().charCodeAt(0);
    if (code >= 0x40 && code <= 0x5f) out = String.fromCharCode(code - 0x40);
    else if (text === " ") out = "\0";
  }
  return alt ? `\u001b${out}` : out;
}
