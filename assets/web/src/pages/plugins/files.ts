/** A plugin's folder as the API takes it. */

const MOST = { files: 1_000, bytes: 16 * 1024 * 1024 };

export interface Picked {
  /** Below the folder that was chosen. */
  path: string;
  bytes: Uint8Array;
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

/** Files by their path, without the folder's own name and what is hidden. */
export function packed(files: Picked[]): Record<string, string> {
  const shown = files.map((file) => ({ ...file, path: file.path.split("/").slice(1).join("/") })).filter((file) => file.path !== "" && !file.path.split("/").some((part) => part.startsWith(".")));
  if (shown.length === 0) throw new Error("there are no files in that folder");
  if (shown.length > MOST.files) throw new Error(`a plugin has at most ${MOST.files} files; this folder has ${shown.length}`);
  if (shown.reduce((sum, file) => sum + file.bytes.length, 0) > MOST.bytes) throw new Error("a plugin has at most 16 MiB");
  return Object.fromEntries(shown.map((file) => [file.path, toBase64(file.bytes)]));
}

export async function readFolder(list: FileList): Promise<Record<string, string>> {
  const files = [...list];
  if (files.length > MOST.files * 2) throw new Error(`a plugin has at most ${MOST.files} files; this folder has ${files.length}`);
  if (files.reduce((sum, file) => sum + file.size, 0) > MOST.bytes * 2) throw new Error("a plugin has at most 16 MiB");
  return packed(await Promise.all(files.map(async (file) => ({ path: file.webkitRelativePath || `/${file.name}`, bytes: new Uint8Array(await file.arrayBuffer()) }))));
}
