/**
 * Archives, as uploads and downloads of files are: ustar, with pax headers for what does not fit there.
 *
 * What is written is a `Blob` of parts, so that files on the disk are not read into memory before they are sent.
 */
const BLOCK = 512;
/** Eleven octal digits. */
const MOST_OCTAL = 0o77777777777;
const encoder = new TextEncoder();

export interface TarEntry {
  /** Path in the archive, with slashes. A directory's has none at its end. */
  path: string;
  kind: "file" | "directory";
  /** A file's content. */
  content?: Blob | Uint8Array<ArrayBuffer>;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Milliseconds of the epoch. */
  modified?: number;
}

export interface TarFile {
  path: string;
  kind: "file" | "directory" | "link" | "other";
  /** A file's content. */
  content: Uint8Array<ArrayBuffer>;
  mode: number;
  uid: number;
  gid: number;
  /** Where a link leads. */
  target: string;
}

const ascii = (text: string) => /^[\x20-\x7e]*$/.test(text);

/** Name and prefix as ustar has them; none where they do not fit. */
function split(path: string): [name: string, prefix: string] | undefined {
  if (!ascii(path)) return undefined;
  if (path.length <= 100) return [path, ""];
  for (let at = path.indexOf("/"); at > 0 && at <= 155; at = path.indexOf("/", at + 1)) if (path.length - at - 1 <= 100 && at < path.length - 1) return [path.slice(at + 1), path.slice(0, at)];
  return undefined;
}

function header(name: string, prefix: string, type: string, size: number, { mode, uid = 0, gid = 0, modified = 0 }: Partial<TarEntry>): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  const octal = (at: number, length: number, value: number) => put(at, `${Math.max(0, Math.floor(value)).toString(8).padStart(length - 1, "0").slice(-(length - 1))}\0`);
  put(0, name);
  octal(100, 8, (mode ?? (type === "5" ? 0o755 : 0o644)) & 0o7777);
  octal(108, 8, uid);
  octal(116, 8, gid);
  octal(124, 12, Math.min(size, MOST_OCTAL));
  octal(136, 12, modified / 1000);
  put(148, "        ");
  put(156, type);
  put(257, "ustar\x0000");
  put(345, prefix);
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

const padding = (size: number) => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** A line of a pax header: its length counts its own digits too. */
function record(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (rest.length + String(length).length !== length) length = rest.length + String(length).length;
  const line = new Uint8Array(length);
  line.set(encoder.encode(String(length)));
  line.set(rest, length - rest.length);
  return line;
}

/** The archive of these. */
export function makeTar(entries: TarEntry[]): Blob {
  const parts: BlobPart[] = [];
  for (const entry of entries) {
    const directory = entry.kind === "directory";
    const path = directory ? `${entry.path}/` : entry.path;
    const size = entry.content instanceof Uint8Array ? entry.content.length : (entry.content?.size ?? 0);
    const fit = split(path);
    const pax = [...(fit ? [] : [record("path", path)]), ...(size > MOST_OCTAL ? [record("size", String(size))] : []), ...((entry.uid ?? 0) > 0o7777777 ? [record("uid", String(entry.uid))] : []), ...((entry.gid ?? 0) > 0o7777777 ? [record("gid", String(entry.gid))] : [])];
    if (pax.length > 0) {
      const length = pax.reduce((all, line) => all + line.length, 0);
      parts.push(header("pax", "", "x", length, {}), ...pax, padding(length));
    }
    const [name, prefix] = fit ?? ["long", ""];
    parts.push(header(name, prefix, directory ? "5" : "0", size, entry));
    if (entry.content && !directory) parts.push(entry.content, padding(size));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts, { type: "application/x-tar" });
}

function paxValues(bytes: Uint8Array): Record<string, string> {
  const values: Record<string, string> = {};
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? 0 : Number(decoder.decode(bytes.subarray(at, space)));
    if (!Number.isInteger(length) || length <= 0 || at + length > bytes.length) break;
    const line = decoder.decode(bytes.subarray(space + 1, at + length - 1));
    const equal = line.indexOf("=");
    if (equal > 0) values[line.slice(0, equal)] = line.slice(equal + 1);
    at += length;
  }
  return values;
}

const KINDS: Record<string, TarFile["kind"]> = { "0": "file", "\0": "file", "7": "file", "5": "directory", "2": "link" };

/** What is in an archive. What is cut off, or no archive, is left out. */
export function readTar(bytes: Uint8Array<ArrayBuffer>): TarFile[] {
  const decoder = new TextDecoder();
  const files: TarFile[] = [];
  let pax: Record<string, string> = {};
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const block = bytes.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const text = (from: number, length: number) => decoder.decode(block.subarray(from, from + length)).split("\0")[0] ?? "";
    const number = (from: number, length: number) => {
      // Beyond octal: the first bit, then the number itself.
      if (((block[from] ?? 0) & 0x80) !== 0) return block.subarray(from + 1, from + length).reduce((all, byte) => all * 256 + byte, 0);
      return Number.parseInt(text(from, length).trim() || "0", 8) || 0;
    };
    // A header's sum, with its own field taken as blanks: what has another is no header.
    const sum = block.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 0x20 : byte), 0);
    if (number(148, 8) !== sum) break;
    const size = pax["size"] === undefined ? number(124, 12) : Number(pax["size"]);
    const type = String.fromCharCode(block[156] ?? 0);
    const from = at + BLOCK;
    if (!Number.isFinite(size) || size < 0 || from + size > bytes.length) break;
    const content = bytes.slice(from, from + size);
    at = from + Math.ceil(size / BLOCK) * BLOCK;
    if (type === "x" || type === "g") {
      if (type === "x") pax = paxValues(content);
      continue;
    }
    if (type === "L") {
      longName = decoder.decode(content).split("\0")[0];
      continue;
    }
    const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
    const path = pax["path"] ?? longName ?? [prefix, text(0, 100)].filter(Boolean).join("/");
    files.push({ path: path.replace(/\/+$/, ""), kind: KINDS[type] ?? "other", content, mode: number(100, 8), uid: Number(pax["uid"] ?? number(108, 8)), gid: Number(pax["gid"] ?? number(116, 8)), target: pax["linkpath"] ?? text(157, 100) });
    pax = {};
    longName = undefined;
  }
  return files;
}
