/** Files of a container: places, what is dropped on the page, and whether bytes are text. No component here. */
import type { Schemas } from "./api";
import type { TarEntry } from "./tar";

export type Entry = Schemas["DirectoryEntry"];

/** A place in a container. `path_base64` holds the same as bytes, where they are no UTF-8. */
export interface Place {
  path: string;
  path_base64?: string;
}

const toBytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** What is in a directory, by its name. */
export function child(directory: Place, entry: Pick<Entry, "name" | "name_base64">): Place {
  const path = join(directory.path, entry.name);
  if (!entry.name_base64 && directory.path_base64 === undefined) return { path };
  const parent = directory.path_base64 === undefined ? new TextEncoder().encode(directory.path) : toBytes(directory.path_base64);
  const name = entry.name_base64 ? toBytes(entry.name_base64) : new TextEncoder().encode(entry.name);
  const slash = parent.at(-1) === 0x2f ? [] : [0x2f];
  return { path, path_base64: toBase64(Uint8Array.from([...parent, ...slash, ...name])) };
}

export const join = (directory: string, name: string): string => (name.startsWith("/") ? clean(name) : clean(`${directory}/${name}`));

/** An absolute path without `.`, `..` and doubled slashes. */
export function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

export const parent = (path: string): string => clean(path.slice(0, path.lastIndexOf("/") + 1));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A directory, or a link to one. */
export const isDirectory = (entry: Entry): boolean => entry.kind === "directory" || (entry.kind === "link" && entry.leads_to === "directory");

/** `rwxr-xr-x` */
export function modeText(mode: number): string {
  const letters = "rwxrwxrwx";
  const text = [...letters].map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-"));
  if (mode & 0o4000) text[2] = text[2] === "x" ? "s" : "S";
  if (mode & 0o2000) text[5] = text[5] === "x" ? "s" : "S";
  if (mode & 0o1000) text[8] = text[8] === "x" ? "t" : "T";
  return text.join("");
}

/** Directories first, then by name as people count. */
export const inOrder = (list: Entry[]): Entry[] => [...list].sort((a, b) => Number(isDirectory(b)) - Number(isDirectory(a)) || a.name.localeCompare(b.name, undefined, { numeric: true }));

/** The text of these bytes; none where they are no text. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, 8_192).includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const PICTURES: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp" };

/** A picture as an address that the page may show. */
export function pictureOf(name: string, bytes: Uint8Array): string | undefined {
  const media = PICTURES[name.split(".").at(-1)?.toLowerCase() ?? ""];
  return media && `data:${media};base64,${toBase64(bytes)}`;
}

export const languageOf = (name: string): "json" | "lua" | "text" => (/\.jsonc?$/i.test(name) ? "json" : /\.luau?$/i.test(name) ? "lua" : "text");

/** Files that were chosen, as entries of an archive; a chosen folder's have their paths. */
export function chosen(list: Iterable<File>): TarEntry[] {
  return withDirectories([...list].map((file) => ({ path: file.webkitRelativePath || file.name, kind: "file", content: file, modified: file.lastModified })));
}

/** Directories before what is in them: else they would have nobody's rights. */
export function withDirectories(files: TarEntry[]): TarEntry[] {
  const known = new Set(files.filter((file) => file.kind === "directory").map((file) => file.path));
  const made: TarEntry[] = [];
  for (const file of files) {
    for (let at = file.path.indexOf("/"); at > 0; at = file.path.indexOf("/", at + 1)) {
      const path = file.path.slice(0, at);
      if (known.has(path)) continue;
      known.add(path);
      made.push({ path, kind: "directory", ...(file.modified === undefined ? {} : { modified: file.modified }) });
    }
  }
  return [...made, ...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Most files of one drop. */
const MOST = 20_000;

/** What was dropped: files, and folders with all that is in them. To be called before the event is over. */
export async function dropped(transfer: DataTransfer): Promise<TarEntry[]> {
  const roots = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (roots.every((root) => root === null)) return chosen(plain);
  const found: TarEntry[] = [];
  const walk = async (entry: FileSystemEntry, path: string): Promise<void> => {
    if (found.length >= MOST) throw new Error(`more than ${MOST} files at once`);
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path, kind: "file", content: file, modified: file.lastModified });
      return;
    }
    found.push({ path, kind: "directory" });
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader gives its entries in portions, an empty one last.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await walk(one, `${path}/${one.name}`);
    }
  };
  for (const root of roots) if (root) await walk(root, root.name);
  return withDirectories(found);
}
