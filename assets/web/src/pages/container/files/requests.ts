/** What the files' tab asks of the server. */
import { queryOptions } from "@tanstack/react-query";
import { type Container, api, data } from "../../../lib/api";
import { type Entry, type Place, child } from "../../../lib/files";
import { type Moved, type Upload, fetchAndSave, query, read, save, upload } from "../../../lib/transfer";
import { readTar } from "../../../lib/tar";

/** Files that are read whole to be saved under their own name; larger ones come as an archive. */
const MOST_WHOLE = 256 * 1024 ** 2;

/** A place as a query. */
export const place = (at: Place) => ({ path: at.path, ...(at.path_base64 ? { path_base64: at.path_base64 } : {}) });

export const listing = (container: string, at: Place) =>
  queryOptions({
    queryKey: ["containers", container, "files", at.path_base64 ?? at.path],
    queryFn: () => data(api.GET("/api/v1/containers/{id}/files/list", { params: { path: { id: container }, query: place(at) } })),
    staleTime: 3_000,
  });

/** The address of an archive of what is there. */
export const archive = (container: string, at: Place): string => `/api/v1/containers/${container}/files${query({ ...place(at) })}`;

export const put = (container: string, at: Place, body: Blob, moved: (progress: Moved) => void = () => {}): Upload<{ bytes: number; sha256: string }> => upload("PUT", archive(container, at), body, moved);

/** Saves a file under its name, a directory as an archive. */
export async function downloadEntry(container: Container, directory: Place, entry: Entry, directly = false): Promise<void> {
  let at = child(directory, entry);
  if (entry.kind === "link" && entry.leads_to === "file") {
    const stat = await data(api.GET("/api/v1/containers/{id}/files/stat", { params: { path: { id: container.id }, query: place(at) } }));
    if (stat.target) at = { path: stat.target };
  }
  const file = !directly && (entry.kind === "file" || (entry.kind === "link" && entry.leads_to === "file"));
  if (!file || entry.size_bytes > MOST_WHOLE) {
    await fetchAndSave(archive(container.id, at), `${entry.name === "." ? container.name : entry.name}.tar`);
    return;
  }
  const found = readTar(await read(archive(container.id, at))).find((one) => one.kind === "file");
  if (!found) throw new Error("There is no file any more.");
  save(found.content, entry.name);
}
